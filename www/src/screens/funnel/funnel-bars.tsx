// A bar a step: who reached it, of them who did not go on and who still may, and how long they took.

import { Text } from "@mantine/core";

import type { FunnelStep } from "../../api/types";
import { formatDuration } from "../../format/durations";
import { formatCount, formatShare } from "../../format/numbers";
import classes from "./funnel-bars.module.css";

interface Props {
  steps: FunnelStep[];
}

export function FunnelBars({ steps }: Props) {
  return (
    <ol className={classes.bars}>
      {steps.map((step, index) => (
        <li key={index}>
          <div className={classes.head}>
            <Text size="sm" fw={600} truncate>
              {index + 1}. {step.event}
            </Text>
            <Text size="sm">
              <strong>{formatCount(step.count)}</strong> {formatShare(step.converted_from_first)}
            </Text>
          </div>
          <div className={classes.track}>
            <div className={classes.bar} style={{ width: `${100 * (step.converted_from_first ?? 0)}%` }} />
          </div>
          {index > 0 && (
            <Text size="xs" c="dimmed">
              {formatShare(step.converted_from_previous)} of the step before, median{" "}
              {formatDuration(step.median_seconds)}
            </Text>
          )}
        </li>
      ))}
    </ol>
  );
}
