// The newest events of the stream, as the page keeps them.

export interface Numbered {
  id: number;
}

export interface Live<E extends Numbered> {
  /** Newest first. */
  events: readonly E[];
  received: number;
  /** Events that the server left out because they came too fast: ids that were passed over. */
  missed: number;
  /** The id after the newest one; null before the first event. */
  next: number | null;
}

/** How many events are kept to be shown. */
export const LIVE_EVENTS_MAX = 100;

export const NOTHING_YET: Live<never> = { events: [], received: 0, missed: 0, next: null };

/** Takes events that came together, oldest first. Ids are consecutive, so a gap is what was left out. */
export function receive<E extends Numbered>(live: Live<E>, batch: readonly E[]): Live<E> {
  let { next, missed } = live;
  const taken: E[] = [];
  for (const event of batch) {
    if (next !== null && event.id < next) {
      continue;
    }
    missed += next === null ? 0 : event.id - next;
    next = event.id + 1;
    taken.push(event);
  }
  if (taken.length === 0) {
    return live;
  }
  return {
    events: [...taken.reverse(), ...live.events].slice(0, LIVE_EVENTS_MAX),
    received: live.received + taken.length,
    missed,
    next,
  };
}
