// Storage that is full, shut, or kept small.

import { test, expect } from "./harness/fixtures.mjs";
import { refused } from "./harness/network.mjs";
import { expectEachOnce, expectInOrder, tagged, track, untilDelivered } from "./harness/pages.mjs";

test.use({ requestsFail: true });

/** Takes all that the site's storage still has. */
const fill = () => {
  for (let length = 1 << 20; length >= 1; length >>= 1) {
    try {
      for (let index = 0; ; index += 1) {
        localStorage.setItem(`ballast-${length}-${index}`, "x".repeat(length));
      }
    } catch {
      // Nothing of this length fits any more.
    }
  }
};

test("a storage that is full before the first event", async ({ page, site, server, network }) => {
  site.add("/", tagged(`${network.origin}/eventhub.js`));
  network.breakBy(refused(503));
  await page.addInitScript(fill);
  await page.goto(site.origin);
  const marks = await track(page, "full", 200);
  await expect.poll(() => network.posts.length).toBeGreaterThan(0);
  network.mend();
  await untilDelivered(page);
  expectInOrder(await expectEachOnce({ server, network }, marks));
});

test("a storage that fills up while events wait", async ({ page, site, server, network }) => {
  site.add("/", tagged(`${network.origin}/eventhub.js`));
  network.breakBy(refused(503));
  await page.goto(site.origin);
  const marks = await track(page, "before", 50);
  await page.evaluate(fill);
  marks.push(...(await track(page, "full", 50)));
  // The site makes room again.
  await page.evaluate(() => {
    Object.keys(localStorage).filter((key) => key.startsWith("ballast-")).forEach((key) => localStorage.removeItem(key));
  });
  marks.push(...(await track(page, "after", 50)));
  network.mend();
  await untilDelivered(page);
  const events = await expectEachOnce({ server, network }, marks);
  expectInOrder(events);
});

test("a full storage: what fitted in outlives the page", async ({ page, site, server, network }) => {
  site.add("/", tagged(`${network.origin}/eventhub.js`));
  network.breakBy(refused(503));
  await page.goto(site.origin);
  const marks = await track(page, "fitted", 50);
  await page.evaluate(fill);
  await page.reload();
  network.mend();
  marks.push(...(await track(page, "next", 5)));
  await untilDelivered(page);
  await expectEachOnce({ server, network }, marks);
});

const SHUT = {
  "throws when it is touched": (page) =>
    page.addInitScript(() => {
      for (const name of ["localStorage", "sessionStorage"]) {
        const get = () => {
          throw new DOMException("no storage", "SecurityError");
        };
        Object.defineProperty(window, name, { get });
      }
    }),
  "is there and takes nothing": (page) =>
    page.addInitScript(() => {
      Storage.prototype.setItem = () => {
        throw new DOMException("full", "QuotaExceededError");
      };
    }),
  "is null": (page) =>
    page.addInitScript(() => {
      for (const name of ["localStorage", "sessionStorage"]) {
        Object.defineProperty(window, name, { value: null });
      }
    }),
  "belongs to a sandboxed page": (page, add) => add({ "content-security-policy": "sandbox allow-scripts" }),
};

for (const [what, shut] of Object.entries(SHUT)) {
  test(`a storage that ${what}`, async ({ page, site, server, network }) => {
    const add = (headers) => site.add("/", tagged(`${network.origin}/eventhub.js`), headers);
    add({});
    await shut(page, add);
    network.faults = [refused(503, { "retry-after": "0" }), refused(503, { "retry-after": "0" })];
    await page.goto(site.origin);
    await page.evaluate(() => {
      hub.register({ channel: "mail" });
      hub.identify("ada");
    });
    const marks = await track(page, "memory", 50);
    await untilDelivered(page);
    const events = await expectEachOnce({ server, network }, marks);
    expectInOrder(events);
    expect(events.every((event) => event.external_user_id === "ada")).toBe(true);
  });
}

test("more events than the queue may hold: the oldest go, and are counted", async ({ page, site, server, network }) => {
  site.add("/", tagged(`${network.origin}/eventhub.js`, { maxQueueEvents: 50 }));
  network.breakBy(refused(503));
  await page.goto(site.origin);
  const marks = await track(page, "capped", 80);
  expect(await page.evaluate(() => hub.stats())).toMatchObject({ queued: 50, sent: 0, dropped: 30, rejected: 0 });
  await page.reload();
  network.mend();
  await untilDelivered(page);
  await expectEachOnce({ server, network }, marks.slice(30));
});

test("more bytes than the queue may hold", async ({ page, site, server, network }) => {
  site.add("/", tagged(`${network.origin}/eventhub.js`, { maxQueueBytes: 20_000 }));
  network.breakBy(refused(503));
  await page.goto(site.origin);
  const marks = await page.evaluate(() => {
    const marks = Array.from({ length: 40 }, (_, index) => `heavy-${index}`);
    marks.forEach((n) => hub.track("view", { n, text: "x".repeat(1_000) }));
    return marks;
  });
  const { queued, dropped } = await page.evaluate(() => hub.stats());
  expect(queued + dropped).toBe(40);
  expect(queued).toBeGreaterThan(5);
  expect(dropped).toBeGreaterThan(15);
  network.mend();
  await untilDelivered(page);
  await expectEachOnce({ server, network }, marks.slice(dropped));
});

test("nothing is left in the storage of what was delivered", async ({ page, site, network }) => {
  site.add("/", tagged(`${network.origin}/eventhub.js`));
  await page.goto(site.origin);
  await track(page, "gone", 100);
  await untilDelivered(page);
  const keys = await page.evaluate(() => Object.keys(localStorage));
  expect(keys.filter((key) => !/^shop::(generatedId|generatedUser|identifiedUser|founder)$/.test(key))).toEqual([]);
});

test("what the established tag left is taken over", async ({ page, site, server, network }) => {
  site.add("/", tagged(`${network.origin}/eventhub.js`));
  site.add("/before", "<!doctype html><title>before</title>");
  await page.goto(`${site.origin}/before`);
  await page.evaluate(() => {
    const put = (key, value) => localStorage.setItem(`shop::${key}`, JSON.stringify(value));
    sessionStorage.setItem("shop::activeSession", "true");
    put("generatedId", "visitor-1");
    put("generatedUser", { id: "visitor-1", properties: { channel: "mail" } });
    const track = (n) => ({ type: "track", params: { eventType: "old", properties: { n } } });
    const identify = { type: "identify", params: { id: "ada", properties: { plan: "paid" } } };
    put("Queue", [{ type: "invalidateIdentifiedUser" }, track("old-0"), identify, track("old-1"), { type: "invalidateIdentifiedUser" }, track("old-2"), identify]);
  });
  await page.goto(site.origin);
  const marks = ["old-0", "old-1", "old-2", ...(await track(page, "new", 2))];
  await untilDelivered(page);
  const events = await expectEachOnce({ server, network }, marks);
  // Who signed in on the page that left the queue did not sign in on this one.
  expect(events.map((event) => event.external_user_id)).toEqual(["visitor-1", "ada", ...Array(3).fill("visitor-1")]);
  expect(events.map((event) => event.properties.channel)).toEqual(["mail", undefined, "mail", "mail", "mail"]);
  expect(await page.evaluate(() => localStorage.getItem("shop::Queue"))).toBe(null);
});
