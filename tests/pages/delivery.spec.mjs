// What is tracked arrives: once, whole, in order, whatever becomes of the page.

import { once } from "node:events";
import { createServer } from "node:http";
import { test, expect } from "./harness/fixtures.mjs";
import { late, lateAnswer, lostOnTheWay } from "./harness/network.mjs";
import { document, expectEachOnce, expectInOrder, tagged, track, untilDelivered, usersOf } from "./harness/pages.mjs";

test.beforeEach(({ site, network }) => site.add("/", tagged(`${network.origin}/eventhub.js`)));

test("an event arrives with its properties, user and time", async ({ page, site, server, network }) => {
  const before = Date.now();
  await page.goto(site.origin);
  await page.evaluate(() => {
    hub.identify("ada");
    hub.track("buy", { item: "caf\u00e9 \ud83d\ude00", price: 2.5, gift: true, coupon: null, n: "only-0" });
  });
  const [event] = await expectEachOnce({ server, network }, ["only-0"]);
  expect(event).toMatchObject({ event_type: "buy", external_user_id: "ada" });
  expect(event.properties).toEqual({ item: "caf\u00e9 \ud83d\ude00", price: "2.5", gift: "true", n: "only-0" });
  expect(event.timestamp).toBeGreaterThanOrEqual(before);
  expect(event.timestamp).toBeLessThanOrEqual(Date.now());
});

test("the request is a simple one, so that no other goes before it", async ({ page, site, network }) => {
  await page.goto(site.origin);
  await track(page, "simple", 3);
  await untilDelivered(page);
  expect(network.requests.map((request) => request.method)).toEqual(["POST"]);
  const [{ headers, body }] = network.requests;
  expect(headers["content-type"]).toMatch(/^text\/plain/);
  expect(body.subarray(0, 2).toString()).toBe("EB");
});

test("flush resolves when everything is stored, whatever the interval", async ({ page, site, server, network }) => {
  site.add("/slow", tagged(`${network.origin}/eventhub.js`, { flushInterval: 3600 }));
  await page.goto(`${site.origin}/slow`);
  const marks = await track(page, "flushed", 5);
  expect(await server.events()).toEqual([]);
  await page.evaluate(() => hub.flush());
  expect((await server.events()).map((event) => event.properties.n)).toEqual(marks);
  expect(await page.evaluate(() => hub.stats())).toMatchObject({ queued: 0, sent: 5, dropped: 0, rejected: 0 });
});

test("10,000 events of one page", async ({ page, site, server, network }) => {
  await page.goto(site.origin);
  const marks = await track(page, "many", 10_000);
  await untilDelivered(page);
  expectInOrder(await expectEachOnce({ server, network }, marks));
  expect(await page.evaluate(() => hub.stats())).toMatchObject({ queued: 0, dropped: 0, rejected: 0 });
});

test("a reload while the request is on its way", async ({ page, site, server, network }) => {
  network.faults = [late(700), lateAnswer(700)];
  await page.goto(site.origin);
  const first = await track(page, "first", 20);
  await expect.poll(() => network.posts.length).toBe(1);
  await page.reload();
  const second = await track(page, "second", 20);
  await expect.poll(() => network.posts.length).toBeGreaterThanOrEqual(2);
  await page.reload();
  await untilDelivered(page);
  expectInOrder(await expectEachOnce({ server, network }, [...first, ...second]));
});

test("many reloads, each with events that are not sent yet", async ({ page, site, server, network }) => {
  network.breakBy(late(200));
  const marks = [];
  for (let round = 0; round < 6; round += 1) {
    await page.goto(site.origin);
    marks.push(...(await track(page, `round${round}`, 5)));
  }
  expectInOrder(await expectEachOnce({ server, network }, marks));
});

test("a visitor who leaves at once: the request goes with the page", async ({ page, site, server, network }) => {
  site.add("/elsewhere", document("", "no tag here"));
  site.add("/slow", tagged(`${network.origin}/eventhub.js`, { flushInterval: 3600 }));
  await page.goto(`${site.origin}/slow`);
  const marks = await track(page, "left", 3);
  await page.goto(`${site.origin}/elsewhere`);
  await expectEachOnce({ server, network }, marks);
});

test("a visitor who leaves with more than one request may carry", async ({ page, site, server, network }) => {
  site.add("/elsewhere", document("", "no tag here"));
  site.add("/slow", tagged(`${network.origin}/eventhub.js`, { flushInterval: 3600 }));
  await page.goto(`${site.origin}/slow`);
  const marks = await page.evaluate(() => {
    const marks = Array.from({ length: 60 }, (_, index) => `heavy-${index}`);
    marks.forEach((n) => hub.track("view", { n, text: "x".repeat(2_000) }));
    return marks;
  });
  await page.goto(`${site.origin}/elsewhere`);
  await page.goto(site.origin);
  await untilDelivered(page);
  // A page that ends does not wait for one answer before it sends the next, so the order of receipt is nobody's.
  await expectEachOnce({ server, network }, marks);
});

