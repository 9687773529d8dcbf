// Status shows what the server says of itself, and the snippet that it is sent events by.

import { createServer } from "node:http";
import { count, expect, test } from "./harness/fixtures.mjs";

test("every figure of /metrics is there", async ({ page, shop }) => {
  const text = await (await fetch(`${shop.origin}/metrics`)).text();
  const names = [...text.matchAll(/^(eventhub_\w+) \S+$/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(10);
  await page.goto(shop.screen("status"));
  const figures = page.getByRole("region", { name: "All figures" });
  await expect(figures.getByText(/^eventhub_\w+$/)).toHaveText(names);
  const events = Number(text.match(/^eventhub_events (\d+)$/m)[1]);
  await expect(page.getByRole("definition").first()).toHaveText(count(events));
  await expect(page.getByText("Time zone").locator("..").getByRole("definition")).toHaveText("UTC");
});

test("the snippet has this server's address, is copied, and works", async ({ page, context, own }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(own.screen("status"));
  await page.getByRole("button", { name: "Copy" }).click();
  const snippet = await page.evaluate(() => navigator.clipboard.readText());
  expect(snippet).toContain(`${own.origin}/eventhub.js`);

  const site = createServer((_request, answer) => {
    answer.setHeader("content-type", "text/html");
    answer.end(`<!doctype html><title>Shop</title><link rel="icon" href="data:,">${snippet}`);
  });
  await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
  const visitor = await context.newPage();
  await visitor.goto(`http://localhost:${site.address().port}/`);
  await expect
    .poll(async () => (await own.get("event-types")).event_types)
    .toEqual([{ name: "page_view", events: 1 }]);
  await visitor.close();
  site.close();
});
