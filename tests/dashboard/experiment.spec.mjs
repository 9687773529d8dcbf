// The Experiment shows what the API says of its variants.

import { barriers, cells, count, expect, share, test } from "./harness/fixtures.mjs";
import { SHOP_RANGE } from "./harness/shop.mjs";

const FUNNEL = {
  range: SHOP_RANGE,
  steps: [{ event: "home" }, { event: "purchase" }],
};
const QUESTION = { ...FUNNEL, breakdown: { property: "platform" }, experiment: { control: "desktop" } };

test("the table has the numbers of the API, and a sentence says them", async ({ page, shop }) => {
  const { experiment } = await shop.post("funnel", QUESTION);
  await page.goto(shop.screen("experiment", QUESTION));
  await expect(page.getByRole("row")).toHaveCount(experiment.variants.length + 1);
  const rows = (await cells(page.getByRole("table"))).slice(1);
  expect(rows.map(([value, users, converted, rate, , , , beats]) => [value, users, converted, rate, beats])).toEqual(
    experiment.variants.map(({ value, users, converted, rate, comparison }) => [
      value,
      count(users),
      count(converted),
      share(rate),
      share(comparison?.probability_to_beat_control ?? null),
    ]),
  );
  for (const { value, rate } of experiment.variants.slice(1)) {
    const sentence = page.getByRole("alert").filter({ hasText: value });
    await expect(sentence).toContainText(`${share(rate)} convert instead of ${share(experiment.variants[0].rate)}`);
  }
  await expect(page.getByRole("img", { name: /^Conversion of each variant/ }).locator("canvas")).toBeVisible();
  expect(await barriers(page)).toEqual([]);
});

test("it is asked once its control is chosen, and a link restores it", async ({ page, shop, context }) => {
  await page.goto(shop.screen("experiment", FUNNEL));
  await expect(page.getByText("Which variant is the control?")).toBeVisible();
  await page.getByRole("combobox", { name: "Variants are the values of" }).click();
  await page.getByRole("option", { name: "platform" }).click();
  await page.getByRole("combobox", { name: "Control" }).click();
  await page.getByRole("option", { name: "mobile" }).click();
  await expect(page.getByRole("table")).toContainText("mobile");
  const other = await context.newPage();
  await other.goto(page.url());
  const shown = await cells(page.getByRole("table"));
  await expect(other.getByRole("table")).toContainText("mobile");
  expect(await cells(other.getByRole("table"))).toEqual(shown);
});
