// Properties as names and values, all of them text.

import { Text } from "@mantine/core";

import css from "./users.module.css";

export function Properties({ properties }: { properties: Record<string, string> }) {
  const entries = Object.entries(properties);
  if (entries.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        No properties
      </Text>
    );
  }
  return (
    <dl className={css["properties"]}>
      {entries.map(([key, value]) => (
        <div key={key}>
          <dt>{key}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
