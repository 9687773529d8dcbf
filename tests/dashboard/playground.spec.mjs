// The playground: a file that is dropped into it is asked about in the browser, and nothing leaves.

import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { barriers, cells, count, expect, tabTo, test as base } from "./harness/fixtures.mjs";
import { drop, loadFile, serveFiles } from "./harness/playground.mjs";
import { SHOP_RANGE, shopFile } from "./harness/shop.mjs";

const test = base.extend({
  files: [
    async ({}, use) => {
      const server = await serveFiles();
      await use(server);
      server.close();
    },
    { scope: "worker" },
  ],
  file: async ({}, use, info) => {
    const { mkdir } = await import("node:fs/promises");
    await mkdir(info.outputDir, { recursive: true });
    await use(await shopFile(info.outputDir));
  },
  /** What is asked for over the network, by the page and its workers. */
  requests: async ({ context }, use) => {
    const requests = [];
    context.on("request", (request) => requests.push(request));
    await use(requests);
  },
});

const FUNNEL = {
  range: SHOP_RANGE,
  time_zone: "UTC",
  steps: ["home", "product_view", "add_to_cart", "purchase"].map((event) => ({ event, filters: [] })),
  window: { amount: 30, unit: "days" },
};

const settled = (page) => expect(page.locator("[aria-busy=true]")).toHaveCount(0);

