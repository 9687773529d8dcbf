// Names of periods. A period begins at a text such as `2024-03-01T00:00:00+01:00`: what stands before
// the offset is the clock of the question's time zone, which is what people shall read.

export type Period = "hour" | "day" | "week" | "month";

const OFFSET_LENGTH = "+00:00".length;

/** The wall clock of the text, as if it were UTC, to be formatted in UTC. */
export function wallClock(start: string): Date {
  const local = start.endsWith("Z") ? start.slice(0, -1) : start.slice(0, -OFFSET_LENGTH);
  return new Date(`${local}Z`);
}

/** `Mar 1, 2024`, `Mar 1, 2024, 1 PM`, `Week of Mar 4, 2024`, `March 2024`. */
export function periodName(start: string, period: Period, locale?: string): string {
  const date = wallClock(start);
  const day = { year: "numeric", month: "short", day: "numeric", timeZone: "UTC" } as const;
  switch (period) {
    case "hour":
      return date.toLocaleString(locale, { ...day, hour: "numeric", minute: "2-digit" });
    case "day":
      return date.toLocaleDateString(locale, { ...day, weekday: "short" });
    case "week":
      return `Week of ${date.toLocaleDateString(locale, day)}`;
    case "month":
      return date.toLocaleDateString(locale, { year: "numeric", month: "long", timeZone: "UTC" });
  }
}

/** A short name for axes, where the year is said elsewhere. */
export function periodTick(start: string, period: Period, locale?: string): string {
  const date = wallClock(start);
  if (period === "month") {
    return date.toLocaleDateString(locale, { year: "numeric", month: "short", timeZone: "UTC" });
  }
  const day = { month: "short", day: "numeric", timeZone: "UTC" } as const;
  return period === "hour"
    ? date.toLocaleString(locale, { ...day, hour: "numeric", minute: "2-digit" })
    : date.toLocaleDateString(locale, day);
}

/** The header of a column: `Day 0`, with periods of three days `Days 3-5`. */
export function columnName(column: number, period: Period, every: number): string {
  const name = period.charAt(0).toUpperCase() + period.slice(1);
  const first = column * every;
  return every === 1 ? `${name} ${first}` : `${name}s ${first}-${first + every - 1}`;
}
