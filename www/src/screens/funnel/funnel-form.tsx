// The question of a funnel.

import { Accordion, SegmentedControl, Input, Stack } from "@mantine/core";

import { BreakdownInput } from "../../questions/breakdown-input";
import { FilterRows } from "../../questions/filter-rows";
import type { Problems } from "../../questions/problems";
import { RangeInput } from "../../questions/range-input";
import { StepList } from "../../questions/step-list";
import { WindowInput } from "../../questions/window-input";
import { STEPS_MAX, type Funnel } from "../../state/funnel";

interface Props {
  draft: Funnel;
  onChange(draft: Funnel): void;
  problems: Problems;
}

const ORDER_LABELS = [
  { value: "ordered", label: "In order" },
  { value: "strict", label: "Nothing between" },
  { value: "any", label: "Any order" },
];

const ENTRY_LABELS = [
  { value: "first", label: "First start" },
  { value: "best", label: "Best start" },
];

export function FunnelForm({ draft, onChange, problems }: Props) {
  const change = (part: Partial<Funnel>) => onChange({ ...draft, ...part });
  return (
    <Stack gap="md">
      <StepList steps={draft.steps} onChange={(steps) => onChange(withSteps(draft, steps))} max={STEPS_MAX} problems={problems} />
      <RangeInput
        range={draft.range}
        onRange={(range) => change({ range })}
        timeZone={draft.time_zone}
        onTimeZone={(time_zone) => onChange(withTimeZone(draft, time_zone))}
        problems={problems}
      />
      <WindowInput window={draft.window} onChange={(window) => change({ window })} problems={problems} />
      <Choice label="Order" options={ORDER_LABELS} value={draft.order} onChange={(order) => change({ order })} />
      <Choice label="Counted from each person's" options={ENTRY_LABELS} value={draft.entry} onChange={(entry) => change({ entry })} />
      <BreakdownInput
        breakdown={draft.breakdown}
        onChange={(breakdown) => onChange(withBreakdown(draft, breakdown))}
        event={draft.steps[draft.breakdown?.step ?? 0]?.event ?? ""}
        problems={problems}
      />
      <Accordion variant="contained" chevronPosition="left">
        <Accordion.Item value="users">
          <Accordion.Control>Only some users</Accordion.Control>
          <Accordion.Panel>
            <FilterRows
              of="user"
              filters={draft.user_filters}
              onChange={(user_filters) => change({ user_filters })}
              problems={problems}
              pointer="/user_filters"
            />
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Stack>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  options: { value: string; label: string }[];
  value: T;
  onChange(value: T): void;
}

function Choice<T extends string>({ label, options, value, onChange }: ChoiceProps<T>) {
  return (
    <Input.Wrapper label={label} labelElement="div">
      <SegmentedControl fullWidth size="xs" aria-label={label} data={options} value={value} onChange={(next) => onChange(next as T)} />
    </Input.Wrapper>
  );
}

/** With other steps, and what names a step by its number kept within them. */
function withSteps(draft: Funnel, steps: Funnel["steps"]): Funnel {
  const breakdown = draft.breakdown;
  const last = steps.length - 1;
  return breakdown?.step !== undefined && breakdown.step > last
    ? { ...draft, steps, breakdown: { ...breakdown, step: last } }
    : { ...draft, steps };
}

function withTimeZone({ time_zone: _, ...rest }: Funnel, timeZone: string | undefined): Funnel {
  return timeZone === undefined ? rest : { ...rest, time_zone: timeZone };
}

function withBreakdown({ breakdown: _, ...rest }: Funnel, breakdown: Funnel["breakdown"]): Funnel {
  return breakdown === undefined ? rest : { ...rest, breakdown };
}
