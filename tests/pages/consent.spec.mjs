// Visitors who do not want to be counted, and how they are asked.

import { test, expect } from "./harness/fixtures.mjs";
import { refused } from "./harness/network.mjs";
import { expectEachOnce, tagged, track, untilDelivered, withSnippet } from "./harness/pages.mjs";

test.use({ requestsFail: true });

test("who opted out is not tracked, also on later pages, until opting in", async ({ page, site, server, network }) => {
  site.add("/", tagged(`${network.origin}/eventhub.js`));
  await page.goto(site.origin);
  await page.evaluate(() => hub.optOut());
  await track(page, "out", 3);
  await page.evaluate(() => {
    hub.identify("ada", { plan: "paid" });
    hub.alias("ada");
    hub.page();
  });
  await page.reload();
  await track(page, "still", 3);
  await page.waitForTimeout(300);
  expect(network.requests).toHaveLength(0);
  await page.evaluate(() => hub.optIn());
  const marks = await track(page, "in", 3);
  await page.reload();
  marks.push(...(await track(page, "later", 3)));
  await untilDelivered(page);
  await expectEachOnce({ server, network }, marks);
});

for (const blocked of [false, true]) {
  const how = blocked ? "by the fallback" : "by the tag";

  test(`nothing from before an opt-out is sent ${how}, though another tab opted in before this one woke`, async ({
    context,
    site,
    server,
    network,
  }) => {
    const headers = blocked ? { "content-security-policy": "script-src 'self' 'unsafe-inline' *" } : {};
    site.add("/", withSnippet(`${network.origin}/eventhub.js`), headers);
    network.breakBy(refused(503));
    const [tab, other] = [await context.newPage(), await context.newPage()];
    for (const page of [tab, other]) await page.goto(site.origin);
    await track(tab, "before", 5);
    await expect.poll(() => network.posts.length).toBeGreaterThan(0);
    await other.evaluate(() => hub.optOut());
    // The fallback looks at what there is to do once in a while.
    if (blocked) await expect.poll(() => other.evaluate(() => localStorage["shop::optOut"])).toMatch(/^1/);
    await other.waitForTimeout(5);
    await other.evaluate(() => hub.optIn());
    if (blocked) await expect.poll(() => other.evaluate(() => localStorage["shop::optOut"])).toMatch(/^0/);
    await tab.waitForTimeout(5);
    network.mend();
    const marks = [...(await track(tab, "after", 5)), ...(await track(other, "other", 5))];
    await expect.poll(async () => (await server.events()).length).toBeGreaterThanOrEqual(10);
    await expectEachOnce({ server, network }, marks);
  });
}

for (const signal of ["globalPrivacyControl", "doNotTrack"]) {
  const say = ([signal]) => {
    const value = signal === "doNotTrack" ? "1" : true;
    Object.defineProperty(Navigator.prototype, signal, { get: () => value, configurable: true });
  };

  test(`${signal} is respected where the site says so`, async ({ page, site, network }) => {
    await page.addInitScript(say, [signal]);
    site.add("/", tagged(`${network.origin}/eventhub.js`, { respectDoNotTrack: true }));
    await page.goto(site.origin);
    await track(page, "unwilling", 3);
    await page.waitForTimeout(300);
    await page.goto("about:blank");
    await network.quiet();
    expect(network.requests).toHaveLength(0);
  });

  test(`${signal} is not asked for where the site has the visitor's consent`, async ({ page, site, server, network }) => {
    await page.addInitScript(say, [signal]);
    site.add("/", tagged(`${network.origin}/eventhub.js`, { respectDoNotTrack: false }));
    await page.goto(site.origin);
    const marks = await track(page, "willing", 3);
    await untilDelivered(page);
    await expectEachOnce({ server, network }, marks);
  });
}

test("page views are tracked by themselves where asked for, also of single-page sites", async ({
  page,
  site,
  server,
  network,
}) => {
  site.add("/", tagged(`${network.origin}/eventhub.js`, { autoPageViews: true }));
  await page.goto(site.origin);
  await page.evaluate(() => history.pushState({}, "", "/cart"));
  await page.evaluate(() => history.pushState({}, "", "/checkout"));
  await page.goBack();
  await untilDelivered(page);
  await network.quiet();
  const events = await server.events();
  expect(events.every((event) => event.event_type === "page_view")).toBe(true);
  const paths = events.map((event) => event.properties.path);
  expect(paths).toEqual(["/", "/cart", "/checkout", "/cart"]);
});

test("a page that is made before anybody asks for it is viewed when somebody does", async ({ page, site, server, network }) => {
  await page.addInitScript(() => Object.defineProperty(document, "prerendering", { value: true, configurable: true }));
  site.add("/", tagged(`${network.origin}/eventhub.js`, { autoPageViews: true }));
  await page.goto(site.origin);
  const marks = await track(page, "early", 1);
  await untilDelivered(page);
  expect((await server.events()).map((event) => event.properties.n)).toEqual(marks);
  await page.evaluate(() => {
    delete document.prerendering;
    document.dispatchEvent(new Event("prerenderingchange"));
  });
  await untilDelivered(page);
  await expect.poll(async () => (await server.events()).map((event) => event.event_type)).toEqual(["view", "page_view"]);
});

test("page views are not tracked by themselves", async ({ page, site, server, network }) => {
  site.add("/", tagged(`${network.origin}/eventhub.js`));
  await page.goto(site.origin);
  await page.evaluate(() => history.pushState({}, "", "/cart"));
  const marks = await track(page, "only", 1);
  await untilDelivered(page);
  await expectEachOnce({ server, network }, marks);
});
