// The glue that wasm-bindgen makes of client-wasm/src/tracker/surface.rs, as far as it is used.

export class Tracker {
  constructor(
    host: object,
    client: string,
    flushIntervalMs: number,
    batchEvents: number,
    queueEventsMax: number,
    queueBytesMax: number,
    device: boolean,
    denied: boolean,
  );
  track(now: number, eventType: string, properties: string[], number?: number): void;
  alias(now: number, id: string): void;
  identify(now: number, id: string, properties: string[]): void;
  register(properties: string[]): void;
  invalidateGenerated(fresh: string): void;
  invalidateIdentified(): void;
  enter(client: string, id?: string): void;
  leave(): void;
  optOut(): void;
  optIn(fresh: string): void;
  flush(now: number): void;
  timer(): void;
  wake(now: number): void;
  granted(now: number): void;
  hide(now: number): void;
  answered(flight: number, status: number, retryAfterMs: number, now: number, random: number): void;
  /** Queued, sent, dropped, rejected, omitted. */
  stats(): Uint32Array;
}

export function __wbg_set_wasm(exports: WebAssembly.Exports): void;
