// What the page and the worker of the playground say to one another.

export type Role = "event" | "user" | "time" | "insert_id" | "property" | "left_out";

/** What is known of a file before it is loaded. */
export interface Guess {
  form: "csv" | "ndjson";
  columns: { name: string; role: Role }[];
  /** The cells of the first rows, one a column. */
  rows: string[][];
  /** Why it cannot be loaded as it is. */
  problem: string | null;
}

/** What the columns of a file mean. */
export interface Columns {
  form: Guess["form"];
  event: string;
  user: string;
  time: string;
  insert_id: string | null;
  left_out: string[];
}

/** What a file came to. */
export interface Summary {
  events: number;
  users: number;
  bad_rows: number;
  /** The first of them. */
  bad: { line: number; message: string }[];
  repeated: number;
  /** That the engine takes. */
  memory_bytes: number;
  /** Questions worth asking; `view` is the JSON that is saved. */
  views: { name: string; view: string }[];
}

export interface Progress {
  rows: number;
  /** Of the file, as it is packed. */
  bytes: number;
}

export type Message =
  | { type: "guess"; file: File }
  | { type: "load"; file: File; columns: Columns }
  | { type: "demo" }
  | { type: "ask"; method: string; path: string; body: string };

export type Reply =
  | { type: "progress"; progress: Progress }
  /** `text` is JSON, but to `ask` a status, a space and JSON. */
  | { type: "done"; text: string }
  | { type: "failed"; message: string };
