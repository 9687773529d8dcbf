// The worker that answers questions by the engine in WebAssembly, from the samples that the page gave it.

import { loadPreview, type Preview, type PreviewModule } from "eventhub-tracker/preview";

import type { Asked, Message, Outcome, Reply } from "./messages";

/** Samples that are kept; the one that was not asked for longest goes first. */
const SAMPLES_MAX = 3;

const loading = loadPreview();
/** The one asked last is the first. */
const samples: Preview[] = [];

self.addEventListener("message", ({ data }: MessageEvent<Message>) => {
  void loading
    .then((module) => outcomeOf(module, data))
    .catch((error: unknown): Outcome => ({ error: String(error) }))
    .then((outcome) => self.postMessage({ id: data.id, outcome } satisfies Reply));
});

function outcomeOf(module: PreviewModule, message: Message): Outcome {
  if (message.type === "ask") {
    return ask(module, message.asked);
  }
  samples.unshift(module.ofFrame(new Uint8Array(message.frame)));
  samples.splice(SAMPLES_MAX).forEach((sample) => sample.close());
  return { done: true };
}

function ask(module: PreviewModule, { kind, query }: Asked): Outcome {
  // Whether it is a question of its kind the engine says.
  const question = query as never;
  const at = samples.findIndex((sample) => sample.covers(kind, question));
  const [sample] = at === -1 ? [] : samples.splice(at, 1);
  if (sample === undefined) {
    return { needs: module.needs(kind, question) };
  }
  samples.unshift(sample);
  const started = performance.now();
  const estimate = sample.estimate(kind, question);
  return { estimate, ms: performance.now() - started };
}
