// `node module.mjs FOLDER`: makes tracker_module.js of tracker_bg.wasm, beside it, and shortens the names by which the module and
// tracker_bg.js know each other.
//
// The bytes become characters from `#` on, so that most stay one character and what compresses the file finds in them
// what it would find in the module. A byte of 91 or more is `~` and what it is above 91, up to twice.

import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What tracker_bg.js calls. The rest is for objects of JavaScript, of which none crosses. */
const EXPORTS = ["memory", "open", "call", "answered"];

/** What of WebAssembly the module uses, which its text does not say. */
const FEATURES = ["bulk-memory", "bulk-memory-opt", "multivalue", "nontrapping-float-to-int", "sign-ext"].map((name) => "--enable-" + name);

/** What the standard library would say if it panicked, and its digits, as they stand in the data. Our panics say nothing. */
const PANICS = [
  /Tried to shrink to a larger capacity/g,
  /\/rustc\/[0-9a-f]{40}\/[\w/.]+/g,
  /memory allocation of [^]{2} bytes failed/g,
  /capacity overflow/g,
  /(\d\d){100}/g,
];

const folder = process.argv[2];
const wasm = join(folder, "tracker_bg.wasm");
const graph = join(folder, "graph.json");
const readable = join(folder, "tracker.wat");
const tool = (name) => join(import.meta.dirname, "../node_modules/.bin", name);
const run = (name, ...args) => execFileSync(tool(name), [wasm, "-o", wasm, ...args], { encoding: "utf8" });

writeFileSync(graph, JSON.stringify(EXPORTS.map((name) => ({ name, root: true, export: name }))));
run("wasm-metadce", "--graph-file", graph);
rmSync(graph);
// Nothing of ours traps but for lack of memory, and what is written where there is none traps all the same. Below the data is the stack.
run("wasm-opt", "-tnh", "-lmu", "--flatten", "--rereloop", "-Oz", "-Oz", "--converge", "--reorder-functions");
writeFileSync(readable, withoutPanics(execFileSync(tool("wasm-dis"), [wasm], { encoding: "utf8" })));
const minify = [...FEATURES, "--memory-packing", "--minify-imports-and-exports-and-modules", "--strip-target-features"];
const names = JSON.parse(execFileSync(tool("wasm-opt"), [readable, "-o", wasm, ...minify], { encoding: "utf8" }));
rmSync(readable);

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

/** Makes zeros of these texts, which wasm-opt then leaves out, and fails where an instruction names one. */
function withoutPanics(code) {
  const named = code.match(/\b\d+\b/g).map(Number);
  return code.replace(/(\(data \S+ \(i32\.const (\d+)\) )"(.*)"/g, (_, head, base, escaped) => {
    let data = escaped.replace(/\\([0-9a-f]{2}|.)/g, (_, code) =>
      code.length == 2 ? String.fromCharCode(parseInt(code, 16)) : ({ t: "\t", n: "\n", r: "\r" }[code] ?? code),
    );
    for (const { 0: text, index } of PANICS.flatMap((panic) => [...data.matchAll(panic)])) {
      const start = +base + index;
      if (named.some((number) => number >= start && number < start + text.length)) throw new Error(`the module reads "${text}"`);
      data = data.slice(0, index) + "\0".repeat(text.length) + data.slice(index + text.length);
    }
    return `${head}"${data.replace(/[^]/g, (char) => "\\" + char.charCodeAt(0).toString(16).padStart(2, "0"))}"`;
  });
}
