// Puts a module into a file of JavaScript: `node module.mjs FROM.wasm TO.js`. Compressed, as base64 costs a quarter, which what
// compresses the file again does not win back.

import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const [from, to] = process.argv.slice(2);
const base64 = gzipSync(readFileSync(from), { level: 9 }).toString("base64");
writeFileSync(to, `export default "${base64}";\n`);
