// Retention: who came back, and when.

import { Group, SegmentedControl, Stack, Text } from "@mantine/core";
import type { RetentionIntervals } from "eventhub-tracker/preview";
import { useMemo } from "react";

import type { RetentionAnswer } from "../../api/types";
import { Empty } from "../../app/notices";
import { Chart } from "../../charts/chart";
import { linesOption } from "../../charts/lines";
import { usePalette } from "../../charts/palette";
import { formatShare, plural } from "../../format/numbers";
import { groupName } from "../../format/groups";
import { columnName } from "../../format/periods";
import { setParameters, useParameter } from "../../state/question";
import { newRetention, retentionCodec, retentionQuery, type Retention } from "../../state/retention";
import { AskedScreen } from "../asked-screen";
import { RetentionForm } from "./form";
import { gridOf } from "./grid";
import { GroupSelect } from "./group-select";
import { RetentionTable, type Shown } from "./table";

const CHART_PX = 260;

export default function RetentionScreen() {
  return (
    <AskedScreen
      title="Retention"
      kind="retention"
      codec={retentionCodec}
      first={newRetention}
      body={retentionQuery}
      Form={RetentionForm}
      Answer={Answer}
    />
  );
}

interface AnswerProps {
  answer: Pick<RetentionAnswer, "rows" | "mean" | "groups">;
  question: Retention;
  intervals: RetentionIntervals | undefined;
}

function Answer({ answer, question, intervals }: AnswerProps) {
  const palette = usePalette();
  const shown: Shown = useParameter("shown") === "counts" ? "counts" : "percent";
  const index = Number(useParameter("group") ?? Number.NaN);
  const group = answer.groups[index];
  const { rows, mean } = group ?? answer;
  const { period, every } = question;
  const isEstimate = intervals !== undefined;
  const grid = useMemo(() => gridOf(rows, mean), [rows, mean]);
  const option = useMemo(() => {
    // Means have no interval, but are dashed as other estimates are.
    const estimated = isEstimate ? { reaches: [] } : {};
    const columns = answer.mean.map((_, column) => columnName(column, period, every));
    const lines = [
      { name: answer.groups.length > 0 ? "Everyone" : "Weighted mean", values: answer.mean, ...estimated },
      ...answer.groups.map((it) => ({ name: groupName(it), values: it.mean, ...estimated })),
    ];
    return linesOption({ ticks: columns, lines, shape: "line", stacked: false, format: formatShare, palette });
  }, [answer, isEstimate, period, every, palette]);

  if (answer.rows.every((row) => row.size === 0)) {
    return <Empty title="Nobody began in this range">Choose another range or start event.</Empty>;
  }
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Text fw={600}>{plural(grid.size, "user")} in cohorts</Text>
        <SegmentedControl
          aria-label="Cells show"
          size="xs"
          data={[
            { value: "percent", label: "Percent" },
            { value: "counts", label: "Counts" },
          ]}
          value={shown}
          onChange={(next) => setParameters({ shown: next === "percent" ? null : next })}
        />
      </Group>
      <Chart option={option} height={CHART_PX} label="Share of users who came back, by period" />
      {answer.groups.length > 0 && (
        <GroupSelect
          groups={answer.groups}
          chosen={group === undefined ? null : index}
          onChoose={(next) => setParameters({ group: next === null ? null : String(next) })}
        />
      )}
      <RetentionTable
        grid={grid}
        period={period}
        every={every}
        shown={shown}
        intervals={group === undefined ? intervals?.rows : intervals?.groups[index]}
      />
    </Stack>
  );
}
