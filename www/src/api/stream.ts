// Events as the server stores them, one after another.

import { address } from "./request";
import type { EventRow } from "./types";

export type StreamState = "opening" | "open" | "closed";

interface Listener {
  onEvents(events: EventRow[]): void;
  onState(state: StreamState): void;
}

/** How long events are collected before they are handed on, so that many of them are drawn at once. */
const COLLECT_MS = 100;

/** Follows the stream until the function that this returns is called. The browser connects again by itself. */
export function followEvents({ onEvents, onState }: Listener): () => void {
  const source = new EventSource(address("api/v1/events/stream"));
  let collected: EventRow[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const handOn = () => {
    timer = undefined;
    const events = collected;
    collected = [];
    onEvents(events);
  };
  onState("opening");
  source.onopen = () => onState("open");
  source.onerror = () => onState(source.readyState === EventSource.CLOSED ? "closed" : "opening");
  source.onmessage = ({ data }: MessageEvent<string>) => {
    const event = eventOf(data);
    if (event !== null) {
      collected.push(event);
      timer ??= setTimeout(handOn, COLLECT_MS);
    }
  };
  return () => {
    clearTimeout(timer);
    source.close();
  };
}

/** The event of a message; `null` when it is none. */
export function eventOf(data: string): EventRow | null {
  try {
    const event: unknown = JSON.parse(data);
    const isEvent = typeof event === "object" && event !== null && "id" in event && typeof event.id === "number";
    return isEvent ? (event as EventRow) : null;
  } catch {
    return null;
  }
}
