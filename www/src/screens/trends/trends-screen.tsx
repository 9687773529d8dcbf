// Trends: how often, by how many, how much.

import { Group, SegmentedControl, Stack, Text } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { trends } from "../../api/endpoints";
import { useSpan } from "../../api/known";
import type { Range, TrendsAnswer } from "../../api/types";
import { Empty, Failure, Loading } from "../../app/notices";
import { Split } from "../../app/split";
import { Chart } from "../../charts/chart";
import { linesOption } from "../../charts/lines";
import { usePalette } from "../../charts/palette";
import { groupName } from "../../format/groups";
import { formatValue } from "../../format/numbers";
import { periodName, periodTick } from "../../format/periods";
import { problemsOf } from "../../questions/problems";
import { countedName } from "../../state/counted";
import { setParameters, useParameter, useQuestion } from "../../state/question";
import { newTrends, trendsCodec, trendsQuery, type Trends } from "../../state/trends";
import { FirstRun } from "../status/first-run";
import { TrendsForm } from "./form";
import { measureName } from "./measure";
import { TrendsTable } from "./table";

const CHART_PX = 360;

export default function TrendsScreen() {
  const { data: span, error, refetch } = useSpan();
  if (error) {
    return <Failure error={error} onRetry={() => void refetch()} />;
  }
  return span === undefined ? <Loading /> : span === null ? <FirstRun /> : <Asked span={span} />;
}

function Asked({ span }: { span: Range }) {
  const { draft, setDraft, asked, waiting } = useQuestion(trendsCodec, newTrends(span));
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ["trends", asked],
    // An answer is drawn as its question says, also while that of the next is waited for.
    queryFn: async ({ signal }) =>
      asked === undefined ? null : { question: asked, answer: await trends(trendsQuery(asked), signal) },
    placeholderData: keepPreviousData,
  });
  return (
    <Split
      title="Trends"
      waiting={waiting && asked !== undefined}
      question={<TrendsForm question={draft} onChange={setDraft} problems={problemsOf(error)} />}
      answer={
        error ? (
          <Failure error={error} onRetry={() => void refetch()} />
        ) : data ? (
          <div aria-busy={isFetching}>
            <Answer {...data} />
          </div>
        ) : (
          <Loading />
        )
      }
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
