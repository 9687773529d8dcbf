// The network and the server fail in every way there is, and each event is stored once.

import { test, expect } from "./harness/fixtures.mjs";
import {
  late,
  lateAnswer,
  lostAnswer,
  lostOnTheWay,
  refused,
  refusedWithoutCors,
  sentTwice,
} from "./harness/network.mjs";
import { expectEachOnce, expectInOrder, tagged, track, untilDelivered } from "./harness/pages.mjs";

test.use({ requestsFail: true });
test.beforeEach(({ site, network }) => site.add("/", tagged(`${network.origin}/eventhub.js`)));

const FAULTS = {
  "requests are lost": [lostOnTheWay, lostOnTheWay],
  "answers are lost": [lostAnswer, lostAnswer],
  "requests arrive twice": [sentTwice, sentTwice, sentTwice],
  "requests are late": [late(600), late(300)],
  "answers are late": [lateAnswer(600), lateAnswer(300)],
  "503 with Retry-After": [refused(503, { "retry-after": "1" }), refused(503, { "retry-after": "0" })],
  "503 of a gateway that knows no CORS": [refusedWithoutCors(503), refusedWithoutCors(502)],
  "429 with Retry-After": [refused(429, { "retry-after": "1" }), refused(429)],
  "500 and 404 of a site under repair": [refused(500), refused(404)],
  "the answer is lost, then the server is busy": [lostAnswer, refused(503, { "retry-after": "1" }), lostAnswer],
};

for (const [what, faults] of Object.entries(FAULTS)) {
  test(what, async ({ page, site, server, network }) => {
    network.faults = [...faults];
    await page.goto(site.origin);
    const marks = await track(page, "a", 10);
    await expect.poll(() => network.posts.length).toBeGreaterThan(0);
    await page.evaluate(() => hub.identify("ada"));
    marks.push(...(await track(page, "b", 10)));
    await page.evaluate(() => hub.alias("ada"));
    marks.push(...(await track(page, "c", 10)));
    await untilDelivered(page);

    const events = await expectEachOnce({ server, network }, marks);
    expectInOrder(events);
    expect(network.faults).toEqual([]);
    // The visitor before and after she signed in is one person.
    expect((await server.person("ada")).ids.toSorted()).toEqual(
      [...new Set(events.map((event) => event.external_user_id))].toSorted(),
    );
    // The alias is one more.
    expect(await page.evaluate(() => hub.stats())).toMatchObject({ queued: 0, sent: 31, dropped: 0, rejected: 0 });
  });
}

for (const status of [503, 429]) {
  test(`${status}: nothing is sent before the time that Retry-After names`, async ({ page, site, server, network }) => {
    network.faults = [refused(status, { "retry-after": "3" })];
    await page.goto(site.origin);
    const marks = await track(page, "early", 3);
    await expect.poll(() => network.posts.length).toBe(1);
    marks.push(...(await track(page, "later", 3)));
    await untilDelivered(page);
    const [refusal, next] = network.posts;
    expect(next.arrived - refusal.arrived).toBeGreaterThanOrEqual(2_900);
    expect(next.arrived - refusal.arrived).toBeLessThan(8_000);
    await expectEachOnce({ server, network }, marks);
  });
}

test.describe("a server that lets a client send so many events per second", () => {
  test.use({ flags: ["--rate-limit", "10"] });

  test("gets them all in the end", async ({ page, site, server, network }) => {
    await page.goto(site.origin);
    // Ten seconds' worth is let through at once.
    const marks = await track(page, "fast", 130);
    await untilDelivered(page);
    expectInOrder(await expectEachOnce({ server, network }, marks));
    expect(network.posts.map(({ status }) => status)).toContain(429);
    // It waits for as long as it is told to, rather than ask again and again.
    expect(network.posts.length).toBeLessThan(8);
  });
});

test("pauses between attempts grow", async ({ page, site, network }) => {
  network.breakBy(refused(503));
  await page.clock.install();
  await page.goto(site.origin);
  await track(page, "patient", 1);
  // Ten minutes of the page's clock: attempts at every flush interval would be thousands.
  for (let minute = 0; minute < 10; minute += 1) {
    await page.clock.runFor(60_000);
    await network.quiet(50);
  }
  expect(network.posts.length).toBeGreaterThanOrEqual(3);
  expect(network.posts.length).toBeLessThanOrEqual(30);
});

