// The days of a question: chosen by keyboard alone, with a calendar that moves nothing when it comes.

import { expect, test } from "./harness/fixtures.mjs";
import { SHOP_RANGE } from "./harness/shop.mjs";

const FUNNEL = { range: SHOP_RANGE, steps: [{ event: "home" }, { event: "purchase" }] };
const days = (page) => page.getByRole("button", { name: "From and to" });
const rangeOf = (page) => JSON.parse(new URL(page.url()).searchParams.get("q")).range;

test("days are chosen by keyboard alone", async ({ page, shop }) => {
  await page.goto(shop.screen("funnel", FUNNEL));
  await expect(days(page)).toHaveText(/Jan 1 . Jun 30, 2024/);
  await days(page).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Last 7 days" })).toBeFocused();
  const first = page.getByRole("button", { name: "1 January 2024", exact: true });
  await expect(first).toBeVisible();
  for (let presses = 0; !(await first.evaluate((day) => day === document.activeElement)); presses += 1) {
    expect(presses).toBeLessThan(12);
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(days(page)).toBeFocused();
  expect(rangeOf(page)).toEqual({ start: "2024-01-01", end: "2024-01-10" });

  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Last 7 days" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(days(page)).toBeFocused();
});

test("a range is chosen at once", async ({ page, shop }) => {
  await page.goto(shop.screen("funnel", { ...FUNNEL, range: { start: "2024-02-01", end: "2024-02-02" } }));
  await days(page).click();
  await page.getByRole("button", { name: "All events" }).click();
  await expect(days(page)).toHaveText(/Jan 1/);
});

test("the calendar comes when it is looked for, and moves nothing", async ({ page, shop }) => {
  const loaded = [];
  page.on("request", (request) => loaded.push(request.url()));
  const calendars = () => loaded.filter((url) => /range-calendar.*js$/.test(url)).length;
  await page.goto(shop.screen("funnel", FUNNEL));
  await expect(page.getByRole("list", { name: "Steps of the funnel" })).toBeVisible();
  expect(calendars()).toBe(0);
  const [holding, held] = latch();
  await page.route(/range-calendar.*js$/, async (route) => {
    await held;
    await route.continue();
  });
  await days(page).click();
  const dropdown = page.getByRole("dialog");
  await expect(dropdown).toBeVisible();
  await expect(page.getByRole("status", { name: "Loading the calendar" })).toBeVisible();
  await settled(dropdown);
  const before = await dropdown.boundingBox();
  holding();
  await expect(page.getByRole("button", { name: "1 January 2024", exact: true })).toBeVisible();
  expect(await dropdown.boundingBox()).toEqual(before);
  expect(calendars()).toBe(1);
});

/** A function, and a promise that is kept once it is called. */
function latch() {
  let open;
  const opened = new Promise((resolve) => {
    open = resolve;
  });
  return [open, opened];
}

/** Its transitions are over. */
function settled(locator) {
  return locator.evaluate((element) => Promise.all(element.getAnimations().map(({ finished }) => finished)));
}
