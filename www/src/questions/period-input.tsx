// The periods in which events are counted: so many hours, days, weeks or months.

import { Group, Input, NumberInput, Select } from "@mantine/core";

import type { Period } from "../api/types";
import { PERIODS, WEEK_STARTS, type WeekStart } from "../state/periods";
import type { Problems } from "./problems";

interface Props {
  label: string;
  period: Period;
  every: number;
  weekStart: WeekStart;
  onChange(change: { period?: Period; every?: number; week_start?: WeekStart }): void;
  problems: Problems;
  /** The field of the question that holds the period. */
  pointer: string;
}

const PERIOD_NAMES: Record<Period, string> = { hour: "hours", day: "days", week: "weeks", month: "months" };
const WEEK_START_NAMES: Record<WeekStart, string> = { monday: "Monday", sunday: "Sunday", saturday: "Saturday" };

export function PeriodInput({ label, period, every, weekStart, onChange, problems, pointer }: Props) {
  return (
    <>
      <Input.Wrapper label={label} labelElement="div" error={problems(pointer) ?? problems("/every")}>
        <Group gap="xs" grow wrap="nowrap">
          <NumberInput
            aria-label={`${label}: how many`}
            value={every}
            onChange={(next) => typeof next === "number" && next >= 1 && onChange({ every: next })}
            min={1}
            max={10_000}
            allowDecimal={false}
            allowNegative={false}
          />
          <Select
            aria-label={`${label}: of what`}
            data={PERIODS.map((value) => ({ value, label: PERIOD_NAMES[value] }))}
            value={period}
            onChange={(next) => next !== null && onChange({ period: next as Period })}
            allowDeselect={false}
          />
        </Group>
      </Input.Wrapper>
      {period === "week" && (
        <Select
          label="Weeks begin on"
          data={WEEK_STARTS.map((value) => ({ value, label: WEEK_START_NAMES[value] }))}
          value={weekStart}
          onChange={(next) => next !== null && onChange({ week_start: next as WeekStart })}
          allowDeselect={false}
          error={problems("/week_start")}
        />
      )}
    </>
  );
}
