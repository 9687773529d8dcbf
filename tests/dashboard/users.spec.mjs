// Users are found, and a person's page shows what the API knows of them.

import { expect, test } from "./harness/fixtures.mjs";

// Of the person who is looked for and is not there.
test.use({ expectedErrors: /status of 404/ });

const EVENTS_PER_PAGE = 50;

const FUNNEL = {
  range: { start: "2024-01-01", end: "2024-07-01" },
  steps: [{ event: "home" }, { event: "product_view" }, { event: "purchase" }],
  window: { amount: 30, unit: "days" },
};

test("a search by a part of the id finds whom the API finds, and leads to each", async ({ page, shop }) => {
  const filters = [{ property: "external_user_id", op: "contains", values: ["_001"] }];
  const { total, users } = await shop.post("users/find", { filters });
  await page.goto(shop.screen("users"));
  await expect(page.getByText("600 users")).toBeVisible();
  await page.getByLabel("Id contains").fill("_001");
  await expect(page.getByText(`${total} users`, { exact: true })).toBeVisible();
  const links = page.getByRole("region", { name: "Answer" }).getByRole("link");
  await expect(links).toHaveText(users.map((user) => user.external_user_id));
  await page.reload();
  await expect(links).toHaveCount(total);
  await links.first().click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(users[0].external_user_id);
  await page.goBack();
  await expect(links).toHaveCount(total);
});

test("pages of users are turned over, and are in the address", async ({ page, shop }) => {
  const { users } = await shop.post("users/find", { offset: 50, limit: 50 });
  await page.goto(shop.screen("users"));
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page.getByText("51 to 100 of 600")).toBeVisible();
  await expect(page).toHaveURL(/page=2/);
  await page.reload();
  const links = page.getByRole("region", { name: "Answer" }).getByRole("link");
  await expect(links).toHaveText(users.map((user) => user.external_user_id));
});

test("properties narrow the search", async ({ page, own }) => {
  for (const [id, country] of [["ada", "france"], ["ben", "chile"], ["cleo", "france"]]) {
    await own.patch(`users/${id}`, { set: { country } });
  }
  await page.goto(own.screen("users"));
  await page.getByRole("button", { name: "Add filter" }).click();
  const filter = page.getByRole("group", { name: "Filter 1" });
  await filter.getByRole("combobox", { name: "Property" }).click();
  await page.getByRole("option", { name: "country" }).click();
  await filter.getByLabel("Values").fill("france");
  await page.keyboard.press("Enter");
  const links = page.getByRole("region", { name: "Answer" }).getByRole("link");
  await expect(links).toHaveText(["ada", "cleo"]);
  await page.reload();
  await expect(links).toHaveText(["ada", "cleo"]);
});

test("a person has properties, every id, and the events of all of them", async ({ page, own }) => {
  const event = (event_type, external_user_id, hour) => ({
    event_type,
    external_user_id,
    timestamp: `2024-03-0${hour < 12 ? 1 : 2}T${hour < 12 ? "0" : ""}${hour}:00:00Z`,
    plan: "free",
  });
  await own.post("events", [event("view", "device-1", 8), event("signup", "ada", 9), event("buy", "ada", 12)]);
  await own.post("users/alias", { from_external_user_id: "device-1", to_external_user_id: "ada" });
  await own.patch("users/ada", { set: { country: "france" } });
  await page.goto(own.screen("users", undefined, { id: "device-1" }));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("ada");
  const person = page.getByRole("region", { name: "Person", exact: true });
  await expect(person.getByText("france")).toBeVisible();
  await expect(person.getByText("Known by 2 ids")).toBeVisible();
  await expect(person.getByRole("listitem")).toHaveText(["ada", "device-1 is ada"]);
  const timeline = page.getByRole("region", { name: "Timeline" });
  await expect(timeline.getByRole("heading", { level: 3 })).toHaveText(["Mar 1, 2024", "Mar 2, 2024"]);
  // Times are in the server's zone, UTC, whatever the browser's is.
  await expect(timeline.locator("summary")).toHaveText([
    /8:00:00.AM.*view.*as device-1/,
    /9:00:00.AM.*signup.*1 hr later/,
    /12:00:00.PM.*buy.*1 day 3 hr later/,
  ]);
  await timeline.locator("summary").first().click();
  await expect(timeline.getByText("plan").first()).toBeVisible();
});

test("the timeline has every event in order, in pages", async ({ page, shop }) => {
  const most = await busiest(shop);
  const { events } = await shop.get(`users/${most}/timeline?limit=10000`);
  expect(events.length).toBeGreaterThan(EVENTS_PER_PAGE);
  await page.goto(shop.screen("users", undefined, { id: most }));
  const names = page.getByRole("region", { name: "Timeline" }).locator("summary > span:first-of-type");
  await expect(names).toHaveText(events.slice(0, EVENTS_PER_PAGE).map((event) => event.event_type));
  await page.getByRole("button", { name: "Next" }).click();
  await expect(names).toHaveText(events.slice(EVENTS_PER_PAGE, 2 * EVENTS_PER_PAGE).map((event) => event.event_type));
});

test("a funnel explains how it counts a person", async ({ page, shop }) => {
  const { users } = await shop.post("funnel/users", { funnel: FUNNEL, step: 1, status: "dropped", limit: 1 });
  const id = users[0].external_user_id;
  const answer = await shop.post("funnel/explain", { funnel: FUNNEL, external_user_id: id });
  await page.goto(shop.screen("users", undefined, { id, funnel: JSON.stringify(FUNNEL) }));
  const explained = page.getByRole("region", { name: "Funnel" });
  await expect(explained.getByText("Reached 2 of 3 steps. The time to do purchase ended")).toBeVisible();
  await expect(explained.locator("summary")).toHaveCount(answer.events.length);
  await expect(explained.getByText(/^Step \d$/)).toHaveText(["Step 1", "Step 2"]);
  await explained.getByRole("link", { name: "Open the funnel" }).click();
  await expect(page).toHaveURL(/\/funnel\?q=/);
});

test("an unknown person is said to be unknown", async ({ page, shop }) => {
  await page.goto(shop.screen("users", undefined, { id: "nobody" }));
  await expect(page.getByText("Nobody has the id nobody.")).toBeVisible();
});

/** A user with more than a page of events. */
async function busiest(shop) {
  const { users } = await shop.post("users/find", { limit: 600 });
  for (const { external_user_id: id } of users) {
    const { events } = await shop.get(`users/${id}/timeline?offset=${EVENTS_PER_PAGE}&limit=1`);
    if (events.length > 0) {
      return id;
    }
  }
  throw new Error("nobody has more than a page of events");
}
