// Asks the WebAssembly engine what the native one was asked, and demands the same answers byte for byte:
// `node tests/cases.mjs FILE`. The file is the one that core's test of ten thousand cases leaves.

import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import init, * as engine from "../npm/dist/wasm/preview.js";

const wasm = new URL("../npm/dist/wasm/preview_bg.wasm", import.meta.url);
await init({ module_or_path: readFileSync(wasm) });

const file = openSync(process.argv[2]);

/** The next bytes with their length before them; none at the end of the file. */
function next() {
  const length = Buffer.alloc(4);
  const read = readSync(file, length);
  if (read === 0) {
    return null;
  }
  const bytes = Buffer.alloc(length.readUInt32LE());
  if (read !== 4 || readSync(file, bytes) !== bytes.length) {
    throw new Error("the file of cases is torn");
  }
  return bytes;
}

let cases = 0;
let asked = 0;
let different = 0;
for (let header = next(); header !== null; header = next()) {
  const { parts, merged, allowed, now, questions } = JSON.parse(header.toString());
  const bytes = next();
  const at = ([from, length]) => new Uint8Array(bytes.subarray(from, from + length));
  const files = Object.fromEntries(Object.entries(parts).map(([type, places]) => [type, places.map(at)]));
  const people = {
    merged: merged.map(([block, place]) => [block, at(place)]),
    ...(allowed && { allowed: Uint32Array.from(allowed) }),
  };
  const preview = engine.Preview.ofParts(files, people);
  for (const [kind, query, expected] of questions) {
    const answer = preview.answer(kind, query, now);
    asked += 1;
    if (answer !== expected) {
      different += 1;
      console.error(`case ${cases}, ${kind} ${JSON.stringify(query)}:\n  ${answer}\n  instead of\n  ${expected}`);
    }
  }
  preview.free();
  cases += 1;
}
closeSync(file);
console.log(`${asked} answers to ${cases} cases, ${different} different`);
if (different > 0 || cases < 10_000) {
  process.exit(1);
}