test("a page that is left and come back to goes on as it was", async ({ page, site, server, network }) => {
  site.add("/", tagged(`${network.origin}/eventhub.js`), { "cache-control": "max-age=60" });
  site.add("/next", document("", "no tag here"));
  await page.goto(site.origin);
  const marks = await track(page, "before", 3);
  await page.evaluate(() => addEventListener("pageshow", (event) => (window.wasKept = event.persisted)));
  await page.goto(`${site.origin}/next`);
  await page.goBack({ waitUntil: "commit" });
  // The tag has nothing, such as a listener to `unload`, for which the browser would not keep the page.
  expect(await page.evaluate(() => window.wasKept)).toBe(true);
  marks.push(...(await track(page, "after", 3)));
  await untilDelivered(page);
  expectInOrder(await expectEachOnce({ server, network }, marks));
});

for (const persistence of ["session", "device"]) {
  test(`a page that is come back to goes on as the next one left off: ${persistence}`, async ({ page, site, server, network }) => {
    const tag = tagged(`${network.origin}/eventhub.js`, { persistence });
    for (const path of ["/", "/next"]) site.add(path, tag, { "cache-control": "max-age=60" });
    const after = {
      nothing: () => {},
      reset: () => hub.reset(),
      identify: () => hub.identify("bob"),
      optOut: () => (hub.optOut(), hub.optIn()),
    };
    const marks = [];
    const users = {};
    for (const [mark, act] of Object.entries(after)) {
      await page.goto(site.origin);
      await page.evaluate(() => {
        hub.identify("ada");
        addEventListener("pageshow", (event) => (window.wasKept = event.persisted));
      });
      // A page that has or awaits a lock is not kept.
      await untilDelivered(page);
      await page.waitForTimeout(200);
      await page.goto(`${site.origin}/next`);
      await page.evaluate(act);
      await page.goBack({ waitUntil: "commit" });
      await expect.poll(() => page.evaluate(() => window.wasKept)).toBe(true);
      marks.push(...(await track(page, mark, 1)));
      await untilDelivered(page);
      const events = await server.events();
      users[mark] = events.find((event) => event.properties.n === `${mark}-0`).external_user_id;
    }
    await expectEachOnce({ server, network }, marks);
    expect(users).toMatchObject({ nothing: "ada", identify: "bob" });
    expect(new Set(Object.values(users)).size).toBe(4);
  });
}

test("an alias that arrives after what followed it makes the same person", async ({ page, site, server, network }) => {
  site.add("/elsewhere", document("", "no tag here"));
  site.add("/slow", tagged(`${network.origin}/eventhub.js`, { flushInterval: 3600 }));
  await page.goto(`${site.origin}/slow`);
  const marks = await track(page, "seen", 1, "seen");
  await page.evaluate(() => {
    hub.alias("ada");
    hub.identify("ada");
  });
  marks.push(...(await track(page, "signup", 1, "signup")));
  // Of the three requests that a page ends with, the second is the alias.
  network.faults = [late(300), late(600)];
  await page.goto(`${site.origin}/elsewhere`);
  const events = await expectEachOnce({ server, network }, marks);
  expect(events.map((event) => event.event_type)).toEqual(["signup", "seen"]);
  await expect.poll(async () => (await server.person("ada")).ids.length).toBe(2);
  expect((await server.person("ada")).ids.toSorted()).toEqual(usersOf(events).toSorted());
});

test.describe("a site that uses up what browsers let outlive a page", () => {
  test.use({ requestsFail: true });

  test("loses nothing, and delays little", async ({ page, site, server, network }) => {
    // What is sent there is under way for ever.
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    await page.goto(site.origin);
    await page.evaluate((url) => {
      for (let sent = 0; sent < 2; sent += 1) {
        void fetch(url, { method: "POST", mode: "no-cors", keepalive: true, body: "x".repeat(32_000) });
      }
    }, `http://127.0.0.1:${silent.address().port}/`);
    const marks = await page.evaluate(() => {
      const marks = Array.from({ length: 20 }, (_, index) => `crowded-${index}`);
      marks.forEach((n) => hub.track("view", { n, text: "x".repeat(500) }));
      return marks;
    });
    await untilDelivered(page);
    expectInOrder(await expectEachOnce({ server, network }, marks));
    marks.push(...(await track(page, "left", 5)));
    await page.reload();
    await untilDelivered(page);
    await expectEachOnce({ server, network }, marks);
    silent.closeAllConnections();
    silent.close();
  });
});

test.describe("a closed tab", () => {
  test.use({ requestsFail: true });

  test("leaves its events to the next page, under its own user", async ({ context, site, server, network }) => {
    network.breakBy(lostOnTheWay);
    const closed = await context.newPage();
    await closed.goto(site.origin);
    await closed.evaluate(() => hub.identify("ada"));
    const marks = await track(closed, "closed", 30);
    await expect.poll(() => network.posts.length).toBeGreaterThan(0);
    await closed.close();
    expect(await server.events()).toEqual([]);

    network.mend();
    const next = await context.newPage();
    await next.goto(site.origin);
    await untilDelivered(next);
    const events = await expectEachOnce({ server, network }, marks);
    expectInOrder(events);
    expect(usersOf(events)).toEqual(["ada"]);
  });
});
