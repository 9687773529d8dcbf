// Samples as the browser's engine reads them, and random questions.

import { readFile } from "node:fs/promises";

import { loadPreview } from "../../../npm/dist/preview.js";
import { numbersFrom } from "./shop.mjs";

const wasm = new URL("../../../npm/dist/wasm/preview_bg.wasm", import.meta.url);

/** The module that the dashboard's worker loads. */
export async function previewModule() {
  return loadPreview(await readFile(wasm));
}

/** The sample of a server. */
export async function sampleOf(module, origin, parameters) {
  const answer = await fetch(`${origin}/api/v1/preview?${new URLSearchParams(parameters)}`);
  if (!answer.ok) {
    throw new Error(await answer.text());
  }
  return module.ofFrame(new Uint8Array(await answer.arrayBuffer()));
}

/** What was asked of random questions about a shop, the same for a seed. `event` names an event type of the shop. */
export function randomQuestions(seed, count, { event = (name) => name, users = false } = {}) {
  const random = numbersFrom(seed);
  const below = (limit) => Math.floor(random() * limit);
  const pick = (list) => list[below(list.length)];
  const maybe = (chance, make) => (random() < chance ? make() : {});
  const day = (offset) => new Date(Date.UTC(2024, 0, 1 + offset)).toISOString().slice(0, 10);

  const range = () => {
    const start = below(150);
    return { start: day(start), end: day(start + 7 + below(90)) };
  };
  const filter = () =>
    pick([
      { property: "platform", op: "is", values: [pick(["mobile", "desktop"])] },
      { property: "platform", op: "is_not", values: ["mobile"] },
      { property: "user_lifecycle", op: "exists" },
      { property: "session_id", op: "contains", values: [String(below(10))] },
    ]);
  const step = () => ({ event: event(pick(EVENTS)), ...maybe(0.2, () => ({ filters: [filter()] })) });
  const common = () => ({
    range: range(),
    ...maybe(0.3, () => ({ time_zone: pick(["Asia/Tokyo", "America/New_York", "Europe/Berlin"]) })),
    ...maybe(users ? 0.3 : 0, () => ({
      user_filters: [pick([{ property: "plan", op: "is", values: ["paid"] }, { property: "plan", op: "not_exists" }])],
    })),
    ...maybe(0.3, () => ({
      breakdown: users && random() < 0.5 ? { property: "plan", of: "user" } : { property: "platform" },
    })),
  });
  const counted = () => ({ event: event(pick(EVENTS)) });

  const kinds = {
    funnel: () => ({
      ...common(),
      steps: Array.from({ length: 1 + below(4) }, step),
      window: { amount: 1 + below(30), unit: pick(["hours", "days", "calendar_days"]) },
      ...maybe(0.3, () => ({ order: pick(["ordered", "any"]), entry: pick(["first", "best"]) })),
    }),
    retention: () => ({
      ...common(),
      start_event: counted(),
      return_event: counted(),
      period: pick(["day", "week", "month"]),
      columns: 1 + below(8),
      ...maybe(0.3, () => ({ cohort_by: "recurring" })),
      ...maybe(0.3, () => ({ return_on: "on_or_after" })),
      ...maybe(0.3, () => ({ mode: "rolling" })),
    }),
    trends: () => ({
      ...common(),
      event: counted(),
      interval: pick(["day", "week", "month"]),
      measure: pick(["users", "events"]),
    }),
  };
  return Array.from({ length: count }, () => {
    const kind = pick(["funnel", "funnel", "retention", "trends"]);
    return { kind, query: kinds[kind]() };
  });
}

const EVENTS = ["home", "search", "catalog", "product_view", "add_to_cart", "purchase"];

/** Whether each number that has an interval lies within it, of the true answer and that of a sample. */
export function heldOf(kind, truth, { answer, intervals }) {
  const held = [];
  const check = (value, interval) => {
    if (value !== null && value !== undefined && interval != null) {
      held.push(interval[0] - 1e-9 <= value && value <= interval[1] + 1e-9);
    }
  };
  const steps = (of, within) =>
    of.forEach((step, at) => {
      for (const name of ["count", "dropped", "pending"]) {
        check(step[name], within[at][name]);
      }
      // The first step's share is 1 by what it is.
      if (at > 0) {
        check(step.converted_from_previous, within[at].converted_from_previous);
        check(step.converted_from_first, within[at].converted_from_first);
      }
    });
  const rows = (of, within) =>
    of.forEach((row, at) => {
      check(row.size, within[at].size);
      row.cells.forEach((cell, column) => {
        check(cell.count, within[at].cells[column].count);
        check(cell.rate, within[at].cells[column].rate);
      });
    });
  const series = (of, within) => {
    of.values.forEach((value, at) => check(value, within.values[at]));
    check(of.total, within.total);
  };
  const all = { funnel: (of, within) => steps(of.steps, within.steps), retention: (of, within) => rows(of.rows, within.rows), trends: series }[kind];
  all(truth, intervals);
  // Of groups those that the sample shows and that are no collection of others.
  const one = { funnel: (of, within) => steps(of.steps, within), retention: (of, within) => rows(of.rows, within), trends: series }[kind];
  answer.groups.forEach((group, at) => {
    const same = truth.groups.find(({ value, other }) => value === group.value && other === group.other);
    if (same !== undefined && !group.other) {
      one(same, intervals.groups[at]);
    }
  });
  return held;
}
