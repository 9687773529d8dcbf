// A server with a password shows a form, and nothing else until it is filled in.

import { expect, test } from "./harness/fixtures.mjs";

test.use({ flags: ["--password", "secret of ours"], expectedErrors: /status of 401/ });

test("the form lets in who knows the password, and out again", async ({ page, own }) => {
  await page.goto(own.screen("status"));
  const form = page.getByRole("form", { name: "Sign in" });
  await expect(form).toBeVisible();
  await expect(page.getByRole("navigation")).toHaveCount(0);

  await form.getByLabel("Password").first().fill("wrong");
  await form.getByRole("button", { name: "Sign in" }).click();
  await expect(form.getByRole("alert")).toHaveText("The user name or the password is wrong.");

  await form.getByLabel("Password").first().fill("secret of ours");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Status" })).toBeVisible();
  await expect(page.getByText("Events stored.")).toBeVisible();

  await page.reload();
  await expect(page.getByText("Events stored.")).toBeVisible();
  const [cookie] = await page.context().cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });

  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(form).toBeVisible();
  await page.reload();
  await expect(form).toBeVisible();
});

test("every screen is behind the form", async ({ page, own }) => {
  for (const screen of ["", "funnel", "retention", "trends", "users", "events", "status"]) {
    await page.goto(own.screen(screen));
    await expect(page.getByRole("form", { name: "Sign in" })).toBeVisible();
  }
});
