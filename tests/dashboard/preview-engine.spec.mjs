// What the browser's engine makes of samples of the real server, held against the server's own answers.

import { Server } from "../pages/harness/server.mjs";
import { Api, expect, test } from "./harness/fixtures.mjs";
import { heldOf, previewModule, randomQuestions, sampleOf } from "./harness/previews.mjs";
import { importShop, importShops } from "./harness/shop.mjs";

/** All times that a question may need. */
const DAYS = { start: "2023-12-01", end: "2100-01-01" };
const QUESTIONS = 1_000;
const SHOPS = 24;
/** Of each shop's 31,106 events. */
const EVENTS_MAX = [3_000, 12_000];
const COVERAGE_MIN = 0.93;

test("on everyone the browser's answers are the server's, in 1,000 random questions", async () => {
  test.setTimeout(300_000);
  const server = await Server.start([], importShop);
  try {
    const hub = new Api(server.origin);
    const id = (user) => `user_${String(user).padStart(4, "0")}`;
    for (let user = 0; user < 120; user += 1) {
      await hub.patch(`users/${id(user)}`, { set: { plan: user % 3 === 0 ? "paid" : "free" } });
    }
    for (let user = 0; user < 40; user += 1) {
      const alias = { from_external_user_id: id(200 + user), to_external_user_id: id(100 + user) };
      await hub.post("users/alias", alias);
    }
    for (let user = 300; user < 310; user += 1) {
      await fetch(`${server.origin}/api/v1/users/${id(user)}`, { method: "DELETE" });
    }
    const sample = await sampleOf(await previewModule(), server.origin, { ...DAYS, user_properties: "plan" });
    expect(sample.drawn.persons).toBe(sample.drawn.of_persons);
    for (const { kind, query } of randomQuestions(1, QUESTIONS, { users: true })) {
      const { elapsed_ms: _, events_scanned: __, ...expected } = await hub.post(kind, query);
      const now = Date.now();
      expect(sample.covers(kind, query, now), JSON.stringify(query)).toBe(true);
      expect(sample.answer(kind, query, now), `${kind} ${JSON.stringify(query)}`).toEqual(expected);
      expect(sample.estimate(kind, query, now).answer, `${kind} ${JSON.stringify(query)}`).toEqual(expected);
    }
  } finally {
    await server.stop();
  }
});

test("on samples the true numbers lie in the 95 % intervals", async () => {
  test.setTimeout(300_000);
  const server = await Server.start([], (binary, data) => importShops(binary, data, SHOPS));
  try {
    const hub = new Api(server.origin);
    const module = await previewModule();
    const types = (await hub.get("event-types")).event_types.map(({ name }) => name);
    const held = { funnel: [], retention: [], trends: [] };
    // Of each shop other users are drawn.
    for (let shop = 0; shop < SHOPS; shop += 1) {
      const event = (name) => `${name}#${shop}`;
      const events = types.filter((name) => name.endsWith(`#${shop}`)).join(",");
      for (const max_events of EVENTS_MAX) {
        const sample = await sampleOf(module, server.origin, { ...DAYS, events, max_events });
        expect(sample.drawn.persons).toBeLessThan(sample.drawn.of_persons);
        for (const { kind, query } of randomQuestions(shop * 7 + max_events, 20, { event })) {
          held[kind].push(...heldOf(kind, await hub.post(kind, query), sample.estimate(kind, query)));
        }
        sample.close();
      }
    }
    const shareOf = (list) => list.filter(Boolean).length / list.length;
    const shares = Object.entries(held).map(([kind, list]) => `${kind} ${(100 * shareOf(list)).toFixed(1)} % of ${list.length}`);
    console.log(`true numbers within their intervals: ${shares.join(", ")}`);
    for (const list of Object.values(held)) {
      expect(shareOf(list)).toBeGreaterThan(COVERAGE_MIN);
    }
  } finally {
    await server.stop();
  }
});
