// A bar a step: who reached it, whom of them the next step lost, and how long they took. Each number leads to its users.

import { Text, UnstyledButton } from "@mantine/core";
import type { StepIntervals } from "eventhub-tracker/preview";

import type { FunnelStep } from "../../api/types";
import { formatDuration } from "../../format/durations";
import { formatCount, formatShare } from "../../format/numbers";
import { reach } from "../../preview/reach";
import classes from "./funnel-bars.module.css";
import type { Who } from "./who";

interface Props {
  steps: FunnelStep[];
  /** Those of an estimate, by step. */
  intervals: StepIntervals[] | undefined;
  onWho(who: Who): void;
}

export function FunnelBars({ steps, intervals, onWho }: Props) {
  const first = steps[0]?.count ?? 0;
  return (
    <ol className={classes.bars} aria-label="Steps of the funnel">
      {steps.map((step, index) => {
        const next = steps[index + 1];
        const within = intervals?.[index];
        const of = `of step ${index + 1}`;
        return (
          <li key={index} className={classes.step}>
            <div className={classes.head}>
              <Text size="sm" fw={600} truncate title={step.event}>
                {index + 1}. {step.event}
              </Text>
              <Text size="sm" className={classes.figure}>
                {formatShare(step.converted_from_first)}
                {reach(step.converted_from_first, within?.converted_from_first, formatShare)}
              </Text>
            </div>
            <div className={classes.track} aria-hidden="true">
              <Part width={next?.count ?? step.count} first={first} className={classes.kept} />
              <Part width={next === undefined ? 0 : step.pending} first={first} className={classes.pending} />
              <Part width={next === undefined ? 0 : step.dropped} first={first} className={classes.dropped} />
            </div>
            <div className={classes.figures}>
              <WhoButton
                count={step.count}
                reach={reach(step.count, within?.count, formatCount)}
                word="reached it"
                of={of}
                onClick={() => onWho({ status: "reached", step: index })}
              />
              {next !== undefined && (
                <>
                  <WhoButton
                    count={step.dropped}
                    reach={reach(step.dropped, within?.dropped, formatCount)}
                    word="dropped out"
                    of={of}
                    mark={classes.dropped}
                    onClick={() => onWho({ status: "dropped", step: index })}
                  />
                  {step.pending > 0 && (
                    <WhoButton
                      count={step.pending}
                      reach={reach(step.pending, within?.pending, formatCount)}
                      word="still in their window"
                      of={of}
                      mark={classes.pending}
                      onClick={() => onWho({ status: "pending", step: index })}
                    />
                  )}
                </>
              )}
              {index > 0 && (
                <Text size="xs" c="dimmed" component="span">
                  {formatShare(step.converted_from_previous)}
                  {reach(step.converted_from_previous, within?.converted_from_previous, formatShare)} of the step before, half within{" "}
                  {formatDuration(step.median_seconds)}, nine in ten within {formatDuration(step.p90_seconds)}
                </Text>
              )}
            </div>
          </li>
        );
      })}
    </ol>
  );
}

function Part({ width, first, className }: { width: number; first: number; className: string | undefined }) {
  return <div className={className} style={{ width: `${first === 0 ? 0 : (100 * width) / first}%` }} />;
}

interface WhoButtonProps {
  count: number;
  /** How far the count of an estimate may be off. */
  reach: string;
  word: string;
  of: string;
  mark?: string | undefined;
  onClick(): void;
}

function WhoButton({ count, reach, word, of, mark, onClick }: WhoButtonProps) {
  return (
    <UnstyledButton
      className={classes.who}
      disabled={count === 0}
      onClick={onClick}
      aria-label={`${formatCount(count)}${reach} ${word}, ${of}: show them`}
    >
      {mark !== undefined && <span className={`${classes.mark} ${mark}`} />}
      <strong>{formatCount(count)}</strong>
      {reach} {word}
    </UnstyledButton>
  );
}
