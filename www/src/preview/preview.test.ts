import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { formatCount, formatShare } from "../format/numbers";
import { reach } from "./reach";

let pathOf: typeof import("./client").pathOf;

beforeAll(async () => {
  vi.stubGlobal("Worker", class extends EventTarget {});
  ({ pathOf } = await import("./client"));
});
afterAll(() => vi.unstubAllGlobals());

test("a number has how far it may be off beside it", () => {
  expect(reach(120, [91, 153], formatCount)).toBe(" \u00b1 33");
  expect(reach(0.3, [0.25, 0.34], formatShare)).toBe(" \u00b1 5%");
  expect(reach(7, [7, 7], formatCount)).toBe("");
  expect(reach(null, [1, 2], formatCount)).toBe("");
  expect(reach(7, null, formatCount)).toBe("");
});

test("a sample is asked for with a day to spare on both sides", () => {
  const from_ms = Date.parse("2024-03-01T15:00:00Z");
  const needs = { events: ["a b", "c"], from_ms, before_ms: from_ms + 60_000, user_properties: ["plan"] };
  expect(pathOf(needs)).toBe(
    "api/v1/preview?start=2024-02-29&end=2024-03-03&events=a+b%2Cc&user_properties=plan",
  );
});

test("all types are asked for where their names cannot be", () => {
  const needs = { events: null, from_ms: 0, before_ms: 0, user_properties: [] };
  const path = "api/v1/preview?start=1969-12-31&end=1970-01-03";
  expect(pathOf(needs)).toBe(path);
  expect(pathOf({ ...needs, events: ["a,b"] })).toBe(path);
  expect(pathOf({ ...needs, events: Array.from({ length: 33 }, (_, at) => `e${at}`) })).toBe(path);
  expect(() => pathOf({ ...needs, user_properties: ["a,b"] })).toThrow();
});
