// Calendar days as texts, `YYYY-MM-DD`. Reckoning is done in UTC, where every day has as many hours.

export type Day = string;

const DAY_MS = 86_400_000;

export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && dayOf(new Date(text)) === text;
}

export function daysLater(day: Day, count: number): Day {
  return dayOf(new Date(Date.parse(day) + count * DAY_MS));
}

/** The day that it is now in a time zone. */
export function today(timeZone: string, now = new Date()): Day {
  // Sweden writes dates as ISO 8601 does.
  return new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" }).format(now);
}

/** The range of so many days that ends with a day. */
export function rangeUpTo(last: Day, days: number): { start: Day; end: Day } {
  return { start: daysLater(last, 1 - days), end: daysLater(last, 1) };
}

function dayOf(date: Date): Day {
  return Number.isNaN(date.getTime()) ? "" : date.toISOString().slice(0, 10);
}
