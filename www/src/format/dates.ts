// Times as the browser's languages write them, in the time zone that is shown.

/** A calendar day, `YYYY-MM-DD`, whatever the time zone. */
export function formatDay(day: string): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(day));
}

/** A range whose end is the first day that is not in it. */
export function formatRange({ start, end }: { start: string; end: string }): string {
  const last = new Date(Math.max(Date.parse(start), Date.parse(end) - 86_400_000));
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
  return format.formatRange(new Date(start), last);
}

/** A moment in ms since 1970. */
export function formatMoment(ms: number, timeZone: string): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", timeZone }).format(ms);
}

/** The time of day of a moment in ms since 1970. */
export function formatTime(ms: number, timeZone: string): string {
  return new Intl.DateTimeFormat(undefined, { timeStyle: "medium", timeZone }).format(ms);
}
