// Old links open what they meant, views are saved under names, and nothing an event holds can run.

import { expect, test } from "./harness/fixtures.mjs";

const bars = (page) => page.getByRole("list", { name: "Steps of the funnel" }).getByRole("listitem");

test("an old link to a funnel opens what it meant", async ({ page, shop }) => {
  const old =
    "type=funnel&start_date=20240101&end_date=20240701&num_days_to_complete_funnel=30" +
    "&funnel_steps[]=home&funnel_steps[]=add_to_cart&funnel_steps[]=purchase&efk0[]=platform&efv0[]=mobile";
  const answer = await (await fetch(`${shop.origin}/events/funnel?${old.replace("type=funnel&", "")}`)).json();
  await page.goto(`${shop.origin}/?${old}`);
  await expect(bars(page)).toHaveCount(answer.length);
  for (const [index, users] of answer.entries()) {
    await expect(bars(page).nth(index)).toContainText(`${users} reached it`);
  }
  await expect(page).toHaveURL(/\/funnel\?q=/);
});

test("a view is saved, opened, replaced and deleted", async ({ page, own }) => {
  await own.post("events", [{ event_type: "open", external_user_id: "a", timestamp: "2024-03-01T10:00:00Z" }]);
  const question = { range: { start: "2024-03-01", end: "2024-03-02" }, steps: [{ event: "open" }] };
  await page.goto(own.screen("funnel", question, { who: "reached.0" }));
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  const name = "weekly <b>/ \u00e9";
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByLabel("Name of this view").fill(name);
  await page.getByRole("button", { name: "Save" }).click();
  const saved = page.getByRole("button", { name, exact: true });
  await expect(saved).toBeVisible();
  expect((await own.get("views")).views).toEqual([{ name }]);
  await page.getByLabel("Name of this view").fill(name);
  await expect(page.getByRole("button", { name: "Replace" })).toBeVisible();

  await page.goto(own.screen("experiment"));
  await page.getByRole("button", { name: "Views" }).click();
  await saved.click();
  await expect(page).toHaveURL(/\/funnel\?q=/);
  await expect(bars(page)).toHaveCount(1);

  await page.goto(`${own.origin}/?view=${encodeURIComponent(name)}`);
  await expect(page).toHaveURL(/\/funnel\?q=/);
  await expect(bars(page)).toHaveCount(1);

  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("button", { name: `Delete ${name}` }).click();
  await expect(saved).toBeHidden();
  expect((await own.get("views")).views).toEqual([]);
});

test.describe("a link to a view that is not there", () => {
  test.use({ expectedErrors: /status of 404/ });

  test("says so", async ({ page, own }) => {
    await page.goto(`${own.origin}/?view=nothing`);
    await expect(page.getByRole("alert")).toContainText("nothing");
  });
});

test("the colours follow the system, and the switch", async ({ page, shop }) => {
  const scheme = () => page.locator("html").getAttribute("data-mantine-color-scheme");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(shop.origin);
  await page.getByRole("button", { name: "Light colours" }).click();
  expect(await scheme()).toBe("light");
  await page.reload();
  await expect(page.getByRole("button", { name: "Dark colours" })).toBeVisible();
  expect(await scheme()).toBe("light");
});

test("a page that is not there is said so, by the server and by the dashboard", async ({ page, shop }) => {
  expect((await fetch(`${shop.origin}/nowhere`)).status).toBe(404);
  const response = await page.goto(`${shop.origin}/funnel`);
  expect(response.headers()["content-security-policy"]).not.toMatch(/'unsafe-/);
});

test("hostile texts are texts", async ({ page, own }) => {
  const hostile = `<img src=x onerror="document.title='run'">{a|b}</script><script>document.title='run'</script>`;
  await own.post("events", [
    { event_type: hostile, external_user_id: hostile, timestamp: "2024-03-01T10:00:00Z", [hostile]: hostile },
    { event_type: hostile, external_user_id: "b", timestamp: "2024-03-01T11:00:00Z", [hostile]: "javascript:alert(1)" },
  ]);
  await own.patch(`users/${encodeURIComponent(hostile)}`, { set: { [hostile]: hostile } });
  const question = {
    range: { start: "2024-03-01", end: "2024-03-02" },
    steps: [{ event: hostile, filters: [{ property: hostile, op: "exists" }] }, { event: hostile }],
    breakdown: { property: hostile },
    experiment: { control: hostile },
  };
  const { experiment: _, ...funnel } = question;
  for (const [screen, asked, parameters] of [
    ["funnel", funnel, {}],
    ["funnel", funnel, { who: "reached.0" }],
    ["experiment", question, {}],
  ]) {
    await page.goto(own.screen(screen, asked, parameters));
    await expect(page.getByText(hostile).first()).toBeVisible();
    const canvas = page.locator("canvas").first();
    await expect(canvas).toBeVisible();
    if (!parameters.who) {
      await canvas.hover();
    }
    await expect(page).toHaveTitle(/ - EventHub$/);
    expect(await page.locator("img[src='x']").count()).toBe(0);
  }
});
