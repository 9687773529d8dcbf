// What sites do, unknowingly, to the scripts that they load.

import { test, expect } from "./harness/fixtures.mjs";
import { refused } from "./harness/network.mjs";
import { document, expectEachOnce, expectInOrder, tagged, track, untilDelivered, usersOf, withSnippet } from "./harness/pages.mjs";

test.beforeEach(({ site, network }) => site.add("/", tagged(`${network.origin}/eventhub.js`)));

test("the script comes twice, at once or when the first has long been at work", async ({ page, site, server, network }) => {
  const src = `${network.origin}/eventhub.js`;
  site.add("/", withSnippet(src).replace("</body>", `<script async src="${src}?again"></script></body>`));
  await page.goto(site.origin);
  const marks = await track(page, "once", 5);
  await page.evaluate(() => hub.flush());
  marks.push(...(await track(page, "more", 5)));
  await page.addScriptTag({ url: src });
  await page.waitForTimeout(200);
  marks.push(...(await track(page, "twice", 10)));
  await page.evaluate(() => hub.flush());
  await expectEachOnce({ server, network }, marks);
});

test("two hubs of one name on one page, and one of another", async ({ page, site, server, network }) => {
  await page.goto(site.origin);
  const marks = await page.evaluate(async () => {
    const hubs = [hub, newEventHub("shop", { flushInterval: 0.05 }), newEventHub("blog", { flushInterval: 0.05 })];
    hubs.forEach((hub, index) => [0, 1].forEach((n) => hub.track("view", { n: `hub${index}-${n}` })));
    await Promise.all(hubs.map((hub) => hub.flush()));
    return hubs.flatMap((_, index) => [`hub${index}-0`, `hub${index}-1`]);
  });
  await untilDelivered(page);
  const events = await expectEachOnce({ server, network }, marks);
  const of = (index) => usersOf(events.filter((event) => event.properties.n.startsWith(`hub${index}-`)));
  expect(of(1)).toEqual(of(0));
  expect(of(2)).not.toEqual(of(0));
});

test("texts that are awkward", async ({ page, site, server }) => {
  await page.goto(site.origin);
  await page.evaluate(() => {
    hub.track("caf\u00e9 \ud83d\ude00", {
      lone: "a\ud800b",
      control: "\u0001\n",
      empty: "",
      separators: "\u2028\u2029",
      wide: "\u00ff\u0100\uffff",
      constructor: "own",
      toString: "own too",
      ...JSON.parse('{"__proto__": "not a prototype"}'),
      ["\u00fc".repeat(120)]: "long key",
      [Symbol("hidden")]: "unseen",
      long: "x".repeat(9_000),
    });
  });
  await untilDelivered(page);
  const [event] = await server.events();
  const { __proto__: _, ...shown } = event.properties;
  expect(event.event_type).toBe("caf\u00e9 \ud83d\ude00");
  expect(shown).toEqual({
    lone: "a\ufffdb",
    control: "\u0001\n",
    empty: "",
    separators: "\u2028\u2029",
    wide: "\u00ff\u0100\uffff",
    constructor: "own",
    toString: "own too",
    ["\u00fc".repeat(120)]: "long key",
  });
  expect(Object.getOwnPropertyDescriptor(event.properties, "__proto__")?.value).toBe("not a prototype");
});

test("what is changed after the call is tracked as it was", async ({ page, site, server }) => {
  await page.goto(site.origin);
  await page.evaluate(() => {
    const properties = { n: "before" };
    hub.track("view", properties);
    hub.register(properties);
    properties.n = "after";
    hub.track("view");
  });
  await untilDelivered(page);
  expect((await server.events()).map((event) => event.properties.n)).toEqual(["before", "before"]);
});

