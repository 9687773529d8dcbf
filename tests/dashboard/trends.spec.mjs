// Trends show what the API answers.

import { cells, expect, test } from "./harness/fixtures.mjs";

const QUESTION = {
  range: { start: "2024-04-01", end: "2024-05-01" },
  event: { event: "purchase" },
  interval: "day",
  measure: "events",
};

const table = (page) => page.getByRole("region", { name: "Numbers of the chart" });
const value = (number) => new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 }).format(number);

test("the total and each interval are those of the API", async ({ page, shop }) => {
  const answer = await shop.post("trends", QUESTION);
  await page.goto(shop.screen("trends", QUESTION));
  await expect(page.getByTestId("total")).toHaveText(value(answer.total));
  const [header, ...rows] = await cells(table(page));
  expect(header).toEqual(["Interval", "purchase"]);
  expect(rows.map(([, number]) => number)).toEqual(answer.values.map(value));
  expect(rows[0][0]).toBe("Mon, Apr 1, 2024");
});

test("groups are columns, and their intervals those of the question's time zone", async ({ page, shop }) => {
  const question = { ...QUESTION, time_zone: "America/New_York", breakdown: { property: "platform" } };
  const answer = await shop.post("trends", question);
  await page.goto(shop.screen("trends", question));
  const names = answer.groups.map((group) => group.value);
  await expect(table(page).getByRole("columnheader")).toHaveText(["Interval", ...names]);
  const [, totals, ...rows] = await cells(table(page));
  expect(totals.slice(1)).toEqual(answer.groups.map(({ total }) => value(total)));
  expect(rows.map((row) => row.slice(1))).toEqual(
    answer.intervals.map((_, row) => answer.groups.map(({ values }) => value(values[row]))),
  );
  expect(rows[0][0]).toBe("Mon, Apr 1, 2024");
});

test("another measure asks anew, and a link restores it", async ({ page, shop, context }) => {
  await page.goto(shop.screen("trends", QUESTION));
  await page.getByRole("combobox", { name: "Measure" }).click();
  await page.getByRole("option", { name: "Users" }).click();
  await page.getByText("Bars", { exact: true }).click();
  const { total } = await shop.post("trends", { ...QUESTION, measure: "users" });
  await expect(page.getByTestId("total")).toHaveText(value(total));
  await expect(page).toHaveURL(/shape=bar/);
  const other = await context.newPage();
  await other.goto(page.url());
  await expect(other.getByTestId("total")).toHaveText(value(total));
  await expect(other.getByRole("radio", { name: "Bars" })).toBeChecked();
});

test("a property is measured, negative numbers too", async ({ page, own }) => {
  const timestamp = "2024-03-01T12:00:00Z";
  const events = [-3, 1.5, 4].map((price, user) => ({
    event_type: "sale",
    external_user_id: `u${user}`,
    timestamp,
    price,
  }));
  await own.post("events", events);
  const range = { start: "2024-03-01", end: "2024-03-02" };
  const measures = { sum: "2.5", min: "-3", max: "4", median: "1.5" };
  for (const [name, expected] of Object.entries(measures)) {
    const measure = { function: name, property: "price" };
    await page.goto(own.screen("trends", { range, event: { event: "sale" }, interval: "day", measure }));
    await expect(page.getByTestId("total")).toHaveText(expected);
  }
});

test("a range without events says so", async ({ page, shop }) => {
  await page.goto(shop.screen("trends", { ...QUESTION, range: { start: "2020-01-01", end: "2020-02-01" } }));
  await expect(page.getByText("Nothing in this range")).toBeVisible();
});
