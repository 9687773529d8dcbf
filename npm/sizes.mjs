// `node sizes.mjs`: the sizes of what a page loads, against their budgets; fails above one. And the snippet of the README is the
// one that was built.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const KB = 1000;
/** How each is compressed when it is measured, and bytes at most. */
const BUDGETS = {
  "eventhub.js": { gzip: 14 * KB },
  "eventhub-tracker.js": { brotli: 12 * KB },
  "eventhub-snippet.js": { plain: 1 * KB },
};

let failed = false;
for (const [name, budget] of Object.entries(BUDGETS)) {
  const file = readFileSync(join(import.meta.dirname, "dist", name));
  const sizes = { plain: file.length, gzip: gzipSync(file, { level: 9 }).length, brotli: brotliCompressSync(file).length };
  const [[way, most]] = Object.entries(budget);
  const shown = Object.entries(sizes).map(([way, size]) => `${way} ${size}`);
  console.log(`${name}: ${shown.join(", ")}; at most ${most} ${way}`);
  if (sizes[way] > most) {
    failed = true;
    console.log(`${name} is ${sizes[way] - most} bytes over its budget`);
  }
}

const snippet = readFileSync(join(import.meta.dirname, "dist/eventhub-snippet.js"), "utf8").trim();
if (!readFileSync(join(import.meta.dirname, "../README.md"), "utf8").includes(snippet)) {
  failed = true;
  console.log(`README.md has not the snippet that was built:\n${snippet}`);
}
process.exitCode = failed ? 1 : 0;
