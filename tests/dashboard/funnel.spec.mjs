// The Funnel shows what the API answers, for every way to ask it.

import { barriers, cells, count, expect, share, test } from "./harness/fixtures.mjs";
import { SHOP_RANGE } from "./harness/shop.mjs";

const QUESTION = {
  range: SHOP_RANGE,
  steps: [{ event: "home" }, { event: "product_view" }, { event: "add_to_cart" }, { event: "purchase" }],
  window: { amount: 30, unit: "days" },
};

const bars = (page) => page.getByRole("list", { name: "Steps of the funnel" }).getByRole("listitem");

/** That the bars have the numbers of an answer. */
async function expectBars(page, { steps }) {
  await expect(bars(page)).toHaveCount(steps.length);
  for (const [index, step] of steps.entries()) {
    const bar = bars(page).nth(index);
    await expect(bar).toContainText(`${index + 1}. ${step.event}`);
    await expect(bar).toContainText(`${count(step.count)} reached it`);
    await expect(bar).toContainText(share(step.converted_from_first));
    if (index > 0) {
      await expect(bar).toContainText(`${share(step.converted_from_previous)} of the step before`);
    }
    if (index < steps.length - 1) {
      await expect(bar).toContainText(`${count(step.dropped)} dropped out`);
    }
  }
}

test("the bars have the numbers of the API", async ({ page, shop }) => {
  await page.goto(shop.screen("funnel", QUESTION));
  await expectBars(page, await shop.post("funnel", QUESTION));
  expect(await barriers(page)).toEqual([]);
});

test("the address of the server opens a funnel", async ({ page, shop }) => {
  await page.goto(shop.origin);
  await expect(page).toHaveTitle("Funnel - EventHub");
  await expect(bars(page)).toHaveCount(4);
  await expect(bars(page).first()).toContainText("100%");
});

test("an edit asks anew, is in the address, and a link restores it", async ({ page, shop, context }) => {
  await page.goto(shop.screen("funnel", QUESTION));
  await page.getByRole("button", { name: "Add filter" }).first().click();
  const filter = page.getByRole("group", { name: "Filter 1" });
  await filter.getByRole("combobox", { name: "Property" }).click();
  await page.getByRole("option", { name: "platform" }).click();
  await filter.getByRole("combobox", { name: "Values" }).fill("mob");
  await page.getByRole("option", { name: "mobile" }).click();
  await page
    .getByRole("spinbutton", { name: "Window" })
    .or(page.getByLabel("Window", { exact: true }))
    .fill("7");
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/mobile.*7/);
  const filters = [{ property: "platform", op: "is", values: ["mobile"] }];
  const answer = await shop.post("funnel", {
    ...QUESTION,
    steps: QUESTION.steps.with(0, { event: "home", filters }),
    window: { amount: 7, unit: "days" },
  });
  await expectBars(page, answer);
  const other = await context.newPage();
  await other.goto(page.url());
  await expectBars(other, answer);
});

test("steps move by keyboard, by buttons and by dragging", async ({ page, shop }) => {
  await page.goto(shop.screen("funnel", QUESTION));
  await expect(bars(page)).toHaveCount(4);
  await page.getByRole("button", { name: /^Move step 1:/ }).focus();
  await page.keyboard.press("ArrowDown");
  await expect(bars(page).first()).toContainText("1. product_view");
  await expect(page.getByRole("button", { name: /^Move step 2:/ })).toBeFocused();
  await page.keyboard.press("ArrowUp");
  await expect(bars(page).first()).toContainText("1. home");
  await page.getByRole("button", { name: "Move step 4 up" }).click();
  await expect(bars(page).nth(2)).toContainText("3. purchase");
  await page.getByRole("button", { name: /^Move step 4:/ }).dragTo(page.getByRole("button", { name: /^Move step 1:/ }));
  await expect(bars(page).first()).toContainText("1. add_to_cart");
  const moved = ["add_to_cart", "home", "product_view", "purchase"].map((event) => ({ event }));
  await expectBars(page, await shop.post("funnel", { ...QUESTION, steps: moved }));
});

