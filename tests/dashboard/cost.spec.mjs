// What the dashboard costs before it shows something.

import { gzipSync } from "node:zlib";
import { expect, test } from "./harness/fixtures.mjs";

const SCRIPT_BYTES_MAX = 200_000;
const FIRST_PAINT_MS_MAX = 1_000;

test("the scripts before first paint are small, and it is soon", async ({ page, shop }) => {
  const scripts = [];
  const hear = (response) => {
    if (response.request().resourceType() === "script") {
      scripts.push(response.body());
    }
  };
  page.on("response", hear);
  await page.goto(shop.origin);
  await expect(page.getByRole("list", { name: "Steps of the funnel" })).toBeVisible();
  // The engine of estimates comes after this.
  page.off("response", hear);
  const packed = (await Promise.all(scripts)).map((body) => gzipSync(body).length);
  const total = packed.reduce((sum, bytes) => sum + bytes, 0);
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
  console.log(
    `${packed.length} scripts, ${(total / 1000).toFixed(1)} KB packed; first paint after ${Math.round(paint)} ms`,
  );
  expect(total).toBeLessThan(SCRIPT_BYTES_MAX);
  expect(paint).toBeLessThan(FIRST_PAINT_MS_MAX);
});
