// The clickstream of a shop, 31,106 events of 600 users, which most screens are looked at with.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";

const beside = fileURLToPath(new URL("../../../../shared/data/ecom.csv.gz", import.meta.url));
const COLUMNS = ["--event-column", "event", "--user-column", "user_id", "--time-column", "timestamp"];

/** The days that the events are of. */
export const SHOP_RANGE = { start: "2024-01-01", end: "2024-07-01" };

/** Imports the shop. */
export async function importShop(binary, data) {
  await importFile(binary, data, await shopFile(dirname(data)));
}

/** Imports many shops, whose events and users are told apart by `#0`, `#1` and so on at the end of their names. */
export async function importShops(binary, data, shops) {
  const file = await shopFile(dirname(data));
  const bytes = await readFile(file);
  const [head, ...lines] = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString().trimEnd().split("\n");
  const all = [head];
  for (let shop = 0; shop < shops; shop += 1) {
    for (const line of lines) {
      const [user, session, event, ...rest] = line.split(",");
      all.push([`${user}#${shop}`, session, `${event}#${shop}`, ...rest].join(","));
    }
  }
  await importLines(binary, data, all.join("\n"));
}

/** Imports the text of a file with the sample's columns. */
export async function importLines(binary, data, text) {
  const file = join(dirname(data), "lines.csv");
  await writeFile(file, text);
  await importFile(binary, data, file);
}

async function importFile(binary, data, file) {
  await promisify(execFile)(binary, ["import", file, "--data", data, ...COLUMNS]);
}

/**
 * The sample that `EVENTHUB_SAMPLE` names, or that beside the workspace; where neither is, a file in a folder with events
 * of the same shape, which are the same each time.
 */
export async function shopFile(folder) {
  const sample = [process.env.EVENTHUB_SAMPLE, beside].find((file) => file !== undefined && existsSync(file));
  if (sample !== undefined) {
    return sample;
  }
  const made = join(folder, "shop.csv");
  await writeFile(made, madeShop());
  return made;
}

const EVENTS = ["home", "search", "catalog", "product_view", "add_to_cart", "purchase"];
const PLATFORMS = ["desktop", "mobile", "tablet"];

function madeShop() {
  const random = numbersFrom(1);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const [start, end] = [SHOP_RANGE.start, SHOP_RANGE.end].map((day) => Date.parse(day));
  const lines = ["user_id,session_id,event,timestamp,platform,user_lifecycle"];
  for (let user = 0; user < 600; user += 1) {
    const platform = pick(PLATFORMS);
    const events = 10 + Math.floor(random() * 80);
    for (let event = 0; event < events; event += 1) {
      const time = new Date(start + random() * (end - start)).toISOString().slice(0, 19).replace("T", " ");
      const id = `user_${String(user).padStart(4, "0")}`;
      lines.push([id, `sess_${user}_${event % 7}`, pick(EVENTS), time, platform, pick(["new", "returning"])].join(","));
    }
  }
  return `${lines.join("\n")}\n`;
}

/** Numbers from 0 to 1 that look random and depend on the seed alone (a linear congruential generator). */
export function numbersFrom(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
