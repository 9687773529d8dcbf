// The calendar of a range. It is a file of its own, for it is large and seldom opened.

import { DatePicker } from "@mantine/dates";
import "@mantine/dates/styles.css";
import { useState } from "react";

import type { Range } from "../api/types";
import { daysLater } from "../state/days";

/** What its arrows do, for those who do not see them. */
const LABELS = {
  previousMonth: "Previous month",
  nextMonth: "Next month",
  previousYear: "Previous year",
  nextYear: "Next year",
  previousDecade: "Previous decade",
  nextDecade: "Next decade",
};

interface Props {
  range: Range;
  onRange(range: Range): void;
}

export default function RangeCalendar({ range, onRange }: Props) {
  // While the second day is not chosen yet.
  const [first, setFirst] = useState<string | null>(null);
  return (
    <DatePicker
      type="range"
      value={first === null ? [range.start, daysLater(range.end, -1)] : [first, null]}
      defaultDate={range.start}
      onChange={([start, last]) => {
        setFirst(last === null ? start : null);
        if (start !== null && last !== null) {
          onRange({ start, end: daysLater(last, 1) });
        }
      }}
      ariaLabels={LABELS}
      // Days of a range at a weekend would be red on blue, which is hard to read.
      weekendDays={[]}
      allowSingleDateInRange
    />
  );
}
