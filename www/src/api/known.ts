// What the server knows of types, keys and values, kept while the dashboard is open.

import { useQuery } from "@tanstack/react-query";

import * as api from "./endpoints";
import type { Owner } from "./endpoints";

/** How long an answer about names is used without being asked for again. */
const NAMES_STALE_MS = 60_000;
/** Values of a property that is not looked up. */
const NOTHING = { values: [] };

export function useEventTypes() {
  return useQuery({
    queryKey: ["event-types"],
    queryFn: ({ signal }) => api.eventTypes(signal),
    select: (answer) => answer.event_types,
    staleTime: NAMES_STALE_MS,
  });
}

export function useProperties(of: Owner) {
  return useQuery({
    queryKey: ["properties", of],
    queryFn: ({ signal }) => api.properties(of, signal),
    select: (answer) => answer.properties,
    enabled: of === "user" || of.event !== "",
    staleTime: NAMES_STALE_MS,
  });
}

export function useValues(of: Owner, property: string, prefix: string) {
  return useQuery({
    queryKey: ["values", of, property, prefix],
    queryFn: ({ signal }) => (property === "" ? NOTHING : api.values(of, property, prefix, signal)),
    select: (answer) => answer.values,
    enabled: of === "user" || of.event !== "",
    staleTime: NAMES_STALE_MS,
  });
}

/** The time zone that the server's days are in where a question names none. */
export function useServerTimeZone(): string {
  const { data } = useQuery({
    queryKey: ["varz"],
    queryFn: ({ signal }) => api.varz(signal),
    staleTime: NAMES_STALE_MS,
  });
  return data?.match(/^time_zone: (.+)$/m)?.[1] ?? "UTC";
}

/** The months that hold events: from the first day of the first to that after the last. */
export function useSpan() {
  return useQuery({
    queryKey: ["span"],
    queryFn: ({ signal }) => api.trends({ range: EVER, interval: "month", event: "any", measure: "users" }, signal),
    select: ({ intervals, values }) => {
      const counted = values.map((value, index) => ((value ?? 0) > 0 ? index : -1)).filter((index) => index >= 0);
      const [first, last] = [counted[0], counted.at(-1)];
      if (first === undefined || last === undefined) {
        return null;
      }
      return { start: dayOf(intervals[first]), end: dayOf(intervals[last + 1]) || EVER.end };
    },
    staleTime: NAMES_STALE_MS,
  });
}

/** All times that an event may have. */
const EVER = { start: "1970-01-01", end: "2200-01-01" };

function dayOf(instant: string | undefined): string {
  return (instant ?? "").slice(0, 10);
}
