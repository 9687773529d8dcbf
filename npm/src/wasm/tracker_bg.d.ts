// The glue that wasm-bindgen makes of client-wasm/src/tracker/surface.rs, as far as it is used.

export function open(
  client: number,
  flushIntervalMs: number,
  batchEvents: number,
  queueEventsMax: number,
  queueBytesMax: number,
  device: boolean,
  denied: boolean,
): void;
export function call(hub: number, what: number, now: number, number: number): void;
export function answered(
  hub: number,
  flight: number,
  status: number,
  retryAfterMs: number,
  now: number,
  random: number,
): void;
/** What the module imports. */
export declare const imports: WebAssembly.Imports;
export function __wbg_set_wasm(exports: WebAssembly.Exports): void;
