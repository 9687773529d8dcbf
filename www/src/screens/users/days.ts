// A person's events as days with their events, as the page shows them.

export interface TimelineDay<E> {
  /** `YYYY-MM-DD` in the zone. */
  day: string;
  events: { event: E; /** Since the event before, over days too; null for the first. */ afterMs: number | null }[];
}

/** Days of the time zone, in the order of the events. */
export function daysOf<E extends { timestamp: number }>(
  events: readonly E[],
  timeZone: string,
): TimelineDay<E>[] {
  // Swedish dates are written as ISO 8601 has them.
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" });
  const days: TimelineDay<E>[] = [];
  let before: E | undefined;
  for (const event of events) {
    const day = format.format(event.timestamp);
    let last = days.at(-1);
    if (last?.day !== day) {
      last = { day, events: [] };
      days.push(last);
    }
    last.events.push({ event, afterMs: before ? event.timestamp - before.timestamp : null });
    before = event;
  }
  return days;
}
