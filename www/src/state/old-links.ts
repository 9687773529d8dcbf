// Links of the older dashboard, which stand in mails and bookmarks: `/?type=funnel&start_date=YYYYMMDD&...`. Their
// parameters are those of the established API's paths, and they open the question that those answer.

import type { RetentionQuery } from "../api/types";
import { daysLater, isDay, type Day } from "./days";
import { newFunnel, STEPS_MAX, type Funnel } from "./funnel";
import { hrefOf } from "./location";
import type { Filter, Step } from "./parts";

/** Puts what an old link means in its place, so that the browser's Back does not lead to it again. */
export function followOldLink(): void {
  const href = hrefOfOldLink(window.location.search);
  if (href !== null) {
    window.history.replaceState(null, "", href);
  }
}

/** `null` when it is none, or none that makes sense. */
export function hrefOfOldLink(search: string): string | null {
  const parameters = new URLSearchParams(search);
  switch (parameters.get("type")) {
    case "funnel":
      return linkTo("funnel", funnelOf(parameters));
    case "cohort":
      return linkTo("retention", retentionOf(parameters));
    case "users":
      return linkTo("users", { filters: filtersOf(parameters, "uf") });
    default:
      return null;
  }
}

function linkTo(screen: string, question: object | null): string | null {
  return question === null ? null : hrefOf(screen, { q: JSON.stringify(question) });
}

/** The established API knows no other time zone, and counts the day of the first event as the first. */
function funnelOf(parameters: URLSearchParams): Funnel | null {
  const start = dayOf(parameters.get("start_date"));
  const end = dayOf(parameters.get("end_date"));
  const amount = countOf(parameters.get("num_days_to_complete_funnel"));
  const events = list(parameters, "funnel_steps").slice(0, STEPS_MAX);
  if (start === null || end === null || amount === null || events.length === 0) {
    return null;
  }
  const everywhere = [...filtersOf(parameters, "ef"), ...filtersOf(parameters, "ec")];
  return {
    ...newFunnel({ start, end }, []),
    time_zone: "UTC",
    steps: events.map((event, index) => ({
      event,
      filters: [...everywhere, ...filtersOf(parameters, "ef", `k${index}`, `v${index}`)],
    })),
    window: { amount, unit: "calendar_days" },
    user_filters: filtersOf(parameters, "uf"),
  };
}

/** A cohort's end is the last day in it, and a row that would not be whole is left out. */
function retentionOf(parameters: URLSearchParams): RetentionQuery | null {
  const start = dayOf(parameters.get("start_date"));
  const last = dayOf(parameters.get("end_date"));
  const every = countOf(parameters.get("num_days_per_row"));
  const columns = countOf(parameters.get("num_columns"));
  const row = stepOf(parameters, "row_event_type", "ref");
  const column = stepOf(parameters, "column_event_type", "cef");
  if (start === null || last === null || every === null || columns === null || row === null || column === null) {
    return null;
  }
  const days = (Date.parse(last) - Date.parse(start)) / DAY_MS + 1;
  return {
    range: { start, end: daysLater(start, Math.max(0, Math.floor(days / every)) * every) },
    time_zone: "UTC",
    period: "day",
    every,
    start_event: row,
    return_event: column,
    cohort_by: "recurring",
    return_on: "on",
    mode: "calendar",
    columns,
    user_filters: filtersOf(parameters, "uf"),
  };
}

const DAY_MS = 86_400_000;

function stepOf(parameters: URLSearchParams, name: string, filters: string): Step | null {
  const event = parameters.get(name) ?? "";
  return event === "" ? null : { event, filters: filtersOf(parameters, filters) };
}

/** Equalities, whose keys and values stand in two lists; a key without a value is left out. */
function filtersOf(parameters: URLSearchParams, prefix: string, keys = "k", values = "v"): Filter[] {
  const found = list(parameters, prefix + values);
  return list(parameters, prefix + keys).flatMap((property, index) => {
    const value = found[index];
    return property === "" || value === undefined ? [] : [{ property, op: "is" as const, values: [value] }];
  });
}

/** A parameter that is given several times, with or without brackets. */
function list(parameters: URLSearchParams, name: string): string[] {
  return [...parameters].filter(([key]) => key === name || key === `${name}[]`).map(([, value]) => value);
}

function dayOf(source: string | null): Day | null {
  const [, year, month, date] = source?.match(/^(\d{4})(\d{2})(\d{2})$/) ?? [];
  const day = `${year}-${month}-${date}`;
  return isDay(day) ? day : null;
}

/** A whole number from 1. */
function countOf(source: string | null): number | null {
  const count = /^\d{1,9}$/.test(source ?? "") ? Number(source) : 0;
  return count > 0 ? count : null;
}
