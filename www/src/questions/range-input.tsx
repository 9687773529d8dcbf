// Days from one to another, and the time zone that they are in.

import { Select } from "@mantine/core";

import { useServerTimeZone } from "../api/known";
import type { Range } from "../api/types";
import type { Problems } from "./problems";
import { RangePicker } from "./range-picker";

interface Props {
  range: Range;
  onRange(range: Range): void;
  /** The server's where there is none. */
  timeZone: string | undefined;
  onTimeZone(timeZone: string | undefined): void;
  problems: Problems;
}

const ZONES = Intl.supportedValuesOf("timeZone");

export function RangeInput({ range, onRange, timeZone, onTimeZone, problems }: Props) {
  const ofServer = useServerTimeZone();
  return (
    <>
      <RangePicker range={range} onRange={onRange} error={problems("/range")} />
      <Select
        label="Time zone"
        data={[...new Set(["UTC", ofServer, ...(timeZone === undefined ? [] : [timeZone]), ...ZONES])]}
        value={timeZone ?? ofServer}
        onChange={(next) => onTimeZone(next === null || next === ofServer ? undefined : next)}
        searchable
        allowDeselect={false}
        selectFirstOptionOnChange
        limit={50}
        error={problems("/time_zone")}
      />
    </>
  );
}
