// Days from one to another: ranges to choose at once, and a calendar, which is loaded when it is first looked for.

import { InputBase, Popover, UnstyledButton } from "@mantine/core";
import { lazy, Suspense, useState } from "react";

import { useServerTimeZone, useSpan } from "../api/known";
import type { Range } from "../api/types";
import { Loading } from "../app/notices";
import { formatRange } from "../format/dates";
import { rangeUpTo, today } from "../state/days";
import classes from "./range-picker.module.css";

const loadCalendar = () => import("./range-calendar");
const RangeCalendar = lazy(loadCalendar);

const PRESET_DAYS = [7, 30, 90, 365];

interface Props {
  range: Range;
  onRange(range: Range): void;
  error: string | undefined;
}

export function RangePicker({ range, onRange, error }: Props) {
  const [opened, setOpened] = useState(false);
  const choose = (next: Range) => {
    onRange(next);
    setOpened(false);
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <InputBase
          component="button"
          type="button"
          pointer
          label="From and to"
          error={error}
          onClick={() => setOpened(!opened)}
          // So that it is there when the key or the button is pressed.
          onFocus={() => void loadCalendar()}
          onPointerEnter={() => void loadCalendar()}
        >
          {formatRange(range)}
        </InputBase>
      </Popover.Target>
      <Popover.Dropdown className={classes.dropdown} aria-label="From and to">
        <Presets onRange={choose} />
        <div className={classes.calendar}>
          <Suspense fallback={<Loading what="Loading the calendar" />}>
            <RangeCalendar range={range} onRange={choose} />
          </Suspense>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function Presets({ onRange }: { onRange(range: Range): void }) {
  const now = today(useServerTimeZone());
  const { data: span } = useSpan();
  const presets = PRESET_DAYS.map((days) => ({ label: `Last ${days} days`, range: rangeUpTo(now, days) }));
  if (span) {
    presets.push({ label: "All events", range: span });
  }
  return (
    <div className={classes.presets}>
      {presets.map(({ label, range }, index) => (
        <UnstyledButton
          key={label}
          className={classes.preset}
          onClick={() => onRange(range)}
          // Also where the calendar, a day of which asks for the focus, is there already.
          data-autofocus={index === 0 || undefined}
        >
          {label}
        </UnstyledButton>
      ))}
    </div>
  );
}
