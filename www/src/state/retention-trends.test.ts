import { describe, expect, it } from "vitest";
import { fromCounted, isCountedComplete, toCounted } from "./counted";
import { newRetention, retentionCodec, retentionQuery } from "./retention";
import { measuredBy, newTrends, trendsCodec, trendsQuery } from "./trends";

const range = { start: "2024-01-01", end: "2024-02-01" };
const throughLink = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("retention in a link", () => {
  const full = {
    ...newRetention(range),
    time_zone: "Europe/Paris",
    period: "month" as const,
    every: 2,
    start_event: { event: "home", filters: [{ property: "platform", op: "is" as const, values: ["ios"] }] },
    return_event: { filters: [{ property: "plan", op: "exists" as const, values: [] }] },
    cohort_by: "recurring" as const,
    return_on: "on_or_after" as const,
    mode: "rolling" as const,
    columns: 3,
    user_filters: [{ property: "country", op: "is_not" as const, values: ["fr", "de"] }],
    breakdown: { property: "plan", of: "user" as const, limit: 5 },
  };

  it("comes back as it was", () => {
    expect(retentionCodec.decode(throughLink(full))).toEqual(full);
    expect(retentionCodec.decode(throughLink(newRetention(range)))).toEqual(newRetention(range));
    expect(retentionCodec.isComplete(full)).toBe(true);
  });

  it("has the server's defaults, and none of what makes no sense", () => {
    const short = { range, start_event: "any", return_event: { event: "buy" }, period: "year", columns: -1, every: 0 };
    expect(retentionCodec.decode(short)).toEqual({
      ...newRetention(range),
      period: "day",
      return_event: { event: "buy", filters: [] },
    });
    for (const bad of [null, 1, {}, { range }, { range, start_event: "any" }, { ...short, range: "now" }]) {
      expect(retentionCodec.decode(bad)).toBeUndefined();
    }
  });

  it("is asked once all of it is there", () => {
    const question = newRetention(range);
    const incomplete = [
      { ...question, columns: 0 },
      { ...question, start_event: { event: "" } },
      { ...question, breakdown: { property: "", of: "event" as const, limit: 20 } },
    ];
    expect(incomplete.map((it) => retentionCodec.isComplete(it))).toEqual([false, false, false]);
    expect(retentionQuery(question)).toHaveProperty("week_start", "monday");
    expect(retentionQuery({ ...question, period: "day" })).not.toHaveProperty("week_start");
  });
});

describe("trends in a link", () => {
  it("come back as they were", () => {
    for (const measure of [
      { function: "events" as const },
      { function: "sum" as const, property: "price" },
      { function: "percentile" as const, property: "price", percentile: 99.5 },
    ]) {
      const trends = { ...newTrends(range), measure };
      expect(trendsCodec.decode(throughLink(trends))).toEqual(trends);
    }
  });

  it("take the short form of a measure, and none that makes no sense", () => {
    const measureOf = (measure: unknown) => trendsCodec.decode({ range, event: "any", measure })?.measure;
    expect(measureOf("users")).toEqual({ function: "users" });
    expect(measureOf(undefined)).toEqual({ function: "events" });
    expect(measureOf({ function: "sum" })).toEqual({ function: "sum", property: "" });
    expect(measureOf({ function: "percentile", property: "x", percentile: 101 })).toEqual({
      function: "percentile",
      property: "x",
      percentile: 90,
    });
  });

  it("keep the property from one function to the next, and none where there is none", () => {
    expect(measuredBy("max", { function: "sum", property: "price" })).toEqual({ function: "max", property: "price" });
    expect(measuredBy("users", { function: "sum", property: "price" })).toEqual({ function: "users" });
    expect(trendsCodec.isComplete({ ...newTrends(range), measure: { function: "sum", property: "" } })).toBe(false);
    expect(trendsQuery({ ...newTrends(range), interval: "hour" })).not.toHaveProperty("week_start");
  });
});

describe("counted events", () => {
  it("are edited as a step whose event may be any", () => {
    const filters = [{ property: "a", op: "is" as const, values: ["1"] }];
    for (const counted of ["any" as const, { event: "x", filters }, { event: "x", filters: [] }, { filters }]) {
      expect(fromCounted(toCounted(counted))).toEqual(counted);
      expect(isCountedComplete(counted)).toBe(true);
    }
    expect(isCountedComplete({ event: "", filters: [] })).toBe(false);
  });
});
