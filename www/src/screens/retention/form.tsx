// The question of retention.

import { Accordion, NumberInput, Select, Stack } from "@mantine/core";

import { BreakdownInput } from "../../questions/breakdown-input";
import { CountedInput } from "../../questions/counted-input";
import { FilterRows } from "../../questions/filter-rows";
import { PeriodInput } from "../../questions/period-input";
import type { Problems } from "../../questions/problems";
import { RangeInput } from "../../questions/range-input";
import { toCounted } from "../../state/counted";
import { withOptional } from "../../state/optional";
import type { Retention } from "../../state/retention";

interface Props {
  question: Retention;
  onChange(question: Retention): void;
  problems: Problems;
}

export function RetentionForm({ question, onChange, problems }: Props) {
  const change = (changes: Partial<Retention>) => onChange({ ...question, ...changes });
  return (
    <Stack gap="md">
      <CountedInput
        label="Began with"
        counted={question.start_event}
        onChange={(start_event) => change({ start_event })}
        problems={problems}
        pointer="/start_event"
      />
      <CountedInput
        label="Came back for"
        counted={question.return_event}
        onChange={(return_event) => change({ return_event })}
        problems={problems}
        pointer="/return_event"
      />
      <RangeInput
        range={question.range}
        onRange={(range) => change({ range })}
        timeZone={question.time_zone}
        onTimeZone={(zone) => onChange(withOptional(question, "time_zone", zone))}
        problems={problems}
      />
      <PeriodInput
        label="Periods of"
        period={question.period}
        every={question.every}
        weekStart={question.week_start}
        onChange={change}
        problems={problems}
        pointer="/period"
      />
      <NumberInput
        label="Columns"
        value={question.columns}
        onChange={(columns) => typeof columns === "number" && columns >= 1 && change({ columns })}
        min={1}
        max={1000}
        allowDecimal={false}
        allowNegative={false}
        error={problems("/columns")}
      />
      <BreakdownInput
        breakdown={question.breakdown}
        onChange={(breakdown) => onChange(withOptional(question, "breakdown", breakdown))}
        event={toCounted(question.start_event).event ?? ""}
        problems={problems}
      />
      <Rules question={question} onChange={change} problems={problems} />
    </Stack>
  );
}

function Rules({ question, onChange, problems }: Omit<Props, "onChange"> & { onChange(changes: Partial<Retention>): void }) {
  return (
    <Accordion variant="separated">
      <Accordion.Item value="rules">
        <Accordion.Control>Users and rules</Accordion.Control>
        <Accordion.Panel>
          <Stack gap="md">
            <FilterRows
              of="user"
              filters={question.user_filters}
              onChange={(user_filters) => onChange({ user_filters })}
              problems={problems}
              pointer="/user_filters"
              addLabel="Add filter of users"
            />
            <Select
              label="A user is in the row of"
              data={[
                { value: "first_in_range", label: "their first start event" },
                { value: "recurring", label: "every start event" },
              ]}
              value={question.cohort_by}
              onChange={(next) => next !== null && onChange({ cohort_by: next as Retention["cohort_by"] })}
              allowDeselect={false}
            />
            <Select
              label="A return counts in"
              data={[
                { value: "on", label: "its own column" },
                { value: "on_or_after", label: "its column and all before it" },
              ]}
              value={question.return_on}
              onChange={(next) => next !== null && onChange({ return_on: next as Retention["return_on"] })}
              allowDeselect={false}
            />
            <Select
              label="Columns are"
              data={[
                { value: "calendar", label: "periods of the calendar" },
                { value: "rolling", label: "counted from each user's event" },
              ]}
              value={question.mode}
              onChange={(next) => next !== null && onChange({ mode: next as Retention["mode"] })}
              allowDeselect={false}
            />
          </Stack>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}
