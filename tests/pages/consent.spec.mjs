// Visitors who do not want to be counted, and how they are asked.

import { test, expect } from "./harness/fixtures.mjs";
import { expectEachOnce, tagged, track, untilDelivered } from "./harness/pages.mjs";

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

test("page views are not tracked by themselves", async ({ page, site, server, network }) => {
  site.add("/", tagged(`${network.origin}/eventhub.js`));
  await page.goto(site.origin);
  await page.evaluate(() => history.pushState({}, "", "/cart"));
  const marks = await track(page, "only", 1);
  await untilDelivered(page);
  await expectEachOnce({ server, network }, marks);
});
