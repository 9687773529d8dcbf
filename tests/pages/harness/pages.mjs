// Pages with the tag, and what a test does in them and asks of them.

import { readFileSync } from "node:fs";
import { expect } from "./fixtures.mjs";

/** The snippet of the README. */
const snippet = readFileSync(new URL("../../../npm/dist/eventhub-snippet.js", import.meta.url), "utf8");

/** Options with which a test does not wait. */
const QUICK = { flushInterval: 0.05 };

/** A page with the tag as a plain script, and `hub` made by it. */
export function tagged(src, options = {}, { attributes = "", head = "", name = "shop" } = {}) {
  const made = `window.hub = newEventHub(${JSON.stringify(name)}, ${JSON.stringify({ ...QUICK, ...options })})`;
  return document(head, `<script src="${src}" ${attributes}></script>\n<script>${made}</script>`);
}

/** A page with the snippet, which loads the tag at its leisure; `hub` is made at once. */
export function withSnippet(src, options = {}, { then = "" } = {}) {
  const made = `window.hub = newEventHub("shop", ${JSON.stringify({ ...QUICK, ...options })})`;
  return document("", `<script>${snippet}</script>\n<script>${made};${then}</script>\n<script async src="${src}"></script>`);
}

export function document(head, body) {
  return `<!doctype html>\n<html><head><title>Shop</title>${head}</head><body>${body}</body></html>`;
}

/** Tracks `count` events `type` whose property `n` is `MARK-0`, `MARK-1`, ... and returns these marks. */
export async function track(page, mark, count, type = "view") {
  return page.evaluate(
    ([mark, count, type]) => {
      const marks = Array.from({ length: count }, (_, index) => `${mark}-${index}`);
      marks.forEach((n) => hub.track(type, { n }));
      return marks;
    },
    [mark, count, type],
  );
}

/** Waits until the queue of a page is empty. */
export async function untilDelivered(page) {
  await expect.poll(() => page.evaluate(() => hub.stats().queued)).toBe(0);
}

/** Waits for the events of these marks, and fails when one is missing, there twice, or was never tracked. */
export async function expectEachOnce({ server, network }, marks) {
  await expect.poll(async () => (await server.events()).length).toBeGreaterThanOrEqual(marks.length);
  await network.quiet();
  const events = await server.events();
  expect(sorted(events.map((event) => event.properties.n))).toEqual(sorted(marks));
  return events;
}

/** Fails when a user's events of one mark are not stored in the order in which they were tracked. */
export function expectInOrder(events) {
  const last = new Map();
  const late = [];
  for (const { external_user_id: user, timestamp, properties } of events) {
    const [mark, index] = properties.n.split("-");
    const before = last.get(`${user} ${mark}`);
    if (before !== undefined && (Number(index) < before.index || timestamp < before.timestamp)) {
      late.push(`${user}: ${properties.n} after ${mark}-${before.index}`);
    }
    last.set(`${user} ${mark}`, { index: Number(index), timestamp });
  }
  // One expectation, not one an event: each takes a millisecond.
  expect(late).toEqual([]);
}

/** The users of the events, each once. */
export function usersOf(events) {
  return [...new Set(events.map((event) => event.external_user_id))];
}

function sorted(texts) {
  return texts.toSorted();
}
