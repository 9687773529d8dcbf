// Trends: how often, by how many, how much.

import { Group, SegmentedControl, Stack, Text } from "@mantine/core";
import { useMemo } from "react";

import { trends } from "../../api/endpoints";
import type { TrendsAnswer } from "../../api/types";
import { Empty } from "../../app/notices";
import { Chart } from "../../charts/chart";
import { linesOption } from "../../charts/lines";
import { usePalette } from "../../charts/palette";
import { groupName } from "../../format/groups";
import { formatValue } from "../../format/numbers";
import { periodName, periodTick } from "../../format/periods";
import { countedName } from "../../state/counted";
import { setParameters, useParameter } from "../../state/question";
import { newTrends, trendsCodec, trendsQuery, type Trends } from "../../state/trends";
import { AskedScreen } from "../asked-screen";
import { TrendsForm } from "./form";
import { measureName } from "./measure";
import { TrendsTable } from "./table";

const CHART_PX = 360;

export default function TrendsScreen() {
  return (
    <AskedScreen
      title="Trends"
      codec={trendsCodec}
      first={newTrends}
      ask={(question, signal) => trends(trendsQuery(question), signal)}
      Form={TrendsForm}
      Answer={Answer}
    />
  );
}

function Answer({ answer, question }: { answer: TrendsAnswer; question: Trends }) {
  const palette = usePalette();
  const shape = useParameter("shape") === "bar" ? "bar" : "line";
  const { interval, measure } = question;
  const lines = useMemo(
    () =>
      answer.groups.length > 0
        ? answer.groups.map((group) => ({ name: groupName(group), values: group.values, total: group.total }))
        : [{ name: countedName(question.event), values: answer.values, total: answer.total }],
    [answer, question],
  );
  const names = useMemo(() => answer.intervals.map((start) => periodName(start, interval)), [answer, interval]);
  const option = useMemo(
    () =>
      linesOption({
        ticks: answer.intervals.map((start) => periodTick(start, interval)),
        names,
        lines,
        shape,
        // Events of groups add up; users of several groups, averages and the like do not.
        stacked: shape === "bar" && (measure.function === "events" || measure.function === "sum"),
        format: formatValue,
        palette,
      }),
    [answer, interval, names, lines, shape, measure, palette],
  );

  if (answer.values.every((value) => value === null || value === 0)) {
    return <Empty title="Nothing in this range">Choose another range, event or filter.</Empty>;
  }
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <div>
          <Text size="sm" c="dimmed">
            {measureName(measure)} in the whole range
          </Text>
          <Text size="xl" fw={700} data-testid="total">
            {formatValue(answer.total)}
          </Text>
        </div>
        <SegmentedControl
          aria-label="Chart"
          size="xs"
          data={[
            { value: "line", label: "Lines" },
            { value: "bar", label: "Bars" },
          ]}
          value={shape}
          onChange={(next) => setParameters({ shape: next === "line" ? null : next })}
        />
      </Group>
      <Chart option={option} height={CHART_PX} label={`${measureName(measure)} over time`} />
      <TrendsTable names={names} lines={lines} />
    </Stack>
  );
}
