// What the page and its worker say to each other.

import type { Estimate, Kind, Needs } from "eventhub-tracker/preview";

/** A question as the API takes it, with its time zone. */
export interface Asked {
  kind: Kind;
  query: object;
}

export type Message = { id: number } & ({ type: "ask"; asked: Asked } | { type: "take"; frame: ArrayBuffer });

/** What became of a message: what a question comes to, what is missing for it, or that it was done. */
export type Outcome = { estimate: Estimate<Kind>; ms: number } | { needs: Needs } | { done: true } | { error: string };

export type Reply = { id: number; outcome: Outcome };
