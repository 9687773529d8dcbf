// Events that end a walk when they come between two steps.

import { Button, CloseButton, Group, Select, Text } from "@mantine/core";

import type { Exclude } from "../state/funnel";
import type { Step } from "../state/parts";
import { EventSelect } from "./event-select";
import { FilterRows } from "./filter-rows";
import type { Problems } from "./problems";
import classes from "./questions.module.css";

interface Props {
  exclude: Exclude[];
  steps: Step[];
  onChange(exclude: Exclude[]): void;
  problems: Problems;
}

export function Exclusions({ exclude, steps, onChange, problems }: Props) {
  const last = steps.length - 1;
  const named = steps.map(({ event }, index) => ({ value: String(index), label: `${index + 1}. ${event}` }));
  return (
    <div className={classes.filters}>
      {exclude.map((one, index) => {
        const { event, filters, after_step: after = 0, before_step: before = last } = one;
        const replace = (part: Partial<Exclude>) => onChange(exclude.with(index, { ...one, ...part }));
        return (
          <div key={index} className={classes.exclusion} role="group" aria-label={`Exclusion ${index + 1}`}>
            <Group gap={6} wrap="nowrap">
              <div className={classes.grow}>
                <EventSelect
                  label={`Excluded event ${index + 1}`}
                  hideLabel
                  value={event}
                  onChange={(next) => replace({ event: next, filters: [] })}
                  error={problems(`/exclude/${index}/event`)}
                />
              </div>
              <CloseButton
                aria-label={`Remove exclusion ${index + 1}`}
                onClick={() => onChange(exclude.toSpliced(index, 1))}
              />
            </Group>
            {last > 1 && (
              <Group gap={6} wrap="nowrap">
                <Text size="xs">after</Text>
                <Select
                  aria-label="After step"
                  size="xs"
                  data={named.slice(0, last)}
                  value={String(after)}
                  onChange={(step) =>
                    step !== null &&
                    replace({ after_step: Number(step), before_step: Math.max(before, Number(step) + 1) })
                  }
                  allowDeselect={false}
                  error={problems(`/exclude/${index}/after_step`)}
                />
                <Text size="xs">before</Text>
                <Select
                  aria-label="Before step"
                  size="xs"
                  data={named.slice(after + 1)}
                  value={String(before)}
                  onChange={(step) => step !== null && replace({ before_step: Number(step) })}
                  allowDeselect={false}
                  error={problems(`/exclude/${index}/before_step`)}
                />
              </Group>
            )}
            {event !== "" && (
              <FilterRows
                of={{ event }}
                filters={filters}
                onChange={(next) => replace({ filters: next })}
                problems={problems}
                pointer={`/exclude/${index}/filters`}
              />
            )}
          </div>
        );
      })}
      <Button variant="subtle" size="compact-xs" onClick={() => onChange([...exclude, { event: "", filters: [] }])}>
        Exclude an event
      </Button>
    </div>
  );
}
