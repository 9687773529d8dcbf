// The packed tracker in apps as sites build them: each page is run until its event is stored.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test, expect } from "../pages/harness/fixtures.mjs";
import { expectEachOnce } from "../pages/harness/pages.mjs";

const here = new URL(".", import.meta.url).pathname;
const app = `${here}apps/page`;
const bin = (name) => `${here}node_modules/.bin/${name}`;
const built = (name) => new URL(`../.work/bundlers/${name}`, import.meta.url).pathname;

/** Opens a page that tracks an event of this mark for ada, and waits until it is stored. */
async function runs(page, { server, network }, url, mark) {
  await page.goto(`${url}?hub=${network.origin}&mark=${mark}`);
  await expect(page.getByText("delivered")).toBeVisible();
  const [event] = await expectEachOnce({ server, network }, [`${mark}-0`]);
  expect(event).toMatchObject({ event_type: "view", external_user_id: "ada" });
  expect(event.properties.price).toBe("2.5");
  expect((await server.person("ada")).properties).toEqual({ plan: "paid" });
}

test("Vite builds it", async ({ page, site, server, network }) => {
  const { build } = await import("vite");
  await build({ root: app, base: "./", logLevel: "warn", build: { outDir: built("vite"), emptyOutDir: true } });
  site.addFolder("/vite", built("vite"));
  await runs(page, { server, network }, `${site.origin}/vite/index.html`, "vite");
});

test("Vite serves it while the site is developed", async ({ page, server, network }) => {
  const { createServer } = await import("vite");
  const cacheDir = built("vite-cache");
  const vite = await createServer({ root: app, cacheDir, logLevel: "warn", server: { port: 0, host: "127.0.0.1" } });
  await vite.listen();
  await runs(page, { server, network }, vite.resolvedUrls.local[0], "develop");
  await vite.close();
});

test("webpack builds it", async ({ page, site, server, network }) => {
  const { default: webpack } = await import("webpack");
  const compiler = webpack({
    mode: "production",
    context: app,
    entry: "./main.ts",
    output: { path: built("webpack"), publicPath: "auto" },
  });
  const stats = await new Promise((resolve, reject) => {
    compiler.run((error, stats) => (error ? reject(error) : resolve(stats)));
  });
  expect(stats.toJson({ all: false, errors: true, warnings: true })).toMatchObject({ errors: [], warnings: [] });
  site.addFolder("/webpack", built("webpack"));
  site.add("/webpack.html", `<!doctype html><title>Shop</title><body><script src="/webpack/main.js"></script>`);
  await runs(page, { server, network }, `${site.origin}/webpack.html`, "webpack");
});

test("esbuild builds it", async ({ page, site, server, network }) => {
  const output = execFileSync(bin("esbuild"), [
    "main.ts",
    "--bundle",
    "--minify",
    "--format=esm",
    "--log-level=warning",
    `--outdir=${built("esbuild")}`,
  ], { cwd: app, encoding: "utf8" });
  expect(output).toBe("");
  site.addFolder("/esbuild", built("esbuild"));
  site.add("/esbuild.html", `<!doctype html><title>Shop</title><body><script type="module" src="/esbuild/main.js"></script>`);
  await runs(page, { server, network }, `${site.origin}/esbuild.html`, "esbuild");
});

test("what is not used is left out", async () => {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    stdin: { contents: `import "eventhub-tracker"; console.log("shop")`, resolveDir: app },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    logLevel: "silent",
  });
  expect(outputFiles[0].text.trim()).toBe(`console.log("shop");`);
});

test("its types hold under the strictest compiler", () => {
  const tsc = new URL("../../node_modules/.bin/tsc", import.meta.url).pathname;
  execFileSync(tsc, ["--project", app], { stdio: "inherit" });
});

test("it can be imported and called where there is no window", () => {
  const source = `
    import { newEventHub } from "eventhub-tracker";
    const hub = newEventHub("shop", { url: "http://hub.example" });
    hub.identify("ada", { plan: "paid" });
    hub.register({ channel: "mail" });
    hub.track("view");
    hub.alias("ada");
    hub.page();
    hub.reset();
    hub.optOut();
    hub.optIn();
    await hub.flush();
    console.log(JSON.stringify(hub.stats()));`;
  const output = execFileSync("node", ["--input-type=module", "--eval", source], { cwd: app, encoding: "utf8", timeout: 10_000 });
  expect(JSON.parse(output)).toMatchObject({ queued: 0, sent: 0, dropped: 0, rejected: 0 });
});

test("Next renders it on the server and runs it in the browser", async ({ page, server, network }) => {
  const cwd = `${here}apps/next`;
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production", NODE_NO_WARNINGS: "1" };
  execFileSync(bin("next"), ["build"], { cwd, env, stdio: ["ignore", "ignore", "inherit"] });
  // Node itself, so that the signal below ends the server and not a shell around it.
  const entry = `${here}node_modules/next/dist/bin/next`;
  const next = spawn("node", [entry, "start", "--hostname", "127.0.0.1", "--port", "0"], { cwd, env });
  let log = "";
  next.stderr.on("data", (chunk) => (log += chunk));
  const exit = once(next, "exit");
  try {
    const origin = await originOf(next);
    const html = await (await fetch(origin)).text();
    expect(html).toContain("rendered on the server");
    await runs(page, { server, network }, origin, "next");
    expect(log).toBe("");
  } finally {
    next.kill();
    await exit;
  }
});

async function originOf(child) {
  for await (const line of createInterface(child.stdout)) {
    const [origin] = line.match(/http:\/\/127\.0\.0\.1:\d+/) ?? [];
    if (origin !== undefined) {
      child.stdout.resume();
      return origin;
    }
  }
  throw new Error("the app's server did not start");
}
