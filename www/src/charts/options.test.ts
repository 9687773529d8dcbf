import { expect, test } from "vitest";

import { groupBarsOption, GROUPS_DRAWN_MAX } from "./group-bars";
import { intervalsHeight, intervalsOption, type Interval } from "./intervals";
import type { Palette } from "./palette";

const PALETTE: Palette = {
  ground: "#fff",
  text: "#000",
  dimmed: "#555",
  line: "#ddd",
  main: "#00f",
  pending: "#aaf",
  lost: "#eee",
  groups: ["#00f", "#f00"],
};

test("groups are drawn up to a number, and nothing of them is a style of the tooltip", () => {
  const groups = Array.from({ length: 12 }, (_, index) => ({ name: `{a|${index}}`, shares: [1, null] }));
  const option = groupBarsOption(["home", "{b|x}"], groups, PALETTE) as {
    series: { data: unknown }[];
    tooltip: { formatter(at: { seriesIndex: number; dataIndex: number }): string };
  };
  expect(option.series).toHaveLength(GROUPS_DRAWN_MAX);
  expect(option.series[0]?.data).toEqual([1, null]);
  expect(option.tooltip.formatter({ seriesIndex: 1, dataIndex: 1 })).toBe("(a|1}\n(b|x}: \u2013");
  expect(option.tooltip.formatter({ seriesIndex: 99, dataIndex: 0 })).toBe("");
});

test("an interval is where its variant is, and a variant without users has none", () => {
  const intervals: Interval[] = [
    { name: "A", rate: 0.1, low: 0.05, high: 0.2, isControl: true },
    { name: "nobody", rate: null, low: 0, high: 0, isControl: false },
    { name: "B", rate: 0.3, low: 0.2, high: 0.45, isControl: false },
  ];
  const { series, xAxis, yAxis } = intervalsOption(intervals, PALETTE) as {
    series: { data: unknown; markLine: { data: unknown } }[];
    xAxis: { min: number; max: number };
    yAxis: { data: string[] };
  };
  expect(series[0]?.data).toEqual([
    [0, 0.1, 0.05, 0.2],
    [2, 0.3, 0.2, 0.45],
  ]);
  expect(series[0]?.markLine.data).toEqual([{ xAxis: 0.1 }]);
  expect(yAxis.data).toEqual(["A", "nobody", "B"]);
  expect([xAxis.min, xAxis.max].map((edge) => edge.toFixed(3))).toEqual(["0.018", "0.482"]);
  expect(intervalsHeight(intervals)).toBeGreaterThan(intervalsHeight(intervals.slice(1)));
});
