// Packs the npm package as it would be published, looks at what is in it, and installs it for the apps.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { test, expect } from "@playwright/test";

const root = new URL("../..", import.meta.url).pathname;
const here = new URL(".", import.meta.url).pathname;
const work = `${root}tests/.work/bundlers`;

const npm = (cwd, ...args) => execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

test("the package holds what it exports, and can be installed", () => {
  mkdirSync(work, { recursive: true });
  // npm's answer was a list until version 11, which keys it by name.
  const [packed] = Object.values(JSON.parse(npm(`${root}npm`, "pack", "--json", "--pack-destination", work)));
  const files = packed.files.map((file) => file.path);
  const manifest = JSON.parse(readFileSync(`${root}npm/package.json`, "utf8"));
  for (const path of pathsIn(manifest.exports)) {
    expect(files).toContain(path.replace(/^\.\//, ""));
  }
  expect(manifest.sideEffects).toBe(false);
  expect(files.filter((path) => !/^(dist\/|package\.json$|README\.md$|LICENSE$)/.test(path))).toEqual([]);

  const installed = `${here}node_modules/eventhub-tracker`;
  rmSync(installed, { recursive: true, force: true });
  npm(here, "install", "--no-save", "--ignore-scripts", "--prefer-offline", `${work}/${packed.filename}`);
  for (const path of files) {
    expect(readFileSync(`${installed}/${path}`).equals(readFileSync(`${root}npm/${path}`)), path).toBe(true);
  }
});

function pathsIn(exports) {
  return typeof exports === "string" ? [exports] : Object.values(exports).flatMap(pathsIn);
}
