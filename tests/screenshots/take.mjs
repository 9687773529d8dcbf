// Pictures of the dashboard for its documents: the release server on the demo's data, in Chromium. `cargo xtask
// screenshots` builds what is needed and sets CHROME_BIN and EVENTHUB_BIN; the folder to write to is the argument.

import { execFile } from "node:child_process";
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { chromium, expect } from "@playwright/test";
import { launchOptions } from "../pages/playwright.config.mjs";
import { Server } from "../pages/harness/server.mjs";

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const BYTES_MAX = 200_000;
const ALL_BYTES_MAX = 1_500_000;

/** Each picture: where it is taken, and what is done there first. */
const PICTURES = [
  { name: "funnel", view: "Conversion" },
  { name: "funnel-dark", view: "First project by platform", colorScheme: "dark" },
  { name: "retention", view: "Retention" },
  { name: "trends", view: "Revenue by plan" },
  { name: "experiment", view: "Pricing experiment" },
  { name: "person", path: (demo) => `users?id=${encodeURIComponent(demo.person)}` },
  { name: "users", path: () => "users" },
  { name: "events", path: () => "events?type=create_project&key=template" },
  { name: "status", path: () => "status" },
  { name: "phone", view: "Conversion", viewport: PHONE, scrollTo: "Steps of the funnel" },
  { name: "first-run", isEmpty: true, path: () => "" },
];

const [folder] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
const demo = await Server.start([], async (binary, data) => {
  await promisify(execFile)(binary, ["demo", "--data", data]);
});
const empty = await Server.start();
const browser = await chromium.launch(launchOptions);
try {
  demo.person = await subscriber(demo.origin);
  let total = 0;
  for (const picture of PICTURES) {
    total += await take(picture);
  }
  expect(total, "bytes of all pictures").toBeLessThan(ALL_BYTES_MAX);
} finally {
  await browser.close();
  await demo.stop();
  await empty.stop();
}

/** Takes one and says how large it is. */
async function take({ name, view, path, scrollTo, isEmpty = false, colorScheme = "light", viewport = DESKTOP }) {
  const look = { viewport, colorScheme, reducedMotion: "reduce" };
  const context = await browser.newContext({ ...look, locale: "en-US", timezoneId: "UTC" });
  const page = await context.newPage();
  const { origin } = isEmpty ? empty : demo;
  await page.goto(`${origin}/${view === undefined ? path(demo) : `?view=${encodeURIComponent(view)}`}`);
  await settled(page);
  if (scrollTo !== undefined) {
    const list = page.getByRole("list", { name: scrollTo });
    // With the heading above it.
    await list.evaluate((element) => window.scrollTo(0, element.getBoundingClientRect().top + window.scrollY - 100));
  }
  const file = join(folder, `${name}.png`);
  await page.screenshot({ path: file });
  await context.close();
  const { size } = await stat(file);
  console.log(`${file}: ${Math.round(size / 1000)} KB`);
  expect(size, `bytes of ${name}`).toBeLessThan(BYTES_MAX);
  return size;
}

/** Somebody who pays and came by several devices. */
async function subscriber(origin) {
  const filters = [{ property: "plan", op: "is", values: ["team"] }];
  const { users } = await json(`${origin}/api/v1/users/find`, { filters, limit: 200 });
  for (const { external_user_id: id } of users) {
    const { ids } = await json(`${origin}/api/v1/users/${encodeURIComponent(id)}`);
    if (ids.length > 2) {
      return id;
    }
  }
  throw new Error("nobody who pays has two devices");
}

async function json(url, body) {
  const request = body && {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  return (await fetch(url, request)).json();
}

/** Everything that was asked is answered and drawn. */
async function settled(page) {
  await expect(page.locator("main h1")).toBeVisible();
  await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
  await page.waitForLoadState("load");
  // Charts are drawn a few frames after their data came.
  await page.waitForTimeout(700);
}