test("a file is dropped, its columns are changed, and the funnel is the server's", async ({
  page,
  files,
  file,
  shop,
  requests,
}) => {
  await page.goto(`${files.url}?screen=funnel&q=${encodeURIComponent(JSON.stringify(FUNNEL))}`);
  await expect(page.getByText("Nothing leaves this browser").first()).toBeVisible();
  await drop(page, file, basename(file));
  await expect(page.getByLabel("What happened")).toHaveValue("event");
  await expect(page.getByLabel("The user")).toHaveValue("user_id");
  await expect(page.getByLabel("The time")).toHaveValue("timestamp");
  await expect(page.getByRole("cell", { name: /^user_\d{4}$/ }).first()).toBeVisible();

  await page.getByLabel("What happened").selectOption("platform");
  await expect(page.getByRole("button", { name: "Load", exact: true })).toBeEnabled();
  await page.getByLabel("What happened").selectOption("user_id");
  await expect(page.getByText("Another one is this column already").first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Load", exact: true })).toBeDisabled();
  await page.getByLabel("What happened").selectOption("event");
  await page.getByRole("checkbox", { name: "Keep session_id" }).uncheck();
  await page.getByRole("button", { name: "Load", exact: true }).click();

  const answer = await shop.post("funnel", FUNNEL);
  const steps = page.getByRole("list", { name: "Steps of the funnel" });
  for (const step of answer.steps) {
    await expect(steps).toContainText(count(step.count));
  }
  await page.getByRole("link", { name: "Events" }).click();
  await page.getByRole("button", { name: /^purchase / }).click();
  await expect(page.getByRole("button", { name: /^platform / })).toBeVisible();
  await expect(page.getByText(/session_id/)).toHaveCount(0);

  const origin = new URL(files.url).origin;
  expect(requests.length).toBeGreaterThan(5);
  for (const request of requests) {
    expect(new URL(request.url()).origin, request.url()).toBe(origin);
    expect(request.method()).toBe("GET");
    expect(request.postData()).toBeNull();
    expect(new URL(request.url()).pathname).toMatch(/^\/pages\/(assets\/[\w.-]+)?$/);
  }
});

test("retention and trends are the server's", async ({ page, files, file, shop }) => {
  await page.goto(files.url);
  await loadFile(page, file);
  const question = {
    range: { start: "2024-02-01", end: "2024-05-01" },
    time_zone: "UTC",
    period: "month",
    every: 1,
    start_event: { event: "product_view", filters: [] },
    return_event: "any",
    cohort_by: "first_in_range",
    return_on: "on",
    mode: "calendar",
    columns: 3,
    user_filters: [],
  };
  const shown = [];
  for (const root of [`${files.url}?screen=retention&`, `${shop.origin}/retention?`]) {
    if (root.startsWith(files.url)) {
      // Within the page: a reload forgets the file.
      await page.evaluate((href) => history.pushState(null, "", href), `${root}q=${encodeURIComponent(JSON.stringify(question))}`);
      await page.evaluate(() => window.dispatchEvent(new PopStateEvent("popstate")));
    } else {
      await page.goto(`${root}q=${encodeURIComponent(JSON.stringify(question))}`);
    }
    await expect(page.getByRole("rowheader").first()).toBeVisible();
    await settled(page);
    shown.push(await cells(page.getByRole("table").first()));
  }
  expect(shown[0].length).toBeGreaterThan(2);
  expect(shown[0]).toEqual(shown[1]);
});

test("every screen opens, and nothing keeps people out", async ({ page, files, file }) => {
  await page.goto(files.url);
  await page.emulateMedia({ reducedMotion: "reduce" });
  await expect(page.getByRole("button", { name: "Choose a file" })).toBeVisible();
  expect(await barriers(page)).toEqual([]);
  await page.getByLabel("File of events").setInputFiles(file);
  await expect(page.getByRole("button", { name: "Load", exact: true })).toBeVisible();
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Load", exact: true }).click();
  const screens = page.getByRole("navigation", { name: "Screens" }).getByRole("link");
  await expect(screens).toHaveText(["Funnel", "Retention", "Trends", "Experiment", "Users", "Events"]);
  for (const screen of await screens.all()) {
    await screen.click();
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await settled(page);
    await expect(page.getByRole("alert")).toHaveCount(0);
    expect(await barriers(page)).toEqual([]);
  }
  await page.getByText("Latest", { exact: true }).click();
  await expect(page.getByRole("list", { name: /latest events/ }).getByRole("listitem")).toHaveCount(100);
  await page.getByRole("link", { name: "Users" }).click();
  await page.getByRole("link", { name: "user_0000" }).click();
  await expect(page.getByText("user_0000").first()).toBeVisible();
  await settled(page);
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("the playground is used by keyboard alone", async ({ page, files, file }) => {
  await page.goto(files.url);
  // Asked for before the keys: Chromium is told without waiting, and a chooser that opens sooner is not seen.
  const chooser = page.waitForEvent("filechooser");
  await tabTo(page, page.getByRole("button", { name: "Choose a file" }));
  await page.keyboard.press("Enter");
  await (await chooser).setFiles(file);
  await expect(page.getByRole("heading", { name: basename(file) })).toBeFocused();
  await tabTo(page, page.getByLabel("What happened"));
  await page.keyboard.type("platf");
  await expect(page.getByLabel("What happened")).toHaveValue("platform");
  await tabTo(page, page.getByRole("button", { name: "Load", exact: true }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("complementary", { name: "Playground" })).toContainText("of 600 users");
  await tabTo(page, page.getByRole("button", { name: "Load another file" }));
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("button", { name: "Back to what is loaded" }));
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("link", { name: "Events" }));
  await page.keyboard.press("Enter");
  await expect(page.getByText("desktop").first()).toBeVisible();
});

test("texts of a file are shown and never run", async ({ page, files }, info) => {
  const hostile = `<img src=x onerror="window.ran=1">`;
  const cell = (text) => `"${text.replaceAll('"', '""')}"`;
  const rows = [
    ["user_id", "event", "timestamp", hostile],
    [hostile, hostile, "2024-03-01 10:00:00", `</script><script>window.ran=1</script>`],
    ["javascript:window.ran=1", "view", "2024-03-02 10:00:00", "{{7*7}}"],
    ["u", "view", hostile, ""],
  ];
  const path = info.outputPath("hostile.csv");
  await writeFile(path, rows.map((row) => row.map(cell).join(",")).join("\n"));
  await page.goto(files.url);
  await loadFile(page, path);
  await page.getByText("1 row of the file could not be read as events").click();
  await expect(page.getByText(/Line 4: timestamp: <img/)).toBeVisible();
  for (const name of ["Funnel", "Retention", "Trends", "Experiment", "Users", "Events"]) {
    await page.getByRole("link", { name, exact: true }).click();
    await settled(page);
  }
  await page.getByText(hostile).first().click();
  await settled(page);
  await page.getByRole("link", { name: "Users" }).click();
  await page.getByRole("link", { name: hostile }).click();
  await settled(page);
  expect(await page.evaluate(() => window.ran)).toBeUndefined();
});

test("views are kept by the browser", async ({ page, files, file }) => {
  await page.goto(files.url);
  await loadFile(page, file);
  await page.getByRole("link", { name: "Trends" }).click();
  await settled(page);
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("textbox", { name: "Name of this view" }).fill("by day/1");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("button", { name: "by day/1", exact: true })).toBeVisible();
  await page.reload();
  await loadFile(page, file);
  await page.getByRole("link", { name: "Funnel" }).click();
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("button", { name: "by day/1", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Trends" })).toBeVisible();
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("button", { name: "Delete by day/1" }).click();
  await expect(page.getByText("No views are saved yet")).toBeVisible();
});

test("what cannot be read is said", async ({ page, files }, info) => {
  const path = info.outputPath("data.csv");
  await writeFile(path, "ada,view,2024-03-01 10:00:00\n");
  await page.goto(files.url);
  await page.getByLabel("File of events").setInputFiles(path);
  await expect(page.getByRole("alert")).toContainText("The first line holds data, not the names of columns");
  await page.getByRole("button", { name: "Choose another file" }).click();
  await writeFile(path, "user,event,time\nada,view,yesterday\n");
  await page.getByLabel("File of events").setInputFiles(path);
  await page.getByRole("button", { name: "Load", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("No row of the file is an event; line 2: time: yesterday");
});

test("the server has the playground too, with demo data and another page's rights", async ({ page, own, requests }) => {
  await page.goto(own.origin);
  await page.getByRole("link", { name: "playground" }).click();
  await expect(page.getByText("EventHub playground")).toBeVisible();
  requests.length = 0;
  await page.getByRole("button", { name: "Take the demo data" }).click();
  await expect(page.getByRole("complementary", { name: "Playground" })).toContainText("Demo data");
  await expect(page.getByRole("list", { name: "Steps of the funnel" })).toContainText("page_view");
  await page.getByRole("link", { name: "Retention" }).click();
  await expect(page.getByRole("rowheader").first()).toBeVisible();
  await settled(page);
  expect(new URL(page.url()).pathname).toBe("/playground");
  for (const request of requests) {
    expect(new URL(request.url()).pathname).toMatch(/^\/assets\//);
  }
  const answer = await fetch(`${own.origin}/playground`);
  expect(answer.headers.get("content-security-policy")).toContain("default-src 'self'");
});
