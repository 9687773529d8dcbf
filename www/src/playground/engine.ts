// The page's side of a worker of the playground. A worker does one thing after another; ending it is how a load is cancelled.

import type { Columns, Guess, Message, Progress, Reply, Summary } from "./messages";

/** What was asked of an engine that was closed. */
export class Closed extends Error {}

export class Engine {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "playground" });
  /** Settled when the worker has nothing to do. */
  #idle: Promise<unknown> = Promise.resolve();
  #end: (error: Error) => void = () => undefined;

  async guess(file: File): Promise<Guess> {
    return JSON.parse(await this.#tell({ type: "guess", file })) as Guess;
  }

  async load(file: File, columns: Columns, onProgress: (progress: Progress) => void): Promise<Summary> {
    return JSON.parse(await this.#tell({ type: "load", file, columns }, { onProgress })) as Summary;
  }

  async demo(): Promise<Summary> {
    return JSON.parse(await this.#tell({ type: "demo" })) as Summary;
  }

  /** The status and the body of what a server would answer. */
  async ask(method: string, path: string, body: string, signal?: AbortSignal): Promise<[number, string]> {
    const text = await this.#tell({ type: "ask", method, path, body }, { signal });
    const space = text.indexOf(" ");
    return [Number(text.slice(0, space)), text.slice(space + 1)];
  }

  /** Stops whatever it does; what waits for it fails. */
  close(): void {
    this.#worker.terminate();
    this.#end(new Closed("cancelled"));
  }

  #tell(message: Message, { onProgress, signal }: Listener = {}): Promise<string> {
    const told = this.#idle.then(() => {
      // What nobody waits for any more is not begun.
      signal?.throwIfAborted();
      return this.#exchange(message, onProgress);
    });
    this.#idle = told.catch(() => undefined);
    return told;
  }

  #exchange(message: Message, onProgress?: (progress: Progress) => void): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#end = reject;
      this.#worker.onmessage = ({ data: reply }: MessageEvent<Reply>) => {
        if (reply.type === "progress") {
          onProgress?.(reply.progress);
        } else if (reply.type === "done") {
          resolve(reply.text);
        } else {
          reject(new Error(reply.message));
        }
      };
      this.#worker.onerror = ({ message }) => reject(new Error(message || "the engine could not be started"));
      this.#worker.postMessage(message);
    });
  }
}

interface Listener {
  onProgress?: ((progress: Progress) => void) | undefined;
  signal?: AbortSignal | undefined;
}
