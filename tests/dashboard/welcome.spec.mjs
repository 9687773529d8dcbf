// What is met before there is anything to see: the form to sign in by, and a server without events.

import { barriers, expect, test } from "./harness/fixtures.mjs";

const LOOKS = ["light", "dark"].flatMap((colorScheme) => [1280, 360].map((width) => ({ colorScheme, width })));

for (const { colorScheme, width } of LOOKS) {
  const look = `${colorScheme}, ${width} pixels`;

  test(`first run: nothing keeps people out, ${look}`, async ({ page, own }) => {
    await dress(page, colorScheme, width);
    await page.goto(own.origin);
    await expect(page.getByText("Waiting for the first event")).toBeVisible();
    await check(page, width);
    await own.post("events", [{ event_type: "open", external_user_id: "a" }]);
    await expect(page.getByText("The first event is here")).toBeVisible();
    await check(page, width);
    // The stream ends before the server does, which would be an error.
    await page.close();
  });

  test.describe("with a password", () => {
    test.use({ flags: ["--password", "secret of ours"], expectedErrors: /status of 401/ });

    test(`sign-in: nothing keeps people out, ${look}`, async ({ page, own }) => {
      await dress(page, colorScheme, width);
      await page.goto(own.origin);
      const form = page.getByRole("form", { name: "Sign in" });
      await expect(form).toBeVisible();
      await check(page, width);
      await form.getByLabel("Password").first().fill("wrong");
      await form.getByRole("button", { name: "Sign in" }).click();
      await expect(form.getByRole("alert")).toBeVisible();
      await check(page, width);
    });
  });
}

async function dress(page, colorScheme, width) {
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  await page.setViewportSize({ width, height: 800 });
}

async function check(page, width) {
  expect(await barriers(page)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
}
