// Options of the line charts: values over periods, a line a group. Pure, so that what is drawn can be tested.

import type { EChartsCoreOption } from "echarts/core";

import type { Palette } from "./palette";

export interface Line {
  name: string;
  /** One a tick; null where there is nothing to draw. */
  values: readonly (number | null)[];
  /** How far each value of an estimate may be off; such a line is dashed. */
  reaches?: readonly (number | null)[];
}

export interface LinesInput {
  ticks: readonly string[];
  /** What the tooltip calls each tick, when the axis has no room for it. */
  names?: readonly string[];
  lines: readonly Line[];
  shape: "line" | "bar";
  /** Bars on top of each other; of what can be added alone. */
  stacked: boolean;
  format: (value: number) => string;
  palette: Palette;
}

/** From how many points on a line has no dots. */
const DOTS_MAX = 60;
/** Room for a legend above the chart. */
const LEGEND_PX = 36;

export function linesOption(input: LinesInput): EChartsCoreOption {
  const { ticks, lines, shape, stacked, format, palette } = input;
  const hasLegend = lines.length > 1;
  return {
    color: [...palette.groups],
    grid: { left: 8, right: 16, top: hasLegend ? LEGEND_PX + 12 : 16, bottom: 8, containLabel: true },
    legend: {
      show: hasLegend,
      type: "scroll",
      top: 0,
      left: 0,
      right: 0,
      textStyle: { color: palette.text },
      pageTextStyle: { color: palette.text },
      pageIconColor: palette.text,
      pageIconInactiveColor: palette.line,
    },
    tooltip: {
      trigger: "axis",
      backgroundColor: palette.ground,
      borderColor: palette.line,
      textStyle: { color: palette.text },
      formatter: (points: TooltipPoint[]) => tooltip(input, points),
    },
    xAxis: {
      type: "category",
      data: [...ticks],
      boundaryGap: shape === "bar",
      axisLabel: { color: palette.dimmed, hideOverlap: true },
      axisLine: { lineStyle: { color: palette.line } },
    },
    yAxis: {
      type: "value",
      min: lines.some((line) => line.values.some((value) => (value ?? 0) < 0)) ? undefined : 0,
      axisLabel: { color: palette.dimmed, formatter: (value: number) => format(value) },
      splitLine: { lineStyle: { color: palette.line } },
    },
    series: lines.map((line) => ({
      type: shape,
      name: line.name,
      data: [...line.values],
      ...(line.reaches !== undefined && { lineStyle: { type: "dashed" }, itemStyle: { opacity: 0.6 } }),
      stack: stacked ? "all" : undefined,
      showSymbol: line.values.length <= DOTS_MAX,
      symbolSize: 6,
      connectNulls: false,
      barMaxWidth: 48,
    })),
  };
}

export interface TooltipPoint {
  dataIndex: number;
  seriesName: string;
  value: number | null;
}

/** How many lines a tooltip names; it would cover the chart otherwise. */
const TOOLTIP_LINES_MAX = 12;

/** The tick's name and a line a group, the highest first. */
export function tooltip({ ticks, names, lines, format }: LinesInput, points: readonly TooltipPoint[]): string {
  const index = points[0]?.dataIndex;
  if (index === undefined) {
    return "";
  }
  const off = (name: string) => {
    const reach = lines.find((line) => line.name === name)?.reaches?.[index];
    return reach == null || reach === 0 ? "" : ` \u00b1 ${format(reach)}`;
  };
  const shown = points
    .filter((point) => typeof point.value === "number")
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0))
    .map((point) => `${plain(point.seriesName)}: ${format(point.value ?? 0)}${off(point.seriesName)}`);
  const more = shown.length - TOOLTIP_LINES_MAX;
  return [
    names?.[index] ?? ticks[index] ?? "",
    ...shown.slice(0, TOOLTIP_LINES_MAX),
    ...(more > 0 ? [`and ${more} more`] : []),
  ].join("\n");
}

/** Rich text gives braces and bars a meaning, which names of groups shall not have. */
function plain(name: string): string {
  return name.replace(/[{}|]/g, " ").replace(/\s+/g, " ").slice(0, 60);
}
