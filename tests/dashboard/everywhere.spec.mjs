// What holds of these screens alike: nobody is kept out, phones have room, and no event can run anything.

import { barriers, expect, tabTo, test } from "./harness/fixtures.mjs";

const SCREENS = {
  retention: {},
  trends: {},
  users: {},
  person: { screen: "users", parameters: { id: "user_0001" } },
  events: { parameters: { type: "purchase", key: "platform" } },
  live: { screen: "events", parameters: { show: "live" } },
  status: {},
};

for (const [name, { screen = name, parameters }] of Object.entries(SCREENS)) {
  for (const colorScheme of ["light", "dark"]) {
    test(`${name}: nothing keeps people out, ${colorScheme}`, async ({ page, shop }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.goto(shop.screen(screen, undefined, parameters));
      await settled(page);
      expect(await barriers(page)).toEqual([]);
    });
  }

  test(`${name}: a phone has room for it`, async ({ page, shop }) => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(shop.screen(screen, undefined, parameters));
    await settled(page);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(360);
  });
}

test("retention is asked by keyboard alone", async ({ page, shop }) => {
  await page.goto(shop.screen("retention"));
  await settled(page);
  await tabTo(page, page.getByRole("checkbox", { name: "Came back for: any event" }));
  await page.keyboard.press("Space");
  await tabTo(page, page.getByRole("combobox", { name: "Came back for" }));
  await page.keyboard.type("purch");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/purchase/);
  await tabTo(page, page.getByRole("textbox", { name: "Columns" }));
  await page.keyboard.press("Control+A");
  await page.keyboard.type("4");
  await expect(page.getByRole("columnheader", { name: "Week 3" })).toBeVisible();
  await expect(page.getByRole("columnheader", { name: "Week 4" })).toHaveCount(0);
});

test("texts of events are shown and never run", async ({ page, own }) => {
  const hostile = [
    `<img src=x onerror="window.ran=1">`,
    `"><script>window.ran=1</script>`,
    `javascript:window.ran=1`,
    `{{constructor.constructor('window.ran=1')()}}`,
    `{a|<b>}\u202e\u0000\n${"x".repeat(300)}`,
  ].map((text) => text.slice(0, 200).replaceAll("\u0000", ""));
  const events = hostile.map((text, index) => ({
    event_type: text,
    external_user_id: text,
    timestamp: Date.UTC(2024, 2, 1 + index),
    [text]: text,
  }));
  await own.post("events", events);
  for (const text of hostile) {
    await own.patch(`users/${encodeURIComponent(text)}`, { set: { [text]: text } });
  }
  const [text] = hostile;
  const range = { start: "2024-03-01", end: "2024-03-08" };
  const steps = [{ event: text }];
  const breakdown = { property: text };
  const pages = [
    own.screen("retention", { range, start_event: { event: text }, return_event: "any", breakdown }),
    own.screen("trends", { range, event: { event: text }, interval: "day", measure: "events", breakdown }),
    own.screen("users"),
    own.screen("users", undefined, { id: text, funnel: JSON.stringify({ range, steps }) }),
    own.screen("events", undefined, { type: text, key: text }),
    own.screen("status"),
  ];
  for (const address of pages) {
    await page.goto(address);
    await settled(page);
    if (!address.endsWith("status")) {
      await expect(page.getByText(text).or(page.locator(`input[value*="onerror"]`)).first()).toBeVisible();
    }
    expect(await page.evaluate(() => [window.ran, document.querySelectorAll("img").length])).toEqual([undefined, 0]);
  }

  await page.goto(own.screen("events", undefined, { show: "live" }));
  await expect(page.getByTestId("state")).toHaveText("Live");
  await page.waitForTimeout(200);
  await own.post("events", [{ event_type: text, external_user_id: text, [text]: text }]);
  await expect(page.getByText(text).first()).toBeVisible();
  expect(await page.evaluate(() => window.ran)).toBeUndefined();
  // The stream ends before the server does, which would be an error.
  await page.close();
});

/** Everything that was asked is answered and drawn. */
async function settled(page) {
  await page.waitForLoadState("load");
  await expect(page.locator("main h1")).toBeVisible();
  await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
}
