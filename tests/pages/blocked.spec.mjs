// The tag is blocked, late, or not let compile; a policy of the site forbids something; everything else is blocked.

import { createHash } from "node:crypto";
import { test, expect } from "./harness/fixtures.mjs";
import { lostAnswer, lostOnTheWay, refused } from "./harness/network.mjs";
import { document, expectEachOnce, expectInOrder, tagged, track, untilDelivered, usersOf, withSnippet } from "./harness/pages.mjs";

const TAG = "**/eventhub*.js";

test.describe("the snippet", () => {
  test.beforeEach(({ site, network }) => site.add("/", withSnippet(`${network.origin}/eventhub.js`)));

  test("its calls are carried out in order when the tag is there", async ({ page, site, server, network }) => {
    const calls = `hub.track("view", { n: "early-0" });
      hub.register({ channel: "mail" });
      hub.track("view", { n: "early-1" });
      hub.identify("ada");
      hub.track("view", { n: "early-2" });
      window.flushed = hub.flush();`;
    site.add("/", withSnippet(`${network.origin}/eventhub.js`, {}, { then: calls }));
    await page.goto(site.origin);
    await page.evaluate(() => window.flushed);
    const marks = ["early-0", "early-1", "early-2", ...(await track(page, "later", 2))];
    await untilDelivered(page);
    const events = await expectEachOnce({ server, network }, marks);
    // What is registered goes with the visitor's events, not with those of who signed in.
    expect(events.map((event) => event.properties.channel)).toEqual([undefined, "mail", undefined, undefined, undefined]);
    expect(events.map((event) => event.external_user_id === "ada")).toEqual([false, false, true, true, true]);
  });

  test.describe("without the tag", () => {
    test.use({ requestsFail: true });

    test("keeps what is tracked for the next page, with its time", async ({ page, site, server, network }) => {
      await page.route(TAG, (route) => route.abort());
      await page.goto(site.origin);
      const blocked = await track(page, "blocked", 3);
      const tracked = Date.now();
      await page.waitForTimeout(1_200);
      expect(network.requests).toHaveLength(0);

      await page.unroute(TAG);
      await page.goto(site.origin);
      const marks = [...blocked, ...(await track(page, "next", 2))];
      await page.evaluate(() => hub.flush());
      const events = await expectEachOnce({ server, network }, marks);
      for (const event of events.filter((event) => blocked.includes(event.properties.n))) {
        expect(event.timestamp).toBeLessThanOrEqual(tracked);
      }
      expect(usersOf(events)).toHaveLength(1);
      await page.reload();
      await page.evaluate(() => hub.flush());
      await expectEachOnce({ server, network }, marks);
    });

    test("over several pages, then the tag comes", async ({ page, site, server, network }) => {
      await page.route(TAG, (route) => route.abort());
      const marks = [];
      for (let round = 0; round < 3; round += 1) {
        await page.goto(site.origin);
        marks.push(...(await track(page, `round${round}`, 4)));
      }
      await page.unroute(TAG);
      await page.goto(site.origin);
      await page.evaluate(() => hub.flush());
      expectInOrder(await expectEachOnce({ server, network }, marks));
    });

    test("every method is there and harmless", async ({ page, site }) => {
      await page.route(TAG, (route) => route.abort());
      await page.goto(site.origin);
      await page.evaluate(() => {
        hub.track("view");
        hub.identify("ada", { plan: "free" });
        hub.alias("ada");
        hub.register({ channel: "mail" });
        hub.page();
        hub.reset();
        hub.optOut();
        hub.optIn();
        hub.invalidateGeneratedUser();
        hub.invalidateIdentifiedUser();
        hub.flush().then(() => {});
      });
    });
  });

  test("a tag that is late takes over what was tracked meanwhile", async ({ page, site, server, network }) => {
    let release;
    const held = new Promise((resolve) => (release = resolve));
    await page.route(TAG, async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(site.origin, { waitUntil: "commit" });
    await page.waitForFunction(() => window.hub !== undefined);
    const marks = await track(page, "meanwhile", 10);
    release();
    marks.push(...(await track(page, "after", 10)));
    await page.evaluate(() => hub.flush());
    await expect.poll(async () => (await server.events()).length).toBeGreaterThan(0);
    await page.evaluate(() => hub.flush());
    expectInOrder(await expectEachOnce({ server, network }, marks));
  });
});

test.describe("WebAssembly that a policy forbids", () => {
  test.use({ policyForbids: /WebAssembly|wasm/ });
  const policy = (network) => ({
    "content-security-policy": `default-src 'none'; script-src 'unsafe-inline' ${network.origin}; connect-src ${network.origin}`,
  });

  test("the fallback delivers what is tracked", async ({ page, site, server, network }) => {
    site.add("/", withSnippet(`${network.origin}/eventhub.js`), policy(network));
    await page.goto(site.origin);
    const marks = await track(page, "plain", 5);
    await page.evaluate(() => {
      hub.alias("ada");
      hub.identify("ada", { plan: "paid" });
    });
    marks.push(...(await track(page, "member", 5)));
    const events = await expectEachOnce({ server, network }, marks);
    expect(usersOf(events.filter((event) => event.properties.n.startsWith("member")))).toEqual(["ada"]);
    expect(await server.person("ada")).toMatchObject({ properties: { plan: "paid" } });
    expect((await server.person("ada")).ids.toSorted()).toEqual(usersOf(events).toSorted());
  });

  test("the fallback delivers what the snippet stored", async ({ page, site, server, network }) => {
    site.add("/", withSnippet(`${network.origin}/eventhub.js`), policy(network));
    site.add("/without", withSnippet("/no-such-tag.js"));
    await page.route("**/no-such-tag.js", (route) => route.fulfill({ body: "" }));
    await page.goto(`${site.origin}/without`);
    const marks = await track(page, "stored", 5);
    await page.goto(site.origin);
    await expectEachOnce({ server, network }, marks);
    await page.reload();
    await page.waitForTimeout(500);
    await expectEachOnce({ server, network }, marks);
  });

  test("a plain script tag without the snippet", async ({ page, site, server, network }) => {
    site.add("/", tagged(`${network.origin}/eventhub.js`), policy(network));
    await page.goto(site.origin);
    await expectEachOnce({ server, network }, await track(page, "plain", 5));
  });
});

test.describe("the fallback in a network that fails", () => {
  test.use({ policyForbids: /WebAssembly|wasm/, requestsFail: true });

  test("delivers each event once, over several pages and tabs", async ({ context, site, server, network }) => {
    site.add("/", withSnippet(`${network.origin}/eventhub.js`), {
      "content-security-policy": `script-src 'unsafe-inline' ${network.origin}`,
    });
    const tabs = [await context.newPage(), await context.newPage()];
    const marks = [];
    for (const round of [0, 1, 2]) {
      network.faults = [lostAnswer, refused(503), lostOnTheWay];
      for (const [index, tab] of tabs.entries()) {
        await tab.goto(site.origin);
        marks.push(...(await track(tab, `tab${index}round${round}`, 8)));
      }
    }
    network.mend();
    await tabs[0].close();
    await tabs[1].reload();
    expectInOrder(await expectEachOnce({ server, network }, marks));
  });
});

test("the policy that the documents give suffices", async ({ page, site, server, network }) => {
  const integrity = await integrityOf(`${network.origin}/eventhub.js`);
  site.add("/init.js", "window.hub = newEventHub('shop', { flushInterval: 0.05 });");
  const scripts = `<script src="${network.origin}/eventhub.js" integrity="${integrity}" crossorigin="anonymous"></script><script src="/init.js"></script>`;
  site.add("/", document("", scripts), {
    "content-security-policy": `default-src 'self'; script-src 'self' ${network.origin} 'wasm-unsafe-eval'; connect-src ${network.origin}`,
  });
  await page.goto(site.origin);
  const marks = await track(page, "strict", 5);
  await untilDelivered(page);
  await expectEachOnce({ server, network }, marks);
  // By the module, not by the fallback.
  expect(network.posts.every(({ body }) => body.subarray(0, 2).toString() === "EB")).toBe(true);
});

test.describe("a policy that forbids the request", () => {
  test.use({ policyForbids: /violates the following Content Security Policy|Refused to connect|Fetch API cannot load/ });

  test("the events wait for a page that may send them", async ({ page, site, server, network }) => {
    site.add("/shut", tagged(`${network.origin}/eventhub.js`), {
      "content-security-policy": `script-src 'unsafe-inline' 'wasm-unsafe-eval' ${network.origin}; connect-src 'none'`,
    });
    site.add("/", tagged(`${network.origin}/eventhub.js`));
    await page.goto(`${site.origin}/shut`);
    const marks = await track(page, "waits", 5);
    await page.waitForTimeout(300);
    expect(network.requests).toHaveLength(0);
    await page.goto(site.origin);
    await untilDelivered(page);
    await expectEachOnce({ server, network }, marks);
  });
});

test("the tag works alone: two paths are all it asks for", async ({ page, site, server, network }) => {
  site.add("/", tagged(`${network.origin}/eventhub.js`));
  const asked = [];
  await page.route("**/*", (route) => {
    const url = new URL(route.request().url());
    const path = url.origin === site.origin ? "the page" : url.pathname;
    asked.push(path);
    return ["the page", "/eventhub.js", "/api/v1/events"].includes(path) ? route.continue() : route.abort();
  });
  await page.goto(site.origin);
  const marks = await track(page, "guest", 5);
  await page.evaluate(() => {
    hub.alias("ada");
    hub.identify("ada", { plan: "paid" });
  });
  marks.push(...(await track(page, "member", 5)));
  await untilDelivered(page);
  await expectEachOnce({ server, network }, marks);
  expect((await server.person("ada")).properties).toEqual({ plan: "paid" });
  expect(new Set(asked)).toEqual(new Set(["the page", "/eventhub.js", "/api/v1/events"]));
});

async function integrityOf(url) {
  const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
  return `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
}
