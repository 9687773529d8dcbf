// Which events are counted: those of one type or of any, with filters.

import { Checkbox, Input, Stack } from "@mantine/core";

import type { CountedEvents } from "../api/types";
import { fromCounted, toCounted, type Counted } from "../state/counted";
import { EventSelect } from "./event-select";
import { FilterRows } from "./filter-rows";
import type { Problems } from "./problems";

interface Props {
  label: string;
  counted: CountedEvents;
  onChange(counted: CountedEvents): void;
  problems: Problems;
  /** The JSON pointer of it in the question. */
  pointer: string;
}

export function CountedInput({ label, counted, onChange, problems, pointer }: Props) {
  const { event, filters } = toCounted(counted);
  const change = (next: Partial<Counted>) => onChange(fromCounted({ event, filters, ...next }));
  return (
    <Stack gap={6} role="group" aria-label={label}>
      <Input.Label labelElement="div">{label}</Input.Label>
      {event !== null && (
        <EventSelect
          label={label}
          hideLabel
          value={event}
          // Another type has other properties.
          onChange={(name) => onChange(fromCounted({ event: name, filters: [] }))}
          error={problems(`${pointer}/event`)}
        />
      )}
      <Checkbox
        size="xs"
        label="Any event"
        aria-label={`${label}: any event`}
        checked={event === null}
        onChange={({ currentTarget }) => onChange(currentTarget.checked ? "any" : { event: "", filters: [] })}
      />
      {event !== "" && (event !== null || filters.length > 0) && (
        <FilterRows
          of={{ event: event ?? "" }}
          filters={filters}
          onChange={(next) => change({ filters: next })}
          problems={problems}
          pointer={`${pointer}/filters`}
        />
      )}
    </Stack>
  );
}
