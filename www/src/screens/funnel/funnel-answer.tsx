// The answer of a funnel: the share that converts, a bar a step, and the figures in a table.

import { Group, Text } from "@mantine/core";

import type { FunnelAnswer } from "../../api/types";
import { formatDuration } from "../../format/durations";
import { formatCount, formatShare, plural } from "../../format/numbers";
import { formatRange } from "../../format/dates";
import type { Funnel } from "../../state/funnel";
import { FunnelBars } from "./funnel-bars";

interface Props {
  asked: Funnel;
  answer: FunnelAnswer;
  /** A newer answer is on its way. */
  stale: boolean;
}

export function FunnelAnswerView({ asked, answer, stale }: Props) {
  const first = answer.steps[0]!;
  const last = answer.steps.at(-1)!;
  return (
    <div aria-busy={stale} style={{ opacity: stale ? 0.6 : 1 }}>
      <Group justify="space-between" align="baseline" mb="md">
        <Text component="p" m={0}>
          <strong>{formatShare(last.converted_from_first)}</strong> convert: {formatCount(last.count)} of{" "}
          {plural(first.count, "user")}
        </Text>
        <Text size="xs" c="dimmed">
          {formatRange(asked.range)}, {formatDuration(answer.elapsed_ms / 1000)}
        </Text>
      </Group>
      <FunnelBars steps={answer.steps} />
    </div>
  );
}
