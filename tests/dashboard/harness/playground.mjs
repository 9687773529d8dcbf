// The playground as static files, and files to drop into it.

import { createReadStream, existsSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const folder =
  process.env.EVENTHUB_PLAYGROUND ?? fileURLToPath(new URL("../../../target/playground", import.meta.url));

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** A server of files and nothing else, on the folder that `cargo xtask playground` writes. */
export async function serveFiles() {
  if (!existsSync(join(folder, "index.html"))) {
    throw new Error(`${folder} is missing: run \`cargo xtask playground\` first`);
  }
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://localhost").pathname).replace(/^\/pages/, "");
    const file = join(folder, path === "/" ? "index.html" : path);
    if (!existsSync(file) || !(await stat(file)).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
    createReadStream(file).pipe(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    /** Below a path, as on a host of many projects' pages. */
    url: `http://127.0.0.1:${server.address().port}/pages/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Everything but the file is left as it is: chooses it, and loads it. */
export async function loadFile(page, file) {
  await page.getByLabel("File of events").setInputFiles(file);
  await page.getByRole("button", { name: "Load", exact: true }).click();
  await page.getByRole("complementary", { name: "Playground" }).waitFor();
}

/** Drops a file, as a mouse does. */
export async function drop(page, path, name) {
  const bytes = (await readFile(path)).toString("base64");
  const transfer = await page.evaluateHandle(
    ([bytes, name]) => {
      const transfer = new DataTransfer();
      const content = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
      transfer.items.add(new File([content], name));
      return transfer;
    },
    [bytes, name],
  );
  const zone = page.getByRole("region", { name: "Choose events" });
  await zone.dispatchEvent("dragover", { dataTransfer: transfer });
  await zone.dispatchEvent("drop", { dataTransfer: transfer });
}

/** A CSV file of so many lines and eight columns. */
export async function writeLarge(path, lines) {
  const events = ["page_view", "search", "product_view", "add_to_cart", "checkout", "purchase"];
  const start = Date.UTC(2024, 0, 1);
  let state = 7;
  const random = (end) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * end);
  };
  const rows = ["user_id,event,timestamp,session_id,platform,country,price,referrer"];
  for (let line = 0; line < lines; line += 1) {
    const user = random(50_000);
    const time = new Date(start + line * 15_000 + random(9_000)).toISOString();
    const rest = `s${user}-${random(20)},${["ios", "android", "web"][random(3)]},C${random(40)},${random(500) / 10},r${random(200)}`;
    rows.push(`u${user},${events[random(events.length)]},${time},${rest}`);
  }
  await writeFile(path, `${rows.join("\n")}\n`);
}
