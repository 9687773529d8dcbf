// A million lines: how long they take, and whether the page stays alive meanwhile.

import { expect, test } from "./harness/fixtures.mjs";
import { serveFiles, writeLarge } from "./harness/playground.mjs";

const LINES = 1_000_000;
const LOAD_MS_MAX = 10_000;
const GAP_MS_MAX = 200;
const MEMORY_MB_MAX = 500;

test("a million lines are read soon, with progress, while the page answers", async ({ page }, info) => {
  test.setTimeout(120_000);
  const path = info.outputPath("large.csv");
  await writeLarge(path, LINES);
  const files = await serveFiles();
  await page.goto(files.url);
  await page.getByLabel("File of events").setInputFiles(path);
  await page.getByRole("button", { name: "Load", exact: true }).click();
  await expect(page.getByTestId("progress")).toContainText(/[1-9]\d* rows/);
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("region", { name: "Choose events" })).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);

  await page.getByLabel("File of events").setInputFiles(path);
  await expect(page.getByLabel("What happened")).toHaveValue("event");
  await page.evaluate(() => {
    window.seen = { gap: 0, progress: new Set() };
    let last = performance.now();
    const look = () => {
      const now = performance.now();
      window.seen.gap = Math.max(window.seen.gap, now - last);
      last = now;
      const progress = document.querySelector("[data-testid=progress]");
      if (progress !== null) {
        window.seen.progress.add(progress.textContent);
      }
      window.seen.timer = setTimeout(look, 0);
    };
    look();
  });
  const started = Date.now();
  await page.getByRole("button", { name: "Load", exact: true }).click();
  await expect(page.getByRole("complementary", { name: "Playground" })).toContainText("1,000,000 events");
  const took = Date.now() - started;
  const { gap, progress } = await page.evaluate(() => {
    clearTimeout(window.seen.timer);
    return { gap: window.seen.gap, progress: window.seen.progress.size };
  });
  const steps = page.getByRole("list", { name: "Steps of the funnel" });
  await expect(steps).toBeVisible();
  const [said, memory] = (await page.getByRole("complementary").textContent()).match(/in (\d+)[\d.]* MB of memory/);
  console.log(`read in ${took} ms, longest gap ${Math.round(gap)} ms, ${progress} states of progress, ${said}`);
  expect(took).toBeLessThan(LOAD_MS_MAX);
  expect(gap).toBeLessThan(GAP_MS_MAX);
  expect(progress).toBeGreaterThan(5);
  expect(Number(memory)).toBeLessThan(MEMORY_MB_MAX);
  files.close();
});