test("an event as the page is left", async ({ page, site, server, network }) => {
  site.add("/next", document("", "no tag here"));
  await page.goto(site.origin);
  await page.evaluate(() => {
    for (const type of ["beforeunload", "pagehide"]) {
      addEventListener(type, () => hub.track("view", { n: `${type}-0` }));
    }
    document.addEventListener("visibilitychange", () => hub.track("view", { n: "visibilitychange-0" }));
  });
  await page.goto(`${site.origin}/next`);
  await page.goto(site.origin);
  await untilDelivered(page);
  await expectEachOnce({ server, network }, ["beforeunload-0", "pagehide-0", "visibilitychange-0"]);
});

test("a click on a link that leads away", async ({ page, site, server, network }) => {
  site.add("/next", document("", "no tag here"));
  site.add("/", tagged(`${network.origin}/eventhub.js`) + `<a href="/next" onclick="hub.track('click', { n: 'click-0' })">Buy</a>`);
  await page.goto(site.origin);
  await page.getByText("Buy").click();
  await expectEachOnce({ server, network }, ["click-0"]);
});

test("frames of one page", async ({ page, site, server, network }) => {
  site.add("/frames", document("", `<iframe src="/?1"></iframe><iframe src="/?2"></iframe>`));
  await page.goto(`${site.origin}/frames`);
  const marks = [];
  for (const [index, frame] of page.frames().slice(1).entries()) {
    marks.push(...(await track(frame, `frame${index}`, 20)));
  }
  const events = await expectEachOnce({ server, network }, marks);
  expect(usersOf(events)).toHaveLength(1);
});

test.describe("while the server does not answer", () => {
  test.use({ requestsFail: true });

  for (const [what, act] of Object.entries({
    "alone": () => localStorage.clear(),
    "and the visitor signs out": () => {
      localStorage.clear();
      sessionStorage.clear();
      hub.reset();
    },
    "and another visitor signs in": () => {
      localStorage.clear();
      hub.identify("bob");
    },
  })) {
    test(`the storage is emptied ${what}`, async ({ page, site, server, network }) => {
      network.breakBy(refused(503));
      await page.goto(site.origin);
      await page.evaluate(() => hub.identify("ada"));
      const marks = await track(page, "ada", 10);
      await expect.poll(() => network.posts.length).toBeGreaterThan(0);
      await page.evaluate(act);
      marks.push(...(await track(page, "after", 5)));
      network.mend();
      await untilDelivered(page);
      const events = await expectEachOnce({ server, network }, marks);
      expect(usersOf(events.filter((event) => event.properties.n.startsWith("ada-")))).toEqual(["ada"]);
    });
  }

  test("the storage is emptied in another tab", async ({ context, page, site, server, network }) => {
    network.breakBy(refused(503));
    await page.goto(site.origin);
    const marks = await track(page, "first", 10);
    await expect.poll(() => network.posts.length).toBeGreaterThan(0);
    const other = await context.newPage();
    await other.goto(site.origin);
    await other.evaluate(() => localStorage.clear());
    await other.reload();
    marks.push(...(await track(other, "other", 10)));
    network.mend();
    await Promise.all([page, other].map(untilDelivered));
    await expectEachOnce({ server, network }, marks);
  });
});

for (const [what, spoil] of Object.entries({
  "gives arrays a toJSON": () => {
    Array.prototype.toJSON = function () {
      return `[${this.join()}]`;
    };
  },
  "gives objects a method": () => {
    Object.prototype.each = function () {};
  },
  "wraps fetch, which then throws now and then": () => {
    const { fetch } = window;
    let calls = 0;
    window.fetch = function (...args) {
      if ((calls += 1) % 2 === 1) {
        throw new Error("not now");
      }
      return fetch.apply(this, args);
    };
  },
})) {
  test(`a library that ${what}`, async ({ page, site, server, network }) => {
    await page.addInitScript(spoil);
    await page.goto(site.origin);
    const marks = await track(page, "spoilt", 10);
    await page.evaluate(() => {
      hub.register({ channel: "mail" });
      hub.identify("ada");
    });
    marks.push(...(await track(page, "ada", 10)));
    await untilDelivered(page);
    const events = await expectEachOnce({ server, network }, marks);
    expect(usersOf(events)).toHaveLength(2);
  });
}
