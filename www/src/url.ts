// A funnel in the address of the page, so that a link shows what its sender saw.

import type { FunnelQuery } from "./api";
import { daysLater, isDay, today } from "./days";

const DAYS_DEFAULT = 7;
const RANGE_DAYS_DEFAULT = 30;

/** What the form shows before anyone asked for anything. */
export function emptyFunnel(): FunnelQuery {
  const last = today();
  return {
    steps: ["", ""],
    first: daysLater(last, 1 - RANGE_DAYS_DEFAULT),
    last,
    days: DAYS_DEFAULT,
  };
}

/** The funnel that an address asks for, or `null` when it names no steps. Parts that make no
 *  sense are as if they were left out. */
export function funnelOfSearch(search: string): FunnelQuery | null {
  const parameters = new URLSearchParams(search);
  const steps = parameters.getAll("step").filter((step) => step !== "");
  if (steps.length === 0) {
    return null;
  }
  const first = parameters.get("from") ?? "";
  const last = parameters.get("to") ?? "";
  const days = Number(parameters.get("days"));
  const empty = emptyFunnel();
  return {
    steps,
    first: isDay(first) ? first : empty.first,
    last: isDay(last) ? last : empty.last,
    days: Number.isInteger(days) && days > 0 ? days : empty.days,
  };
}

export function searchOfFunnel(query: FunnelQuery): string {
  const parameters = new URLSearchParams([
    ...query.steps.map((step) => ["step", step]),
    ["from", query.first],
    ["to", query.last],
    ["days", String(query.days)],
  ]);
  return `?${parameters}`;
}
