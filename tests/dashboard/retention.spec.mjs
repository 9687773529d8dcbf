// Retention shows what the API answers.

import { cells, count, expect, share, test } from "./harness/fixtures.mjs";

// Of the question that is refused.
test.use({ expectedErrors: /status of 400/ });

const QUESTION = {
  range: { start: "2024-03-01", end: "2024-06-01" },
  start_event: { event: "home" },
  return_event: { event: "purchase" },
  period: "week",
  columns: 5,
};

const table = (page) => page.getByRole("region", { name: "Retention table" });

/** The rows that the table must have. */
function rowsOf({ rows, mean }, shown) {
  const size = rows.reduce((sum, row) => sum + row.size, 0);
  return [
    [count(size), ...mean.map(share)],
    ...rows.map((row) => [count(row.size), ...row.cells.map(shown)]),
  ];
}

test("the table has the numbers of the API, as percent and as counts", async ({ page, shop }) => {
  const answer = await shop.post("retention", QUESTION);
  expect(answer.rows.length).toBeGreaterThan(10);
  await page.goto(shop.screen("retention", QUESTION));
  await expect(table(page).getByRole("row")).toHaveCount(answer.rows.length + 2);
  const shownRows = async () => (await cells(table(page))).slice(1).map((row) => row.slice(1));
  expect(await shownRows()).toEqual(rowsOf(answer, (cell) => share(cell.rate)));
  const [header] = await cells(table(page));
  expect(header).toEqual(["Cohort", "Users", "Week 0", "Week 1", "Week 2", "Week 3", "Week 4"]);

  await page.getByText("Counts", { exact: true }).click();
  await expect(page).toHaveURL(/shown=counts/);
  expect(await shownRows()).toEqual(rowsOf(answer, (cell) => count(cell.count)));
});

test("an edit asks anew, is in the address, and a link restores it", async ({ page, shop, context }) => {
  await page.goto(shop.screen("retention", QUESTION));
  await page.getByRole("textbox", { name: "Columns" }).fill("3");
  await page.getByRole("combobox", { name: "Break down by" }).click();
  await page.getByRole("option", { name: "platform" }).click();
  await page.getByRole("combobox", { name: "Table of" }).click();
  await page.getByRole("option", { name: "mobile" }).click();
  await expect(page).toHaveURL(/group=/);
  const answer = await shop.post("retention", { ...QUESTION, columns: 3, breakdown: { property: "platform" } });
  const mobile = answer.groups.find(({ value }) => value === "mobile");
  const other = await context.newPage();
  await other.goto(page.url());
  for (const one of [page, other]) {
    await expect(table(one).getByRole("row")).toHaveCount(mobile.rows.length + 2);
    const shown = (await cells(table(one))).slice(1).map((row) => row.slice(1));
    expect(shown).toEqual(rowsOf(mobile, (cell) => share(cell.rate)));
  }
  await expect(other.getByRole("textbox", { name: "Columns" })).toHaveValue("3");
});

test("cells of periods that are not over are marked, those of periods to come are empty", async ({ page, own }) => {
  const day = (offset) => new Date(Date.now() + offset * 86_400_000).toISOString();
  const events = [-3, -2, -1].map((offset) => ({
    event_type: "open",
    external_user_id: `user ${offset}`,
    timestamp: day(offset),
  }));
  await own.post("events", events);
  const question = {
    range: { start: day(-3).slice(0, 10), end: day(1).slice(0, 10) },
    start_event: "any",
    return_event: "any",
    columns: 3,
  };
  const answer = await own.post("retention", question);
  const incomplete = answer.rows.flatMap((row) => row.cells.filter((cell) => !cell.complete));
  const ahead = answer.rows.flatMap(({ cells }) => cells.filter((_, at) => cells[at - 1]?.complete === false));
  expect(ahead.length).toBeGreaterThan(0);
  expect(ahead.every(({ count }) => count === 0)).toBe(true);
  await page.goto(own.screen("retention", question));
  await expect(table(page).getByText("so far")).toHaveCount(incomplete.length - ahead.length);
  await expect(table(page).getByText("not yet")).toHaveCount(ahead.length);
  await expect(page.getByText("Not over yet for everyone in the row")).toBeVisible();
});

test("what the API refuses is said at its field", async ({ page, shop }) => {
  const filter = { property: "platform", op: "matches", values: ["("] };
  const question = { ...QUESTION, start_event: { event: "home", filters: [filter] } };
  await page.goto(shop.screen("retention", question));
  await expect(page.getByRole("alert")).toBeVisible();
  const value = page.getByRole("group", { name: "Filter 1" }).getByLabel("Value");
  await expect(value).toHaveAttribute("aria-invalid", "true");
});
