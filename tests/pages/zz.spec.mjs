import { test, expect } from "./harness/fixtures.mjs";
import { tagged, track } from "./harness/pages.mjs";
test.use({requestsFail: true});
test("dbg", async ({ page, site, server, network }) => {
  site.add("/", tagged(`${network.origin}/eventhub.js`, {debug: true}));
  page.on("console", (m) => console.log("console:", m.text()));
  await page.goto(site.origin);
  await track(page, "many", 10_000);
  for (let i = 0; i < 8; i++) {
    await page.waitForTimeout(1000);
    console.log(network.posts.length, JSON.stringify(network.posts.map(p => [p.status, p.arrived % 100000, p.body.length])).slice(-300), JSON.stringify(await page.evaluate(() => hub.stats())));
  }
});
