// The web site that uses the tag.

import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
};

export class Site {
  #pages = new Map();
  #folders = new Map();
  #http;

  static async start() {
    const site = new Site();
    site.#http = createServer((request, response) => {
      if (!site.answers(request, response)) {
        response.writeHead(404).end();
      }
    });
    await new Promise((listening) => site.#http.listen(0, "127.0.0.1", listening));
    const { port } = site.#http.address();
    site.origin = `http://localhost:${port}`;
    /** The same pages where a page is not a secure context: no Web Locks, no `crypto.randomUUID`. */
    site.plainOrigin = `http://shop.test:${port}`;
    return site;
  }

  /** Serves this text at this path from now on. */
  add(path, text, headers = {}) {
    const type = { "content-type": TYPES[extname(path)] ?? TYPES[".html"], "cache-control": "no-store" };
    this.#pages.set(path, { body: text, headers: { ...type, ...headers } });
  }

  /** Serves the files of a folder, such as a bundler's output, under a path. */
  addFolder(path, folder) {
    this.#folders.set(path, folder);
  }

  /** Whether the request was for something of the site, which is then answered. */
  answers(request, response) {
    const path = request.url.split("?")[0];
    const found = path === "/favicon.ico" ? { body: "", headers: {} } : (this.#pages.get(path) ?? this.#file(path));
    if (found === undefined || request.method !== "GET") {
      return false;
    }
    response.writeHead(200, found.headers).end(found.body);
    return true;
  }

  async stop() {
    this.#http.closeAllConnections();
    await new Promise((closed) => this.#http.close(closed));
  }

  #file(path) {
    const [prefix, folder] = [...this.#folders].find(([prefix]) => path.startsWith(`${prefix}/`)) ?? [];
    const file = folder && join(folder, path.slice(prefix.length));
    return file && existsSync(file)
      ? { body: readFileSync(file), headers: { "content-type": TYPES[extname(file)] ?? "application/octet-stream" } }
      : undefined;
  }
}
