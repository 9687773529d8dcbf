// The steps of a funnel: moved by dragging, by buttons and by arrow keys on the handle.

import { ActionIcon, Button, Text } from "@mantine/core";
import { useRef, useState, type DragEvent, type KeyboardEvent } from "react";

import type { Step } from "../state/parts";
import { EventSelect } from "./event-select";
import { FilterRows } from "./filter-rows";
import type { Problems } from "./problems";
import classes from "./step-list.module.css";

interface Props {
  steps: Step[];
  onChange(steps: Step[]): void;
  max: number;
  problems: Problems;
}

export function StepList({ steps, onChange, max, problems }: Props) {
  const list = useRef<HTMLOListElement>(null);
  const [dragged, setDragged] = useState<number | null>(null);
  const [moved, setMoved] = useState("");

  const move = (from: number, to: number) => {
    if (to < 0 || to >= steps.length || to === from) {
      return;
    }
    onChange(steps.toSpliced(from, 1).toSpliced(to, 0, steps[from]!));
    setMoved(`${steps[from]!.event || "The step"} is now step ${to + 1} of ${steps.length}.`);
    // The handle that was used has another step now; the keyboard stays with the one that moved.
    requestAnimationFrame(() => list.current?.querySelectorAll<HTMLElement>("[data-handle]")[to]?.focus());
  };
  const onKey = (event: KeyboardEvent, index: number) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (by !== undefined) {
      event.preventDefault();
      move(index, index + by);
    }
  };
  const onDrop = (event: DragEvent, index: number) => {
    event.preventDefault();
    if (dragged !== null) {
      move(dragged, index);
    }
    setDragged(null);
  };

  return (
    <div>
      <Text size="sm" fw={600} mb={4}>
        Steps
      </Text>
      <ol ref={list} className={classes.list}>
        {steps.map((step, index) => (
          <li
            key={index}
            className={classes.step}
            data-dragged={dragged === index || undefined}
            onDragOver={(event) => dragged !== null && event.preventDefault()}
            onDrop={(event) => onDrop(event, index)}
          >
            <div className={classes.line}>
              <ActionIcon
                variant="default"
                className={classes.handle}
                data-handle
                draggable
                aria-label={`Move step ${index + 1}: arrow keys, or drag`}
                onDragStart={() => setDragged(index)}
                onDragEnd={() => setDragged(null)}
                onKeyDown={(event) => onKey(event, index)}
              >
                {index + 1}
              </ActionIcon>
              <div className={classes.event}>
                <EventSelect
                  label={`Event of step ${index + 1}`}
                  hideLabel
                  value={step.event}
                  onChange={(event) => onChange(steps.with(index, { event, filters: [] }))}
                  error={problems(`/steps/${index}/event`)}
                />
              </div>
              <StepButton
                label={`Move step ${index + 1} up`}
                sign={"\u2191"}
                disabled={index === 0}
                onClick={() => move(index, index - 1)}
              />
              <StepButton
                label={`Move step ${index + 1} down`}
                sign={"\u2193"}
                disabled={index === steps.length - 1}
                onClick={() => move(index, index + 1)}
              />
              <StepButton
                label={`Remove step ${index + 1}`}
                sign={"\u00d7"}
                disabled={steps.length === 1}
                onClick={() => onChange(steps.toSpliced(index, 1))}
              />
            </div>
            {step.event !== "" && (
              <FilterRows
                of={{ event: step.event }}
                filters={step.filters}
                onChange={(filters) => onChange(steps.with(index, { ...step, filters }))}
                problems={problems}
                pointer={`/steps/${index}/filters`}
              />
            )}
          </li>
        ))}
      </ol>
      <Button
        variant="light"
        size="xs"
        disabled={steps.length >= max}
        onClick={() => onChange([...steps, { event: "", filters: [] }])}
      >
        Add step
      </Button>
      <div role="status" className={classes.moved}>
        {moved}
      </div>
    </div>
  );
}

function StepButton({
  label,
  sign,
  disabled,
  onClick,
}: {
  label: string;
  sign: string;
  disabled: boolean;
  onClick(): void;
}) {
  return (
    <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label} disabled={disabled} onClick={onClick}>
      {sign}
    </ActionIcon>
  );
}
