import { describe, expect, it } from "vitest";
import { columnName, periodName, periodTick, wallClock } from "./periods";

describe("periods", () => {
  it("are named by the clock of the question's zone, not by that of the reader", () => {
    const start = "2024-03-01T00:00:00+13:00";
    expect(wallClock(start).toISOString()).toBe("2024-03-01T00:00:00.000Z");
    expect(periodName(start, "day", "en-US")).toBe("Fri, Mar 1, 2024");
    expect(periodName("2024-03-01T00:00:00Z", "day", "en-US")).toBe("Fri, Mar 1, 2024");
  });

  it("have a name each", () => {
    const start = "2024-03-04T13:00:00-08:00";
    expect(periodName(start, "hour", "en-GB")).toContain("13:00");
    expect(periodName(start, "week", "en-US")).toBe("Week of Mar 4, 2024");
    expect(periodName(start, "month", "en-US")).toBe("March 2024");
    expect(periodTick(start, "week", "en-US")).toBe("Mar 4");
    expect(periodTick(start, "month", "en-US")).toBe("Mar 2024");
  });

  it("are counted in columns", () => {
    expect(columnName(0, "day", 1)).toBe("Day 0");
    expect(columnName(2, "week", 1)).toBe("Week 2");
    expect(columnName(1, "day", 7)).toBe("Days 7-13");
  });
});
