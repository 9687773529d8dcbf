// The server's query engine in the browser: funnels over part files, without asking the server.

import init, { funnel, type InitInput } from "./wasm/preview.js";

/** A funnel as the JSON API takes it, as far as the engine answers it. */
export interface FunnelQuery {
  /** Days as `YYYY-MM-DD` in UTC; the end is exclusive. They bound the first step. */
  range: { start: string; end: string };
  /** In order; at least one. */
  steps: { event: string; filters?: Filter[] }[];
  /** The last step comes before the day of the first step plus this many days. */
  window: { amount: number; unit: "calendar_days" };
}

/** An equality on a property of the event. */
export interface Filter {
  property: string;
  op: "is";
  values: [string];
}

/** The part files of each event type. A type without any counts nobody. */
export type Parts = Record<string, Uint8Array[]>;

export interface Preview {
  /** How many users reached each step. Throws an `Error` for a query that the engine does not
   *  answer and for a damaged part. */
  funnel(parts: Parts, query: FunnelQuery): number[];
}

/** Compiles the module once. `source` says where it comes from when it does not lie where this
 *  package put it: an address, a response, its bytes or the compiled module. */
export async function loadPreview(source?: InitInput | Promise<InitInput>): Promise<Preview> {
  await (source === undefined ? init() : init({ module_or_path: source }));
  return { funnel: (parts, query) => Array.from(funnel(parts, query)) };
}
