// Trends: how often, by how many, how much.

import { Group, SegmentedControl, Stack, Text } from "@mantine/core";
import type { TrendsIntervals } from "eventhub-tracker/preview";
import { useMemo } from "react";

import type { TrendsAnswer } from "../../api/types";
import { Empty } from "../../app/notices";
import { Chart } from "../../charts/chart";
import { linesOption } from "../../charts/lines";
import { usePalette } from "../../charts/palette";
import { groupName } from "../../format/groups";
import { formatValue } from "../../format/numbers";
import { periodName, periodTick } from "../../format/periods";
import { countedName } from "../../state/counted";
import { reach, reachOf } from "../../preview/reach";
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
      kind="trends"
      codec={trendsCodec}
      first={newTrends}
      body={trendsQuery}
      Form={TrendsForm}
      Answer={Answer}
    />
  );
}

interface AnswerProps {
  answer: Pick<TrendsAnswer, "intervals" | "values" | "total" | "groups">;
  question: Trends;
  intervals: TrendsIntervals | undefined;
}

function Answer({ answer, question, intervals }: AnswerProps) {
  const palette = usePalette();
  const shape = useParameter("shape") === "bar" ? "bar" : "line";
  const { interval, measure } = question;
  const lines = useMemo(
    () =>
      answer.groups.length > 0
        ? answer.groups.map((group, index) => lineOf(groupName(group), group, intervals?.groups[index]))
        : [lineOf(countedName(question.event), answer, intervals)],
    [answer, question, intervals],
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
            {reach(answer.total, intervals?.total, formatValue)}
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

/** A line with how far each of its values may be off, where it is an estimate. */
function lineOf(name: string, series: Series, intervals: TrendsIntervals | undefined) {
  const { values, total } = series;
  if (intervals === undefined) {
    return { name, values, total };
  }
  const reaches = values.map((value, index) => reachOf(value, intervals.values[index]));
  return { name, values, total, reaches, totalReach: reachOf(total, intervals.total) };
}

type Series = Pick<TrendsAnswer, "values" | "total">;
