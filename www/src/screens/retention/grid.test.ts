import { describe, expect, it } from "vitest";
import { gridOf } from "./grid";

const cell = (count: number, size: number, complete = true) => ({
  count,
  rate: size === 0 ? null : count / size,
  complete,
});

describe("the grid of retention", () => {
  it("is darkest at the highest rate after column 0", () => {
    const grid = gridOf(
      [
        { start: "2024-01-01T00:00:00+00:00", size: 10, cells: [cell(10, 10), cell(4, 10)] },
        { start: "2024-01-08T00:00:00+00:00", size: 10, cells: [cell(10, 10), cell(2, 10)] },
      ],
      [1, 0.3],
    );
    expect(grid.highest).toBe(0.4);
    expect(grid.rows.map((row) => row.cells.map((it) => it.shade))).toEqual([
      [1, 1],
      [1, 0.5],
    ]);
    expect(grid.size).toBe(20);
    expect(grid.incomplete).toBe(false);
  });

  it("is not pale because of a row of one", () => {
    const grid = gridOf(
      [
        { start: "a", size: 50, cells: [cell(50, 50), cell(10, 50)] },
        { start: "b", size: 1, cells: [cell(1, 1), cell(1, 1)] },
      ],
      [1, 0.2],
    );
    expect(grid.highest).toBe(0.2);
    expect(grid.rows.map((row) => row.cells[1]?.shade)).toEqual([1, 1]);
  });

  it("takes column 0 when there is nothing else", () => {
    const grid = gridOf([{ start: "s", size: 4, cells: [cell(2, 4), cell(0, 4)] }], [0.5, 0]);
    expect(grid.highest).toBe(0.5);
    expect(grid.rows[0]?.cells.map((it) => it.shade)).toEqual([1, 0]);
  });

  it("tells cells that nobody can be in yet from those that are not over", () => {
    const cells = [cell(3, 4), cell(0, 4, false), cell(0, 4, false), cell(1, 4, false)];
    const grid = gridOf([{ start: "s", size: 4, cells }], [0.75, null, null, null]);
    expect(grid.rows[0]?.cells.map((it) => it.ahead)).toEqual([false, false, true, false]);
  });

  it("knows rows of nobody and cells that are not over", () => {
    const grid = gridOf([{ start: "s", size: 0, cells: [cell(0, 0), cell(0, 0, false)] }], [null, null]);
    expect(grid.rows[0]?.cells.map((it) => it.shade)).toEqual([0, 0]);
    expect(grid.incomplete).toBe(true);
    expect(grid.highest).toBe(0);
  });
});
