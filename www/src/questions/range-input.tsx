// Days from one to another, and the time zone that they are in.

import { Select } from "@mantine/core";
import { DatePickerInput } from "@mantine/dates";
import { useState } from "react";

import { useServerTimeZone, useSpan } from "../api/known";
import type { Range } from "../api/types";
import { daysLater, rangeUpTo, today } from "../state/days";
import type { Problems } from "./problems";
import classes from "./range-input.module.css";

interface Props {
  range: Range;
  onRange(range: Range): void;
  /** The server's where there is none. */
  timeZone: string | undefined;
  onTimeZone(timeZone: string | undefined): void;
  problems: Problems;
}

const PRESET_DAYS = [7, 30, 90, 365];
const ZONES = Intl.supportedValuesOf("timeZone");

export function RangeInput({ range, onRange, timeZone, onTimeZone, problems }: Props) {
  const ofServer = useServerTimeZone();
  const { data: span } = useSpan();
  // While the second day is not chosen yet.
  const [first, setFirst] = useState<string | null>(null);
  const now = today(ofServer);
  const presets = PRESET_DAYS.map((days) => ({ label: `Last ${days} days`, range: rangeUpTo(now, days) }));
  if (span) {
    presets.push({ label: "All events", range: span });
  }
  return (
    <>
      <DatePickerInput
        type="range"
        label="From and to"
        value={first === null ? [range.start, daysLater(range.end, -1)] : [first, null]}
        onChange={([start, last]) => {
          setFirst(last === null ? start : null);
          if (start !== null && last !== null) {
            onRange({ start, end: daysLater(last, 1) });
          }
        }}
        onDropdownClose={() => setFirst(null)}
        presets={presets.map((preset) => ({
          label: preset.label,
          value: [preset.range.start, daysLater(preset.range.end, -1)] as [string, string],
        }))}
        allowSingleDateInRange
        classNames={{ datePickerRoot: classes.calendar, presetsList: classes.presets }}
        error={problems("/range")}
      />
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
