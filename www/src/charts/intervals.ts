// Options of a chart of intervals: a row a variant, its rate as a dot and its 95 % interval as a line.

import type { CustomSeriesRenderItemAPI, CustomSeriesRenderItemParams } from "echarts";
import type { EChartsCoreOption } from "echarts/core";

import { formatShare } from "../format/numbers";
import type { Palette } from "./palette";

export interface Interval {
  name: string;
  /** Null where there is nobody. */
  rate: number | null;
  low: number;
  high: number;
  isControl: boolean;
}

const ROW_PX = 52;
const AXIS_PX = 40;
/** Half the height of the strokes that end an interval. */
const END_PX = 6;
const DOT_PX = 6;
/** How much is left free beyond the widest interval, as a part of the whole. */
const MARGIN = 0.08;

export function intervalsHeight(intervals: readonly Interval[]): number {
  return intervals.length * ROW_PX + AXIS_PX;
}

export function intervalsOption(intervals: readonly Interval[], palette: Palette): EChartsCoreOption {
  const drawn = intervals
    .map(({ rate, low, high }, row) => ({ row, rate, low, high }))
    .filter(({ rate }) => rate !== null);
  const lowest = Math.min(...drawn.map(({ low }) => low));
  const highest = Math.max(...drawn.map(({ high }) => high));
  const margin = (highest - lowest) * MARGIN;
  const control = intervals.find(({ isControl }) => isControl)?.rate ?? null;
  const label = { color: palette.dimmed };
  return {
    grid: { left: 8, right: 24, top: 8, bottom: 4, containLabel: true },
    xAxis: {
      type: "value",
      min: Math.max(0, lowest - margin),
      max: Math.min(1, highest + margin),
      axisLabel: { ...label, formatter: formatShare, showMinLabel: false, showMaxLabel: false },
      splitLine: { lineStyle: { color: palette.line } },
    },
    yAxis: {
      type: "category",
      inverse: true,
      data: intervals.map(({ name }) => name),
      axisLabel: { color: palette.text, width: 120, overflow: "truncate" },
      axisLine: { show: false },
      axisTick: { show: false },
    },
    series: [
      {
        type: "custom",
        data: drawn.map(({ row, rate, low, high }) => [row, rate, low, high]),
        encode: { x: [1, 2, 3], y: 0 },
        renderItem: (_: CustomSeriesRenderItemParams, api: CustomSeriesRenderItemAPI) => {
          const isControl = intervals[Number(api.value(0))]?.isControl ?? false;
          return interval(api, isControl ? palette.dimmed : palette.main);
        },
        markLine: {
          silent: true,
          symbol: "none",
          animation: false,
          // Digits after the point that are kept of a rate; the chart's own two would move the line.
          precision: 10,
          label: { show: false },
          lineStyle: { color: palette.dimmed, type: "dashed" },
          data: control === null ? [] : [{ xAxis: control }],
        },
      },
    ],
  };
}

function interval(api: CustomSeriesRenderItemAPI, color: string) {
  const row = api.value(0);
  const at = (dimension: number) => api.coord([api.value(dimension), row]) as [number, number];
  const [x, y] = at(1);
  const [[low], [high]] = [at(2), at(3)];
  const line = (x1: number, y1: number, x2: number, y2: number) => ({
    type: "line" as const,
    shape: { x1, y1, x2, y2 },
    style: { stroke: color, lineWidth: 2 },
  });
  return {
    type: "group" as const,
    children: [
      line(low, y, high, y),
      line(low, y - END_PX, low, y + END_PX),
      line(high, y - END_PX, high, y + END_PX),
      { type: "circle" as const, shape: { cx: x, cy: y, r: DOT_PX }, style: { fill: color } },
    ],
  };
}
