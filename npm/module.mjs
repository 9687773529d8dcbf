// `node module.mjs FOLDER`: makes tracker_module.js of tracker_bg.wasm, beside it, and shortens the names by which the module and
// tracker_bg.js know each other.
//
// The bytes become characters from `#` on, so that most stay one character and what compresses the file finds in them
// what it would find in the module. A byte of 91 or more is `~` and what it is above 91, up to twice.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const folder = process.argv[2];
const wasm = `${folder}/tracker_bg.wasm`;
const wasmOpt = new URL("../node_modules/.bin/wasm-opt", import.meta.url).pathname;
const shorten = ["--minify-imports-and-exports-and-modules", wasm, "-o", wasm];
const names = JSON.parse(execFileSync(wasmOpt, shorten, { encoding: "utf8" }));
let text = "";
for (let byte of readFileSync(wasm)) {
  for (; byte >= 91; byte -= 91) text += "~";
  text += String.fromCharCode(35 + byte);
}

let glue = readFileSync(`${folder}/tracker_bg.js`, "utf8");
for (const [, long, short] of names.imports) glue = glue.replace(`function ${long}(`, `function ${short}(`);
for (const [long, short] of names.exports) glue = glue.replaceAll(`wasm.${long}`, `wasm.${short}`);
// Modules are shortened in the order in which they are named, and there is one.
const module = "a";
writeFileSync(`${folder}/tracker_bg.js`, glue);
writeFileSync(`${folder}/tracker_module.js`, `export const module = "${module}";\nexport const text = ${JSON.stringify(text)};\n`);
