import { describe, expect, it } from "vitest";
import { daysOf } from "./days";

const at = (time: string) => ({ timestamp: Date.parse(time) });

describe("days of a timeline", () => {
  const events = [at("2024-03-01T22:30:00Z"), at("2024-03-01T23:30:00Z"), at("2024-03-03T00:00:00Z")];

  it("are those of the time zone", () => {
    expect(daysOf(events, "UTC").map((day) => [day.day, day.events.length])).toEqual([
      ["2024-03-01", 2],
      ["2024-03-03", 1],
    ]);
    expect(daysOf(events, "Europe/Paris").map((day) => [day.day, day.events.length])).toEqual([
      ["2024-03-01", 1],
      ["2024-03-02", 1],
      ["2024-03-03", 1],
    ]);
  });

  it("say how long each event came after the one before", () => {
    expect(daysOf(events, "UTC").flatMap((day) => day.events.map((it) => it.afterMs))).toEqual([
      null,
      3_600_000,
      88_200_000,
    ]);
    expect(daysOf([], "UTC")).toEqual([]);
  });
});
