import { describe, expect, it } from "vitest";
import { linesOption, tooltip, type LinesInput } from "./lines";

const palette = {
  ground: "#fff",
  text: "#000",
  dimmed: "#555",
  line: "#ddd",
  main: "#00f",
  pending: "#99f",
  lost: "#eee",
  groups: ["#00f", "#f00"],
};

const input: LinesInput = {
  palette,
  ticks: ["Mar 1", "Mar 2"],
  names: ["Friday, March 1", "Saturday, March 2"],
  lines: [
    { name: "free", values: [1, null] },
    { name: "paid", values: [3, 2] },
  ],
  shape: "line",
  stacked: false,
  format: (value) => `${value} users`,
};

describe("line charts", () => {
  it("have a line a group and a legend when there is more than one", () => {
    const option = linesOption(input) as {
      series: { name: string; data: unknown[] }[];
      legend: { show: boolean };
    };
    expect(option.series.map(({ name, data }) => [name, data])).toEqual([
      ["free", [1, null]],
      ["paid", [3, 2]],
    ]);
    expect(option.legend.show).toBe(true);
    expect(linesOption({ ...input, lines: input.lines.slice(0, 1) })).toMatchObject({ legend: { show: false } });
  });

  it("begin at zero unless something is below it", () => {
    expect(linesOption(input)).toMatchObject({ yAxis: { min: 0 } });
    const below = linesOption({ ...input, lines: [{ name: "x", values: [-1, 2] }] });
    expect((below as { yAxis: { min?: number } }).yAxis.min).toBeUndefined();
  });

  it("say all groups of a tick, the highest first, and nothing where there is no value", () => {
    const point = (seriesName: string, value: number | null) => ({ dataIndex: 1, seriesName, value });
    expect(tooltip(input, [point("free", null), point("a", 1), point("b", 2)])).toBe(
      "Saturday, March 2\nb: 2 users\na: 1 users",
    );
    expect(tooltip(input, [])).toBe("");
    const many = Array.from({ length: 20 }, (_, index) => point(`g${index}`, index));
    expect(tooltip(input, many).split("\n")).toHaveLength(14);
  });

  it("give what events contain no meaning", () => {
    expect(tooltip(input, [{ dataIndex: 0, seriesName: "{a|<b>}\nx", value: 1 }])).toBe(
      "Friday, March 1\n a <b> x: 1 users",
    );
  });
});
