// The release binary as a child process on a folder of its own.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { createInterface } from "node:readline";

const binary = process.env.EVENTHUB_BIN ?? new URL("../../../target/release/eventhub", import.meta.url).pathname;

export class Server {
  #child;
  #folder;
  #flags;

  /** A server with these flags on a new folder, which is filled first, and a free port. */
  static async start(flags = [], fill = async (_binary, _data) => {}) {
    const server = new Server();
    server.#flags = flags;
    server.#folder = await mkdtemp(join(tmpdir(), "eventhub-pages-"));
    await fill(binary, join(server.#folder, "data"));
    await server.#spawn("127.0.0.1:0");
    return server;
  }

  /** The process is gone when this returns; what it acknowledged is on the disk. */
  async kill() {
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }

  /** On the same folder and port, after it was killed. */
  async startAgain() {
    await this.#spawn(new URL(this.origin).host);
  }

  async stop() {
    await this.kill();
    await rm(this.#folder, { recursive: true });
  }

  /** Every event stored, in order of receipt. */
  async events() {
    const text = await (await this.#ask("/api/v1/export")).text();
    const events = text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
    return events.sort((a, b) => a.id - b.id);
  }

  /** How many persons reached each step of a funnel over yesterday, today and tomorrow. */
  async funnel(steps, more = {}) {
    const day = (offset) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
    const question = { range: { start: day(-1), end: day(2) }, steps, ...more };
    const answer = await this.#ask("/api/v1/funnel", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(question),
    });
    return answer.json();
  }

  /** The person of one of its ids. */
  async person(id) {
    return (await this.#ask(`/api/v1/users/${encodeURIComponent(id)}`)).json();
  }

  async #ask(path, request) {
    const answer = await fetch(this.origin + path, request);
    if (!answer.ok) {
      throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    }
    return answer;
  }

  async #spawn(listen) {
    const names = Object.entries(process.env).filter(([name]) => name !== "PORT" && !name.startsWith("EVENTHUB_"));
    const args = ["serve", "--data", join(this.#folder, "data"), "--listen", listen, ...this.#flags];
    this.#child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"], env: Object.fromEntries(names) });
    let log = "";
    this.#child.stderr.on("data", (chunk) => (log += chunk));
    for await (const line of createInterface(this.#child.stdout)) {
      const [origin] = line.match(/http:\/\/127\.0\.0\.1:\d+/) ?? [];
      if (origin !== undefined) {
        this.origin = origin;
        this.#child.stdout.resume();
        return;
      }
    }
    throw new Error(`the server did not start: ${log}`);
  }
}
