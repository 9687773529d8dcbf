// Options of a breakdown's chart: at each step, a bar a group, as high as the share that came so far.

import type { EChartsCoreOption } from "echarts/core";

import { formatShare } from "../format/numbers";
import type { Palette } from "./palette";

export interface Group {
  name: string;
  /** Of the group's own first step; null where nobody was there. */
  shares: readonly (number | null)[];
}

/** More would be too thin to tell apart; the table has them all. */
export const GROUPS_DRAWN_MAX = 8;

/** Room for the legend. */
const TOP_PX = 40;

export function groupBarsOption(
  steps: readonly string[],
  groups: readonly Group[],
  palette: Palette,
): EChartsCoreOption {
  const label = { color: palette.dimmed };
  return {
    color: [...palette.groups],
    grid: { left: 8, right: 8, top: TOP_PX, bottom: 4, containLabel: true },
    legend: { type: "scroll", top: 0, left: 0, textStyle: { color: palette.text }, pageTextStyle: label },
    tooltip: {
      trigger: "item",
      backgroundColor: palette.ground,
      borderColor: palette.line,
      textStyle: { color: palette.text },
      formatter: ({ seriesIndex, dataIndex }: { seriesIndex: number; dataIndex: number }) =>
        tooltip(steps, groups, seriesIndex, dataIndex),
    },
    xAxis: {
      type: "category",
      data: steps.map((step, index) => `${index + 1}. ${step}`),
      axisLabel: { ...label, width: 90, overflow: "truncate", hideOverlap: true },
      axisLine: { lineStyle: { color: palette.line } },
      axisTick: { show: false },
    },
    yAxis: {
      type: "value",
      max: 1,
      axisLabel: { ...label, formatter: formatShare },
      splitLine: { lineStyle: { color: palette.line } },
    },
    series: groups.slice(0, GROUPS_DRAWN_MAX).map(({ name, shares }) => ({
      type: "bar",
      name,
      data: [...shares],
      barMaxWidth: 36,
      itemStyle: { borderRadius: [3, 3, 0, 0] },
    })),
  };
}

function tooltip(steps: readonly string[], groups: readonly Group[], series: number, step: number): string {
  const group = groups[series];
  // A brace would begin a style of the canvas's rich text.
  const plain = (text: string) => text.replaceAll("{", "(");
  return group === undefined
    ? ""
    : `${plain(group.name)}\n${plain(steps[step] ?? "")}: ${formatShare(group.shares[step] ?? null)}`;
}
