import { expect, test } from "vitest";

import { daysLater, isDay, rangeUpTo, today } from "../state/days";
import { formatRange } from "./dates";
import { formatDuration } from "./durations";
import { formatChange, formatShare } from "./numbers";

test("durations are said in their two largest units", () => {
  const check = (seconds: number | null, expected: string) => expect(formatDuration(seconds)).toBe(expected);
  check(null, "\u2013");
  check(0, "0 sec");
  check(0.25, "0.25 sec");
  check(59.6, "1 min");
  check(61, "1 min 1 sec");
  check(3_599, "59 min 59 sec");
  check(7_199, "2 hr");
  check(90_000, "1 day 1 hr");
  check(86_399, "24 hr");
});

test("shares and changes", () => {
  expect(formatShare(null)).toBe("\u2013");
  expect(formatShare(0.2133)).toBe("21.3%");
  expect(formatChange(-0.2635)).toBe("-26.4%");
  expect(formatChange(0.5)).toBe("+50%");
});

test("days are reckoned without regard to clocks that change", () => {
  expect(isDay("2024-02-29")).toBe(true);
  expect(isDay("2023-02-29")).toBe(false);
  expect(daysLater("2024-03-30", 2)).toBe("2024-04-01");
  expect(rangeUpTo("2024-03-31", 7)).toEqual({ start: "2024-03-25", end: "2024-04-01" });
  expect(today("Pacific/Kiritimati", new Date("2024-01-01T11:00:00Z"))).toBe("2024-01-02");
  expect(formatRange({ start: "2024-01-01", end: "2024-01-02" })).toBe("Jan 1, 2024");
});
