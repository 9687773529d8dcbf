// The question of a funnel. What is done with its breakdown differs between the screens that ask one.

import { Accordion, Stack } from "@mantine/core";
import type { ReactNode } from "react";

import { Choice } from "../../questions/choice";
import { Exclusions } from "../../questions/exclusions";
import { FilterRows } from "../../questions/filter-rows";
import type { Problems } from "../../questions/problems";
import { RangeInput } from "../../questions/range-input";
import { StepList } from "../../questions/step-list";
import { WindowInput } from "../../questions/window-input";
import { STEPS_MAX, withSteps, type Funnel } from "../../state/funnel";
import { withOptional } from "../../state/optional";

interface Props {
  draft: Funnel;
  onChange(draft: Funnel): void;
  problems: Problems;
  /** The fields of the breakdown. */
  children: ReactNode;
}

const ORDERS = [
  { value: "ordered", label: "In order" },
  { value: "strict", label: "Nothing between" },
  { value: "any", label: "Any order" },
] as const;

const ENTRIES = [
  { value: "first", label: "First try" },
  { value: "best", label: "Best try" },
] as const;

export function FunnelForm({ draft, onChange, problems, children }: Props) {
  const change = (part: Partial<Funnel>) => onChange({ ...draft, ...part });
  const refined = draft.user_filters.length + draft.exclude.length;
  return (
    <Stack gap="md">
      <StepList
        steps={draft.steps}
        onChange={(steps) => onChange(withSteps(draft, steps))}
        max={STEPS_MAX}
        problems={problems}
      />
      <RangeInput
        range={draft.range}
        onRange={(range) => change({ range })}
        timeZone={draft.time_zone}
        onTimeZone={(timeZone) => onChange(withOptional(draft, "time_zone", timeZone))}
        problems={problems}
      />
      <WindowInput window={draft.window} onChange={(window) => change({ window })} problems={problems} />
      {children}
      <Accordion variant="contained" chevronPosition="left" defaultValue={refined > 0 ? "more" : null}>
        <Accordion.Item value="more">
          <Accordion.Control>{refined > 0 ? `More (${refined})` : "More"}</Accordion.Control>
          <Accordion.Panel>
            <Stack gap="sm">
              <Choice label="Steps come" options={ORDERS} value={draft.order} onChange={(order) => change({ order })} />
              <Choice
                label="Counted for each user"
                options={ENTRIES}
                value={draft.entry}
                onChange={(entry) => change({ entry })}
              />
              <FilterRows
                of="user"
                filters={draft.user_filters}
                onChange={(user_filters) => change({ user_filters })}
                problems={problems}
                pointer="/user_filters"
                addLabel="Only some users"
              />
              <Exclusions
                exclude={draft.exclude}
                steps={draft.steps}
                onChange={(exclude) => change({ exclude })}
                problems={problems}
              />
            </Stack>
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Stack>
  );
}
