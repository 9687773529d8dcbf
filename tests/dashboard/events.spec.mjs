// Events: which there are, what they hold, and each as it comes.

import { count, expect, test } from "./harness/fixtures.mjs";

test("types, keys and values are counted as the API counts them", async ({ page, shop }) => {
  const { event_types: types } = await shop.get("event-types");
  await page.goto(shop.screen("events"));
  const listed = (name) => page.getByRole("list", { name, exact: true }).getByRole("listitem");
  await expect(listed("Types")).toHaveText(types.map(({ name, events }) => `${name}${count(events)}`));

  await page.getByRole("button", { name: /^purchase/ }).click();
  const { properties } = await shop.get("properties?event=purchase");
  await expect(listed("Keys")).toHaveText(properties.map(({ key, kind, count: of }) => `${key} ${kind}${count(of)}`));

  await page.getByRole("button", { name: /^platform/ }).click();
  const { values } = await shop.get("values?event=purchase&property=platform");
  await expect(listed("Values")).toHaveText(values.map(({ value, count: of }) => `${value}${count(of)}`));

  await page.reload();
  await expect(listed("Values")).toHaveCount(values.length);
  await page.getByLabel("Values that begin with").fill("mob");
  await expect(listed("Values")).toHaveText([/^mobile/]);
  await page.getByLabel("Find a type").fill("PROD");
  await expect(listed("Types")).toHaveText([/^product_view/]);
});

test("events appear while they are stored", async ({ page, own }) => {
  await page.goto(own.screen("events", undefined, { show: "live" }));
  await expect(page.getByTestId("state")).toHaveText("Live");
  await expect(page.getByText("Nothing yet")).toBeVisible();
  await page.waitForTimeout(200);
  await own.post("events", [
    { event_type: "first", external_user_id: "ada", plan: "free" },
    { event_type: "second", external_user_id: "ben" },
  ]);
  const events = page.getByRole("region", { name: "Live events" }).locator("summary");
  await expect(events).toHaveText([/second.*ben/, /first.*ada/]);
  await expect(page.getByText("2 events received")).toBeVisible();
  await events.last().click();
  await expect(page.getByText("free")).toBeVisible();

  await page.getByRole("button", { name: "Pause" }).click();
  await own.post("events", [{ event_type: "third", external_user_id: "ada" }]);
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(page.getByTestId("state")).toHaveText("Live");
  // The stream ends before the server does, which would be an error.
  await page.close();
});

test("a server without events shows how to send one, and sees it come", async ({ page, own }) => {
  await page.goto(own.screen(""));
  await expect(page.getByText("Waiting for the first event")).toBeVisible();
  await page.getByRole("link", { name: "Retention" }).click();
  await expect(page.getByText("Waiting for the first event")).toBeVisible();
  await page.getByRole("tab", { name: "Command line" }).click();
  await expect(page.getByLabel("Snippet: Command line")).toContainText(`${own.origin}/events/track`);
  await page.waitForTimeout(200);
  await own.post("events", [{ event_type: "signup", external_user_id: "ada" }]);
  await expect(page.getByText("The first event is here")).toBeVisible();
  await expect(page.getByText("signup", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Look at it" }).click();
  await expect(page.getByText("1 user in cohorts")).toBeVisible();
});
