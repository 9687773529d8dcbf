// The question of trends.

import { Input, NumberInput, Select, Stack } from "@mantine/core";

import { BreakdownInput } from "../../questions/breakdown-input";
import { CountedInput } from "../../questions/counted-input";
import { FilterRows } from "../../questions/filter-rows";
import { PeriodInput } from "../../questions/period-input";
import type { Problems } from "../../questions/problems";
import { PropertySelect } from "../../questions/property-select";
import { RangeInput } from "../../questions/range-input";
import { toCounted } from "../../state/counted";
import { withOptional } from "../../state/optional";
import { isOfProperty, measuredBy, type Measured, type Trends } from "../../state/trends";

interface Props {
  question: Trends;
  onChange(question: Trends): void;
  problems: Problems;
}

const MEASURES: { value: Measured["function"]; label: string }[] = [
  { value: "users", label: "Users" },
  { value: "events", label: "Events" },
  { value: "sum", label: "Sum of" },
  { value: "average", label: "Average of" },
  { value: "min", label: "Lowest" },
  { value: "max", label: "Highest" },
  { value: "median", label: "Median of" },
  { value: "percentile", label: "Percentile of" },
];

export function TrendsForm({ question, onChange, problems }: Props) {
  const change = (changes: Partial<Trends>) => onChange({ ...question, ...changes });
  const event = toCounted(question.event).event ?? "";
  return (
    <Stack gap="md">
      <CountedInput
        label="Event"
        counted={question.event}
        onChange={(next) => change({ event: next })}
        problems={problems}
        pointer="/event"
      />
      <MeasureInput
        measure={question.measure}
        onChange={(measure) => change({ measure })}
        event={event}
        problems={problems}
      />
      <RangeInput
        range={question.range}
        onRange={(range) => change({ range })}
        timeZone={question.time_zone}
        onTimeZone={(zone) => onChange(withOptional(question, "time_zone", zone))}
        problems={problems}
      />
      <PeriodInput
        label="A point every"
        period={question.interval}
        every={question.every}
        weekStart={question.week_start}
        onChange={({ period, ...rest }) => change({ ...rest, ...(period && { interval: period }) })}
        problems={problems}
        pointer="/interval"
      />
      <BreakdownInput
        breakdown={question.breakdown}
        onChange={(breakdown) => onChange(withOptional(question, "breakdown", breakdown))}
        event={event}
        problems={problems}
      />
      <div>
        <Input.Label labelElement="div">Users</Input.Label>
        <FilterRows
          of="user"
          filters={question.user_filters}
          onChange={(user_filters) => change({ user_filters })}
          problems={problems}
          pointer="/user_filters"
          addLabel="Add filter of users"
        />
      </div>
    </Stack>
  );
}

interface MeasureProps {
  measure: Measured;
  onChange(measure: Measured): void;
  /** The event type whose properties are offered. */
  event: string;
  problems: Problems;
}

function MeasureInput({ measure, onChange, event, problems }: MeasureProps) {
  return (
    <>
      <Select
        label="Measure"
        data={MEASURES}
        value={measure.function}
        onChange={(next) => next !== null && onChange(measuredBy(next as Measured["function"], measure))}
        allowDeselect={false}
        error={problems("/measure")}
      />
      {isOfProperty(measure.function) && (
        <PropertySelect
          label="Property measured"
          of={{ event }}
          value={measure.property ?? ""}
          onChange={(property) => onChange({ ...measure, property })}
        />
      )}
      {measure.function === "percentile" && (
        <NumberInput
          label="Percentile"
          value={measure.percentile ?? ""}
          onChange={(percentile) => typeof percentile === "number" && onChange({ ...measure, percentile })}
          min={0}
          max={100}
        />
      )}
    </>
  );
}
