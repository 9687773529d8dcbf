// The page's side of the preview: asks the worker, and gets it the samples that it needs from the server.

import type { Estimate, Kind, Needs } from "eventhub-tracker/preview";

import { getBytes } from "../api/request";
import type { Asked, Message, Outcome, Reply } from "./messages";

const DAY_MS = 86_400_000;
/** Event types and keys that the server takes by name. */
const NAMES_MAX = 32;
const KEYS_MAX = 16;

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "preview" });
const waiting = new Map<number, (outcome: Outcome) => void>();
let sent = 0;
/** Samples on their way, by address: edits that come meanwhile wait for the same one. */
const coming = new Map<string, Promise<void>>();

worker.addEventListener("message", ({ data: { id, outcome } }: MessageEvent<Reply>) => {
  waiting.get(id)?.(outcome);
  waiting.delete(id);
});
worker.addEventListener("error", (event) => {
  waiting.forEach((settle) => settle({ error: event.message }));
  waiting.clear();
});

/** What a question comes to by a sample, which is fetched when none that is there will do. */
export async function estimate(asked: Asked): Promise<Estimate<Kind>> {
  const first = await tell({ type: "ask", asked });
  const outcome = "needs" in first ? await fetchAndAsk(first.needs, asked) : first;
  if ("estimate" in outcome) {
    console.debug(`preview: ${asked.kind} in ${outcome.ms.toFixed(1)} ms`);
    return outcome.estimate;
  }
  throw new Error("the sample does not have what the question needs");
}

async function fetchAndAsk(needs: Needs, asked: Asked): Promise<Outcome> {
  const path = pathOf(needs);
  let sample = coming.get(path);
  if (sample === undefined) {
    sample = take(path).finally(() => coming.delete(path));
    coming.set(path, sample);
  }
  await sample;
  return tell({ type: "ask", asked });
}

async function take(path: string): Promise<void> {
  const frame = await getBytes(path);
  await tell({ type: "take", frame }, [frame]);
}

type Untold = Message extends infer M ? (M extends Message ? Omit<M, "id"> : never) : never;

async function tell(message: Untold, transfer: Transferable[] = []): Promise<Outcome> {
  const id = sent++;
  const outcome = await new Promise<Outcome>((settle) => {
    waiting.set(id, settle);
    worker.postMessage({ ...message, id }, transfer);
  });
  if ("error" in outcome) {
    throw new Error(outcome.error);
  }
  return outcome;
}

/** Where the sample is. Days are those of the server's time zone, so there is a day more on both sides. */
export function pathOf({ events, from_ms, before_ms, user_properties }: Needs): string {
  const parameters = new URLSearchParams({ start: dayOf(from_ms - DAY_MS), end: dayOf(before_ms + 2 * DAY_MS) });
  // Names stand between commas; where that cannot be, all types are asked for.
  if (events !== null && events.length <= NAMES_MAX && !events.some((name) => name.includes(","))) {
    parameters.set("events", events.join(","));
  }
  if (user_properties.length > KEYS_MAX || user_properties.some((key) => key.includes(","))) {
    throw new Error("no sample has these user properties");
  }
  if (user_properties.length > 0) {
    parameters.set("user_properties", user_properties.join(","));
  }
  return `api/v1/preview?${parameters}`;
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
