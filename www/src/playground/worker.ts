// The worker of the playground: reads a file into the engine in WebAssembly and answers questions about it. It sends
// nothing anywhere; it opens the engine's file beside it and the file that it is handed.

import init, { Playground } from "../../../npm/dist/wasm/playground.js";
import wasm from "../../../npm/dist/wasm/playground_bg.wasm?url";

import type { Message, Progress, Reply } from "./messages";

/** A worker's own, which the types of a page do not know. */
declare class FileReaderSync {
  readAsArrayBuffer(file: Blob): ArrayBuffer;
}

/** How often progress is told of. */
const TELL_EVERY_MS = 80;

const engine = init({ module_or_path: wasm }).then(() => new Playground());

self.addEventListener("message", ({ data }: MessageEvent<Message>) => {
  engine
    .then((playground) => answer(playground, data))
    .then(
      (text) => reply({ type: "done", text }),
      (error: unknown) => reply({ type: "failed", message: messageOf(error) }),
    );
});

function answer(playground: Playground, message: Message): string {
  switch (message.type) {
    case "guess":
      return Playground.guess(message.file.name, readerOf(message.file, ignore));
    case "load": {
      const { file, columns } = message;
      const tell = teller();
      const read = readerOf(file, (bytes) => tell({ bytes }));
      return playground.load(file.name, read, JSON.stringify(columns), (rows: number) => tell({ rows }));
    }
    case "demo":
      return playground.demo();
    case "ask":
      return playground.ask(message.method, message.path, message.body);
  }
}

/** Reads bytes of a file; `onRead` is told up to where. */
function readerOf(file: File, onRead: (bytes: number) => void) {
  const reader = new FileReaderSync();
  return (offset: number, length: number) => {
    const bytes = new Uint8Array(reader.readAsArrayBuffer(file.slice(offset, offset + length)));
    onRead(offset + bytes.length);
    return bytes;
  };
}

/** Tells the page how far a file is read, now and then. */
function teller() {
  const progress: Progress = { rows: 0, bytes: 0 };
  let told = 0;
  return (change: Partial<Progress>) => {
    Object.assign(progress, change);
    const now = performance.now();
    if (now - told >= TELL_EVERY_MS) {
      told = now;
      reply({ type: "progress", progress });
    }
  };
}

function ignore(): void {}

function reply(message: Reply): void {
  self.postMessage(message);
}

function messageOf(error: unknown): string {
  // The engine stops where memory ends.
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
    return "the file is too large for the memory of this tab";
  }
  return error instanceof Error ? error.message : String(error);
}