test("offline, then online", async ({ context, page, site, server, network }) => {
  await page.goto(site.origin);
  const marks = await track(page, "before", 5);
  await untilDelivered(page);
  await context.setOffline(true);
  marks.push(...(await track(page, "offline", 40)));
  await page.waitForTimeout(1_500);
  expect(await page.evaluate(() => hub.stats().queued)).toBe(40);
  await context.setOffline(false);
  const online = Date.now();
  await untilDelivered(page);
  // The page is told, and does not wait for the end of its pause.
  expect(Date.now() - online).toBeLessThan(2_500);
  expectInOrder(await expectEachOnce({ server, network }, marks));
});

test("the page is left while offline, and the site opened again online", async ({ page, site, server, network }) => {
  await page.goto(site.origin);
  network.breakBy(lostOnTheWay);
  const marks = await track(page, "offline", 10);
  await page.goto("about:blank");
  await network.quiet();
  expect(await server.events()).toEqual([]);
  network.mend();
  await page.goto(site.origin);
  await untilDelivered(page);
  await expectEachOnce({ server, network }, marks);
});

test("the server is killed again and again while events come", async ({ page, site, server, network }) => {
  await page.goto(site.origin);
  const marks = [];
  for (let round = 0; round < 3; round += 1) {
    marks.push(...(await track(page, `up${round}`, 50)));
    await server.kill();
    marks.push(...(await track(page, `down${round}`, 50)));
    await page.waitForTimeout(200);
    await server.startAgain();
    await page.waitForTimeout(300);
  }
  await page.reload();
  await untilDelivered(page);
  expectInOrder(await expectEachOnce({ server, network }, marks));
});

test.describe("a server that takes small requests alone", () => {
  test.use({ flags: ["--body-bytes", "2000"] });

  test("gets smaller ones, and what is too large by itself is counted", async ({ page, site, server, network }) => {
    await page.goto(site.origin);
    const marks = await track(page, "small", 40);
    await page.evaluate(() => hub.track("view", { n: "huge-0", text: "x".repeat(3_000) }));
    marks.push(...(await track(page, "after", 10)));
    await untilDelivered(page);
    expectInOrder(await expectEachOnce({ server, network }, marks));
    expect(await page.evaluate(() => hub.stats())).toMatchObject({ sent: 50, rejected: 1, dropped: 0 });
  });
});

test("flush tells when it was in vain", async ({ page, site, server, network }) => {
  network.breakBy(lostOnTheWay);
  await page.goto(site.origin);
  const marks = await track(page, "vain", 3);
  expect(await page.evaluate(() => hub.flush())).toBe(false);
  network.mend();
  expect(await page.evaluate(() => hub.flush())).toBe(true);
  await expectEachOnce({ server, network }, marks);
});

test("one bad event of many leaves the others", async ({ page, site, server, network }) => {
  await page.goto(site.origin);
  const marks = await page.evaluate(() => {
    const marks = Array.from({ length: 10 }, (_, index) => `good-${index}`);
    marks.forEach((n, index) => {
      hub.track("view", { n });
      if (index === 4) {
        hub.track("", { n: "no type" });
        hub.track("view", { n: "nested", deep: { a: [1] } });
        hub.track("view", { n: "long", ["k".repeat(300)]: "v" });
        hub.track("v".repeat(1_000), { n: "long type" });
        hub.track(undefined);
        hub.track("view", null);
        hub.track("view", "text");
        hub.track("view", new Proxy({}, { ownKeys: () => { throw new Error("no keys for you"); } }));
      }
    });
    return marks;
  });
  await untilDelivered(page);
  const events = await server.events();
  const stored = events.map((event) => event.properties.n).filter((n) => n?.startsWith("good-"));
  expect(stored).toEqual(marks);
});

test("faults of all kinds over several pages", async ({ page, site, server, network }) => {
  const kinds = [lostOnTheWay, lostAnswer, sentTwice, late(150), lateAnswer(150), refused(503, { "retry-after": "0" })];
  // The same order in every run, and no order a person would choose.
  let state = 7;
  const random = (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  network.breakBy((exchange) => (random(3) === 0 ? kinds[random(kinds.length)](exchange) : late(random(60))(exchange)));
  const marks = [];
  for (let round = 0; round < 8; round += 1) {
    await page.goto(site.origin);
    await page.evaluate((user) => hub.identify(user), `user${round % 3}`);
    for (let step = 0; step < 3; step += 1) {
      marks.push(...(await track(page, `r${round}s${step}`, 1 + random(20))));
      await page.waitForTimeout(random(200));
    }
  }
  network.mend();
  await page.reload();
  await untilDelivered(page);
  expectInOrder(await expectEachOnce({ server, network }, marks));
});
