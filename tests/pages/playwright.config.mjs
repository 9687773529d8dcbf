// Pages and the dashboard in Chromium against the real server. `cargo xtask test` builds what they load and sets CHROME_BIN.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { defineConfig } from "@playwright/test";

const { CHROME_BIN = "chromium", PATH } = process.env;
/** A name such as `chromium` is looked for on the path, which Playwright does not do. */
const chromium = ["", ...PATH.split(delimiter)].map((folder) => join(folder, CHROME_BIN)).find(existsSync);

// Chromium's sandbox does not start for root, who runs most CI containers.
const isRoot = process.getuid?.() === 0;

export const launchOptions = {
  executablePath: chromium ?? CHROME_BIN,
  // Playwright turns off the cache that a page goes into when it is left; visitors have it.
  ignoreDefaultArgs: ["--disable-back-forward-cache"],
  args: [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    // A name under which a page is not a secure context, as localhost would be.
    "--host-resolver-rules=MAP *.test 127.0.0.1",
    ...(isRoot ? ["--no-sandbox"] : []),
  ],
};

/** It measures pauses of the page, which another test beside it would make longer: it comes when all others are done. */
const ALONE = "playground-large.spec.mjs";

export default defineConfig({
  projects: [
    { name: "pages", testDir: ".", testMatch: "*.spec.mjs" },
    { name: "dashboard", testDir: "../dashboard", testMatch: "*.spec.mjs", testIgnore: ALONE },
    { name: "pack", testDir: "../bundlers", testMatch: "*.setup.mjs" },
    { name: "bundlers", testDir: "../bundlers", testMatch: "*.spec.mjs", dependencies: ["pack"] },
    { name: "alone", testDir: "../dashboard", testMatch: ALONE, dependencies: ["pages", "dashboard", "bundlers"] },
  ],
  outputDir: "../.work/pages",
  fullyParallel: true,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 20_000 },
  forbidOnly: Boolean(process.env.CI),
  reporter: "list",
  use: { launchOptions },
});