test("a funnel is asked by keyboard alone", async ({ page, shop }) => {
  await page.goto(shop.screen("funnel", { ...QUESTION, steps: [{ event: "home" }] }));
  await expect(bars(page)).toHaveCount(1);
  await page.getByRole("button", { name: "Add step" }).focus();
  await page.keyboard.press("Enter");
  // Back over the buttons of the step that is new, to its event.
  const event = page.getByRole("combobox", { name: "Event of step 2" });
  await expect(event).toBeVisible();
  for (let tabs = 0; tabs < 5 && !(await event.evaluate((field) => field === document.activeElement)); tabs += 1) {
    await page.keyboard.press("Shift+Tab");
  }
  await expect(event).toBeFocused();
  await page.keyboard.type("purch");
  await page.keyboard.press("Enter");
  await expectBars(page, await shop.post("funnel", { ...QUESTION, steps: [{ event: "home" }, { event: "purchase" }] }));
});

test("a drop-off leads to its users, and Back leads away", async ({ page, shop }) => {
  await page.goto(shop.screen("funnel", QUESTION));
  await page.getByRole("button", { name: /dropped out, of step 2/ }).click();
  await expect(page).toHaveURL(/who=dropped\.1/);
  const { total, users } = await shop.post("funnel/users", { funnel: QUESTION, step: 1, status: "dropped", limit: 50 });
  const panel = page.getByRole("dialog", { name: "Dropped out after product_view (step 2)" });
  await expect(panel).toContainText(`${count(total)} users`);
  const shown = (await cells(panel)).slice(1).map(([id]) => id);
  expect(shown).toEqual(users.map((user) => user.external_user_id));
  expect(await barriers(page)).toEqual([]);
  await panel.getByRole("button", { name: "Show more" }).click();
  await expect(panel.getByRole("row")).toHaveCount(1 + Math.min(100, total));
  await page.goBack();
  await expect(panel).toBeHidden();
});

test("a breakdown is drawn and listed", async ({ page, shop }) => {
  const question = { ...QUESTION, breakdown: { property: "platform" } };
  const { groups } = await shop.post("funnel", question);
  await page.goto(shop.screen("funnel", question));
  const section = page.getByRole("region", { name: "By platform" });
  await expect(section.locator("canvas")).toBeVisible();
  await expect(section.getByRole("row")).toHaveCount(groups.length + 1);
  const rows = (await cells(section.getByRole("table"))).slice(1);
  expect(rows.map((row) => row.slice(0, -1))).toEqual(
    groups.map(({ value, steps }) => [
      value,
      ...steps.map((step) => count(step.count)),
      share(steps.at(-1).converted_from_first),
    ]),
  );
  expect(await barriers(page)).toEqual([]);
});

test("users who may still go on are told apart", async ({ page, own }) => {
  const now = Date.now();
  const event = (user, type) => ({ event_type: type, external_user_id: user, timestamp: now - 3_600_000 });
  await own.post("events", [
    event("a", "open"),
    event("b", "open"),
    { ...event("b", "buy"), timestamp: now - 1_800_000 },
  ]);
  const day = (offset) => new Date(now + offset * 86_400_000).toISOString().slice(0, 10);
  await page.goto(
    own.screen("funnel", { range: { start: day(-1), end: day(1) }, steps: [{ event: "open" }, { event: "buy" }] }),
  );
  await expect(bars(page).first()).toContainText("1 still in their window");
  await expect(bars(page).first()).toContainText("0 dropped out");
});

test("what nobody did is said so", async ({ page, shop }) => {
  await page.goto(shop.screen("funnel", { ...QUESTION, range: { start: "2020-01-01", end: "2020-02-01" } }));
  await expect(page.getByText("Nobody did home then")).toBeVisible();
});

test.describe("what the API refuses", () => {
  test.use({ expectedErrors: /status of 400/ });

  test("is said at its field", async ({ page, shop }) => {
    const filters = [{ property: "platform", op: "gt", values: ["much"] }];
    await page.goto(shop.screen("funnel", { ...QUESTION, steps: [{ event: "home", filters }] }));
    await expect(page.getByRole("alert")).toContainText("The question cannot be answered");
    await expect(page.getByRole("group", { name: "Filter 1" }).getByLabel("Value")).toHaveAttribute(
      "aria-invalid",
      "true",
    );
  });
});
