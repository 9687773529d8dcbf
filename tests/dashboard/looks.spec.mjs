// The screens in the dark and on a phone: nobody is kept out, and nothing is wider than the page.

import { barriers, expect, test } from "./harness/fixtures.mjs";
import { SHOP_RANGE } from "./harness/shop.mjs";

const FUNNEL = {
  range: SHOP_RANGE,
  steps: [{ event: "home" }, { event: "product_view" }, { event: "purchase" }],
  breakdown: { property: "platform" },
};

const SCREENS = [
  ["funnel", FUNNEL, {}],
  ["funnel", FUNNEL, { who: "dropped.0" }],
  ["experiment", { ...FUNNEL, experiment: { control: "desktop" } }, {}],
];

for (const [screen, question, parameters] of SCREENS) {
  const name = [screen, ...Object.values(parameters)].join(" ");

  test(`${name} in the dark`, async ({ page, shop }) => {
    await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
    await page.goto(shop.screen(screen, question, parameters));
    await expect(page.getByRole("table").last()).toBeVisible();
    expect(await barriers(page)).toEqual([]);
  });

  test(`${name} on a phone`, async ({ page, shop }) => {
    await page.setViewportSize({ width: 375, height: 740 });
    await page.emulateMedia({ reducedMotion: "reduce" });
    await page.goto(shop.screen(screen, question, parameters));
    await expect(page.getByRole("table").last()).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
    expect(await barriers(page)).toEqual([]);
  });
}

test("every part of the form open on a phone", async ({ page, shop }) => {
  await page.setViewportSize({ width: 375, height: 740 });
  await page.goto(shop.screen("funnel", FUNNEL));
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("button", { name: "Add filter" }).first().click();
  await page.getByRole("button", { name: "Only some users" }).click();
  await page.getByRole("button", { name: "Exclude an event" }).click();
  await expect(page.getByText("The question is not finished")).toBeVisible();
  await page.getByRole("button", { name: "From and to" }).click();
  await expect(page.getByRole("button", { name: "All events" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Next month" })).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Next month" })).toBeHidden();
  expect(await barriers(page)).toEqual([]);
});
