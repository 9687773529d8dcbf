// The tag and its path under the site's own domain and names of its own; how the tag is served.

import { createHash } from "node:crypto";
import { test, expect } from "./harness/fixtures.mjs";
import { Network } from "./harness/network.mjs";
import { document, expectEachOnce, tagged, track, untilDelivered } from "./harness/pages.mjs";

test.describe("names of the site's own", () => {
  test.use({ flags: ["--tag-path", "/static/s.js", "--ingest-path", "/static/c"] });
  let shop;
  test.beforeEach(async ({ server, site }) => {
    shop = await Network.start(server, site);
    shop.ingest = ["/static/c"];
  });
  test.afterEach(() => shop.stop());

  for (const [how, page_] of Object.entries({
    "as an attribute": () => tagged("/static/s.js", {}, { attributes: `data-ingest="/static/c"` }),
    "as an option": () => tagged("/static/s.js", { ingestPath: "/static/c" }),
  })) {
    test(`the ingest path given ${how}`, async ({ page, site, server }) => {
      site.add("/shop", page_());
      const asked = [];
      page.on("request", (request) => asked.push(new URL(request.url()).pathname));
      await page.goto(`${shop.origin}/shop`);
      const marks = await track(page, "own", 5);
      await page.evaluate(() => hub.alias("ada"));
      await untilDelivered(page);
      await expectEachOnce({ server, network: shop }, marks);
      expect(new Set(asked)).toEqual(new Set(["/shop", "/static/s.js", "/static/c"]));
      // Of one origin, nothing is asked beforehand.
      expect(shop.requests.every(({ method }) => method === "POST")).toBe(true);
    });
  }
});

test("the url may be another than the script's", async ({ page, site, server, network }) => {
  const text = await (await fetch(`${network.origin}/eventhub.js`)).text();
  site.add("/copy.js", text);
  site.add("/", tagged("/copy.js", { url: network.origin }));
  await page.goto(site.origin);
  const marks = await track(page, "url", 3);
  await untilDelivered(page);
  await expectEachOnce({ server, network }, marks);
});

test.describe("a server with a write key", () => {
  test.use({ flags: ["--write-key", "sesame"] });

  test("takes events with the key", async ({ page, site, server, network }) => {
    site.add("/", tagged(`${network.origin}/eventhub.js`, { key: "sesame" }));
    await page.goto(site.origin);
    const marks = await track(page, "key", 3);
    await page.evaluate(() => hub.alias("ada"));
    await untilDelivered(page);
    await expectEachOnce({ server, network }, marks);
  });

  test.describe("and a page with another", () => {
    test.use({ requestsFail: true });

    test("keeps the events until the key is put right", async ({ page, site, server, network }) => {
      site.add("/", tagged(`${network.origin}/eventhub.js`, { key: "wrong" }));
      await page.goto(site.origin);
      const marks = await track(page, "key", 3);
      await expect.poll(() => network.posts.at(-1)?.status).toBeGreaterThanOrEqual(401);
      site.add("/", tagged(`${network.origin}/eventhub.js`, { key: "sesame" }));
      await page.reload();
      await untilDelivered(page);
      await expectEachOnce({ server, network }, marks);
    });
  });
});

test.describe("a server with a password", () => {
  test.use({ flags: ["--password", "secret"] });

  test("serves the tag and takes its events without", async ({ page, site, server, network }) => {
    site.add("/", tagged(`${network.origin}/eventhub.js`));
    await page.goto(site.origin);
    await track(page, "open", 3);
    await page.evaluate(() => hub.alias("ada"));
    await untilDelivered(page);
    expect(network.posts.every(({ status }) => status === 200)).toBe(true);
    expect((await fetch(`${server.origin}/api/v1/export`)).status).toBe(401);
  });
});

test("the file under its hash is the same, and stays for a year", async ({ page, site, server, network }) => {
  const named = await fetch(`${network.origin}/eventhub.js`);
  const bytes = Buffer.from(await named.arrayBuffer());
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  const hashed = await fetch(`${network.origin}/eventhub.${hash}.js`);
  expect(hashed.status).toBe(200);
  expect(Buffer.from(await hashed.arrayBuffer()).equals(bytes)).toBe(true);
  expect(hashed.headers.get("cache-control")).toMatch(/immutable/);
  expect(named.headers.get("cache-control")).not.toMatch(/immutable/);
  const again = await fetch(`${network.origin}/eventhub.js`, { headers: { "if-none-match": named.headers.get("etag") } });
  expect(again.status).toBe(304);

  const integrity = `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
  const src = `${network.origin}/eventhub.${hash}.js`;
  site.add("/", tagged(src, {}, { attributes: `integrity="${integrity}" crossorigin="anonymous"` }));
  await page.goto(site.origin);
  const marks = await track(page, "hash", 3);
  await untilDelivered(page);
  await expectEachOnce({ server, network }, marks);
});

test.describe("other sites", () => {
  test.use({ requestsFail: true });

  test("nothing but the tag's two paths may be read by them", async ({ page, site, network }) => {
    site.add("/", document("", ""));
    await page.goto(site.origin);
    const allowed = await page.evaluate(
      (origin) => Promise.all(["/eventhub.js", "/api/v1/export"].map((path) => fetch(origin + path).then(() => true, () => false))),
      network.origin,
    );
    expect(allowed).toEqual([true, false]);
  });
});

test.describe("a server that names the sites it serves", () => {
  test.use({ flags: ["--cors-origin", "https://other.example"], requestsFail: true });

  test("keeps no other site from going on", async ({ page, site, server, network }) => {
    site.add("/", tagged(`${network.origin}/eventhub.js`));
    await page.goto(site.origin);
    await track(page, "foreign", 3);
    await expect.poll(() => network.posts.length).toBeGreaterThan(0);
    await network.quiet();
    expect(await page.evaluate(() => hub.stats())).toMatchObject({ sent: 0 });
  });
});
