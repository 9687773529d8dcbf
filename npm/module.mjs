// `node module.mjs FOLDER`: makes tracker_module.js of tracker_bg.wasm, beside it, and shortens the names by which the module and
// tracker_bg.js know each other.
//
// The bytes become characters from `#` on, so that most stay one character and what compresses the file finds in them
// what it would find in the module. A byte of 91 or more is `~` and what it is above 91, up to twice.

import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What tracker_bg.js calls. The rest is for objects of JavaScript, of which none crosses. */
const EXPORTS = ["memory", "open", "call", "answered", "__wbindgen_malloc"];

const folder = process.argv[2];
const wasm = join(folder, "tracker_bg.wasm");
const graph = join(folder, "graph.json");
const run = (tool, ...args) =>
  execFileSync(join(import.meta.dirname, "../node_modules/.bin", tool), [wasm, "-o", wasm, ...args], { encoding: "utf8" });

writeFileSync(graph, JSON.stringify(EXPORTS.map((name) => ({ name, root: true, export: name }))));
run("wasm-metadce", "--graph-file", graph);
rmSync(graph);
run("wasm-opt", "--flatten", "--rereloop", "-Oz", "-Oz", "--converge", "--reorder-functions");
const names = JSON.parse(run("wasm-opt", "--minify-imports-and-exports-and-modules", "--strip-target-features"));

let text = "";
for (let byte of readFileSync(wasm)) {
  for (; byte >= 91; byte -= 91) text += "~";
  text += String.fromCharCode(35 + byte);
}

let glue = readFileSync(join(folder, "tracker_bg.js"), "utf8");
for (const [long, short] of names.exports) {
  glue = glue.replaceAll(new RegExp(`\\bwasm\\.${long}\\b`, "g"), `wasm.${short}`);
}
const functions = names.imports.map(([, long, short]) => `${short}: ${long}`);
glue = glue.replaceAll("export function __wb", "function __wb").replace(/function __wbindgen_init[^]*?\n}\n/, "");
glue += `export { __wbg_set_wasm };\nexport const imports = { a: { ${functions.join(", ")} } };\n`;
writeFileSync(join(folder, "tracker_bg.js"), glue);

writeFileSync(join(folder, "tracker_module.js"), `export const text = ${JSON.stringify(text)};\n`);
