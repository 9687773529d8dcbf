// How far a number of a sample may lie from the true one, beside it.

import type { Drawn, Interval } from "eventhub-tracker/preview";

/** Whether somebody is missing in a sample, so that what it says is an estimate. */
export function isSample(drawn: Drawn | undefined): boolean {
  return drawn !== undefined && drawn.persons < drawn.of_persons;
}

/** Half of a 95 % interval, to the side that is further from the value: a sign and 12. Nothing for what is exact or has no interval. */
export function reach(
  value: number | null | undefined,
  interval: Interval | null | undefined,
  format: (value: number) => string,
): string {
  const half = reachOf(value, interval);
  return half === null || half === 0 ? "" : ` \u00b1 ${format(half)}`;
}

/** The same as a number; null where there is none. */
export function reachOf(value: number | null | undefined, interval: Interval | null | undefined): number | null {
  if (value == null || interval == null) {
    return null;
  }
  return Math.max(interval[1] - value, value - interval[0]);
}
