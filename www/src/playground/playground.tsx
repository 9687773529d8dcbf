// The playground: a file is chosen and its columns are named, then the dashboard is about it.

import { Button, Group, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { formatCount, plural } from "../format/numbers";
import { bytes } from "../screens/status/metrics";
import { useLoaded, type Loaded } from "./data";
import { Loading } from "./loading";
import css from "./playground.module.css";

/** Around the dashboard, `children`, which is there when there is something to ask about. */
export default function Playground({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  // What was answered about other events is forgotten before anything is asked about these.
  const loaded = useLoaded(() => client.clear());
  /** Of which data another file is being chosen. */
  const [left, setLeft] = useState<Loaded | null>(null);
  const back = () => setLeft(null);
  if (loaded === null || loaded === left) {
    return <Loading onBack={loaded === null ? undefined : back} />;
  }
  return (
    <>
      <Source loaded={loaded} onLeave={() => setLeft(loaded)} />
      {children}
    </>
  );
}

/** What is looked at, and that it stays here. */
function Source({ loaded: { name, summary }, onLeave }: { loaded: Loaded; onLeave(): void }) {
  return (
    <aside className={css.source} aria-label="Playground">
      <Group gap="sm" justify="space-between">
        <div>
          <Text size="sm" className={css.name}>
            <b>{name}</b>: {plural(summary.events, "event")} of {plural(summary.users, "user")}, in{" "}
            {bytes(summary.memory_bytes)} of memory
          </Text>
          <Text size="sm" c="dimmed">
            Nothing leaves this browser.
          </Text>
        </div>
        <Button size="xs" variant="default" onClick={onLeave}>
          Load another file
        </Button>
      </Group>
      {summary.bad_rows > 0 && (
        <details className={css.bad}>
          <summary>{plural(summary.bad_rows, "row")} of the file could not be read as events</summary>
          <ul>
            {summary.bad.map(({ line, message }) => (
              <li key={line}>
                Line {formatCount(line)}: {message}
              </li>
            ))}
            {summary.bad_rows > summary.bad.length && (
              <li>and {formatCount(summary.bad_rows - summary.bad.length)} more</li>
            )}
          </ul>
        </details>
      )}
      {summary.repeated > 0 && (
        <Text size="sm">{plural(summary.repeated, "row")} left out, whose insert id came before</Text>
      )}
    </aside>
  );
}
