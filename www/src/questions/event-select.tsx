// An event type, found by typing, among those that the server has.

import { Group, Select, Text } from "@mantine/core";

import { useEventTypes } from "../api/known";
import { formatCount } from "../format/numbers";

interface Props {
  label: string;
  /** "" when none is chosen. */
  value: string;
  onChange(value: string): void;
  error?: string | undefined;
  /** Where the label would only repeat what stands beside it, it is for screen readers alone. */
  hideLabel?: boolean;
  placeholder?: string;
}

export function EventSelect({ label, value, onChange, error, hideLabel, placeholder = "Choose an event" }: Props) {
  const { data = [], isLoading } = useEventTypes();
  const counts = new Map(data.map(({ name, events }) => [name, events]));
  // A link may name a type that the server does not have, or not any more.
  const names = value === "" || counts.has(value) ? [...counts.keys()] : [value, ...counts.keys()];
  return (
    <Select
      {...(hideLabel ? { "aria-label": label } : { label })}
      data={names}
      value={value === "" ? null : value}
      onChange={(next) => onChange(next ?? "")}
      error={error}
      placeholder={placeholder}
      nothingFoundMessage={isLoading ? "Loading" : "No such event"}
      limit={200}
      searchable
      selectFirstOptionOnChange
      allowDeselect={false}
      renderOption={({ option }) => (
        <Group justify="space-between" gap="xs" flex={1} wrap="nowrap">
          <Text size="sm" truncate>
            {option.value}
          </Text>
          <Text size="xs" c="dimmed">
            {counts.has(option.value) ? formatCount(counts.get(option.value)!) : "unknown"}
          </Text>
        </Group>
      )}
    />
  );
}
