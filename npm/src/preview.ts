// The server's query engine in the browser: questions over a sample of persons, without asking the server.

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

/** A property by whose values an answer is broken down: of the event matched at `step`, or of the user. */
export interface Breakdown {
  property: string;
  of?: "event" | "user";
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
  user_filters?: Filter[];
  breakdown?: Breakdown;
  experiment?: { control: string };
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
  /** As in the JSON API; `null` when it is none. */
  experiment: object | null;
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
  user_filters?: Filter[];
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
  user_filters?: Filter[];
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

/** The ends of a 95 % interval. */
export type Interval = [number, number];

export interface StepIntervals {
  count: Interval;
  dropped: Interval;
  pending: Interval;
  converted_from_previous: Interval | null;
  converted_from_first: Interval | null;
}

export interface FunnelIntervals {
  steps: StepIntervals[];
  groups: StepIntervals[][];
}

export interface RowIntervals {
  size: Interval;
  cells: { count: Interval; rate: Interval | null }[];
}

export interface RetentionIntervals {
  rows: RowIntervals[];
  groups: RowIntervals[][];
}

export interface TrendsIntervals {
  values: (Interval | null)[];
  total: Interval | null;
  groups: TrendsIntervals[];
}

/** What is asked, what is answered and its intervals, by kind of question. */
export interface Questions {
  funnel: { query: FunnelQuery; answer: FunnelAnswer; intervals: FunnelIntervals };
  retention: { query: RetentionQuery; answer: RetentionAnswer; intervals: RetentionIntervals };
  trends: { query: TrendsQuery; answer: TrendsAnswer; intervals: TrendsIntervals };
}

export type Kind = keyof Questions;

/** How many persons were drawn, and of how many. Where nobody is missing, there is no error. */
export interface Drawn {
  persons: number;
  of_persons: number;
}

/** What the answer about everyone is by that of a sample. Each interval stands where its number does. */
export interface Estimate<K extends Kind> {
  drawn: Drawn;
  answer: Questions[K]["answer"];
  intervals: Questions[K]["intervals"];
}

/** What a question reads. */
export interface Needs {
  /** `null` for all types. */
  events: string[] | null;
  from_ms: number;
  before_ms: number;
  user_properties: string[];
}

/** The part files of each event type. A type without any counts nobody. */
export type Parts = Record<string, Uint8Array[]>;

/** Who is merged into whom, per block of users, and which canonical users are asked about. */
export interface People {
  merged?: [number, Uint8Array][];
  allowed?: Uint32Array;
}

/** Events in the module's memory. `now`, in ms since 1970, is the clock's when left out. */
export interface Preview {
  /** Of a frame; `null` of part files. */
  readonly drawn: Drawn | null;
  /** Whether the frame has all that a question needs. Throws an `Error` for a query that makes no sense; likewise
   *  the questions. */
  covers<K extends Kind>(kind: K, query: Questions[K]["query"], now?: number): boolean;
  /** The answer about the persons that are there. */
  answer<K extends Kind>(kind: K, query: Questions[K]["query"], now?: number): Questions[K]["answer"];
  /** The answer about everyone, by that of the sample. */
  estimate<K extends Kind>(kind: K, query: Questions[K]["query"], now?: number): Estimate<K>;
  /** Gives the memory back; nothing can be asked any more. */
  close(): void;
}

export interface PreviewModule {
  /** Takes what `GET /api/v1/preview` answers. Throws an `Error` when it is damaged. */
  ofFrame(frame: Uint8Array): Preview;
  /** Takes part files. */
  ofParts(parts: Parts, people?: People): Preview;
  /** What a frame must have for a question. */
  needs<K extends Kind>(kind: K, query: Questions[K]["query"], now?: number): Needs;
}

/** Compiles the module once. `source` says where it comes from when it does not lie where this
 *  package put it: an address, a response, its bytes or the compiled module. */
export async function loadPreview(source?: InitInput | Promise<InitInput>): Promise<PreviewModule> {
  await (source === undefined ? init() : init({ module_or_path: source }));
  return {
    ofFrame: (frame) => previewOf(engine.Preview.ofFrame(frame)),
    ofParts: (parts, people) => previewOf(engine.Preview.ofParts(parts, people)),
    needs: (kind, query, now = Date.now()) => JSON.parse(engine.needs(kind, query, now)) as Needs,
  };
}

function previewOf(preview: engine.Preview): Preview {
  return {
    drawn: JSON.parse(preview.drawn()) as Drawn | null,
    covers: (kind, query, now = Date.now()) => preview.covers(kind, query, now),
    answer: (kind, query, now = Date.now()) => JSON.parse(preview.answer(kind, query, now)),
    estimate: (kind, query, now = Date.now()) => JSON.parse(preview.estimate(kind, query, now)),
    close: () => preview.free(),
  };
}
