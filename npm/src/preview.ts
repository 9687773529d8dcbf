// The server's query engine in the browser: questions over part files, without asking the server.

import init, * as engine from "./wasm/preview.js";
import type { InitInput } from "./wasm/preview.js";

/** An event type and what must hold of the event. */
export interface Step {
  event: string;
  filters?: Filter[];
}

/** A condition on a property; values are texts or numbers, of which `is`, `contains`, `starts_with` and
 *  `ends_with` need one to fit. `is_not` and `not_contains` hold where there is no value, too. */
export interface Filter {
  property: string;
  op:
    | "is"
    | "is_not"
    | "contains"
    | "not_contains"
    | "starts_with"
    | "ends_with"
    | "matches"
    | "gt"
    | "gte"
    | "lt"
    | "lte"
    | "exists"
    | "not_exists";
  values?: (string | number | boolean)[];
}

/** Days as `YYYY-MM-DD`; the end is exclusive. */
export interface Range {
  start: string;
  end: string;
}

/** A property by whose values an answer is broken down: of the event matched at `step`. */
export interface Breakdown {
  property: string;
  of?: "event";
  step?: number;
  /** 20 when left out. */
  limit?: number;
}

export interface FunnelQuery {
  /** Bounds the first step. */
  range: Range;
  /** UTC when left out. */
  time_zone?: string;
  /** In order; at least one. */
  steps: Step[];
  /** 30 days when left out. */
  window?: { amount: number; unit: "seconds" | "minutes" | "hours" | "days" | "calendar_days" };
  order?: "ordered" | "strict" | "any";
  entry?: "first" | "best";
  exclude?: (Step & { after_step?: number; before_step?: number })[];
  breakdown?: Breakdown;
}

export interface FunnelStep {
  event: string;
  count: number;
  converted_from_previous: number | null;
  converted_from_first: number | null;
  dropped: number;
  pending: number;
  median_seconds: number | null;
  p90_seconds: number | null;
}

export interface FunnelAnswer {
  steps: FunnelStep[];
  groups: { value: string | null; other: boolean; steps: FunnelStep[] }[];
}

type Period = "hour" | "day" | "week" | "month";
type Events = "any" | { event?: string; filters?: Filter[] };

export interface RetentionQuery {
  range: Range;
  time_zone?: string;
  period?: Period;
  every?: number;
  week_start?: "monday" | "sunday" | "saturday";
  start_event: Events;
  return_event: Events;
  cohort_by?: "first_in_range" | "recurring";
  return_on?: "on" | "on_or_after";
  mode?: "calendar" | "rolling";
  columns?: number;
  breakdown?: Breakdown;
}

export interface RetentionTable {
  rows: {
    start: string;
    size: number;
    cells: { count: number; rate: number | null; complete: boolean }[];
  }[];
  mean: (number | null)[];
}

export type RetentionAnswer = RetentionTable & {
  groups: (RetentionTable & { value: string | null; other: boolean })[];
};

export interface TrendsQuery {
  range: Range;
  time_zone?: string;
  interval?: Period;
  every?: number;
  week_start?: "monday" | "sunday" | "saturday";
  event: Events;
  measure?:
    | "events"
    | "users"
    | { function: "sum" | "average" | "min" | "max" | "median"; property: string }
    | { function: "percentile"; property: string; percentile: number };
  breakdown?: Breakdown;
}

export interface Series {
  values: (number | null)[];
  total: number | null;
}

export type TrendsAnswer = Series & {
  intervals: string[];
  groups: (Series & { value: string | null; other: boolean })[];
};

/** The part files of each event type. A type without any counts nobody. */
export type Parts = Record<string, Uint8Array[]>;

/** Who is merged into whom, per block of users, and which canonical users are asked about. */
export interface People {
  merged?: [number, Uint8Array][];
  allowed?: Uint32Array;
}

export interface Preview {
  /** A funnel's answer, as of `now` in ms since 1970 (by default the clock's). Throws an `Error` for a query that
   *  makes no sense and for a damaged part; likewise the other questions. */
  funnel(parts: Parts, query: FunnelQuery, people?: People, now?: number): FunnelAnswer;
  retention(parts: Parts, query: RetentionQuery, people?: People, now?: number): RetentionAnswer;
  trends(parts: Parts, query: TrendsQuery, people?: People): TrendsAnswer;
}

/** Compiles the module once. `source` says where it comes from when it does not lie where this
 *  package put it: an address, a response, its bytes or the compiled module. */
export async function loadPreview(source?: InitInput | Promise<InitInput>): Promise<Preview> {
  await (source === undefined ? init() : init({ module_or_path: source }));
  return {
    funnel: (parts, query, people, now = Date.now()) =>
      JSON.parse(engine.funnel(parts, people, query, now)) as FunnelAnswer,
    retention: (parts, query, people, now = Date.now()) =>
      JSON.parse(engine.retention(parts, people, query, now)) as RetentionAnswer,
    trends: (parts, query, people) => JSON.parse(engine.trends(parts, people, query)) as TrendsAnswer,
  };
}
