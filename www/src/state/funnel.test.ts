import { expect, test } from "vitest";

import { funnelCodec, newFunnel, type Funnel } from "./funnel";

const RANGE = { start: "2024-01-01", end: "2024-07-01" };

const WHOLE: Funnel = {
  range: RANGE,
  time_zone: "Europe/Paris",
  steps: [
    { event: "home", filters: [{ property: "platform", op: "is", values: ["mobile", "a,b"] }] },
    { event: "<script>", filters: [] },
  ],
  window: { amount: 7, unit: "calendar_days" },
  order: "any",
  entry: "best",
  exclude: [{ event: "error_page", filters: [], after_step: 0, before_step: 1 }],
  user_filters: [{ property: "plan", op: "exists", values: [] }],
  breakdown: { property: "platform", of: "event", step: 1, limit: 5 },
  experiment: { control: "mobile" },
};

test("a funnel comes back from its link as it was", () => {
  for (const funnel of [WHOLE, newFunnel(RANGE, ["home"])]) {
    expect(funnelCodec.decode(JSON.parse(JSON.stringify(funnel)))).toEqual(funnel);
    expect(funnelCodec.isComplete(funnel)).toBe(true);
  }
});

test("what makes no sense is left out, and a body of the API is a link's", () => {
  const check = (value: unknown, expected: Funnel | undefined) => expect(funnelCodec.decode(value)).toEqual(expected);
  const least = { range: RANGE, steps: [{ event: "home" }] };
  check(least, newFunnel(RANGE, ["home"]));
  check({ ...least, order: "sideways", window: { amount: -1, unit: "days" } }, newFunnel(RANGE, ["home"]));
  check({ ...least, experiment: { control: "a" } }, newFunnel(RANGE, ["home"]));
  check({ ...least, steps: [{ event: "home" }, 7, null, { name: "x" }] }, newFunnel(RANGE, ["home"]));
  for (const none of [
    undefined,
    null,
    3,
    [],
    "x",
    { steps: [] },
    { ...least, range: { start: "2024-02-30", end: "2024-03-01" } },
  ]) {
    check(none, undefined);
  }
});

test("an unfinished funnel is not asked", () => {
  const unfinished = (part: Partial<Funnel>) => expect(funnelCodec.isComplete({ ...WHOLE, ...part })).toBe(false);
  unfinished({ steps: [] });
  unfinished({ steps: [{ event: "", filters: [] }] });
  unfinished({ steps: [{ event: "home", filters: [{ property: "", op: "exists", values: [] }] }] });
  unfinished({ user_filters: [{ property: "plan", op: "is", values: [] }] });
  unfinished({ breakdown: { property: "" } });
});
