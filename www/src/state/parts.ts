// The parts that questions are made of, as the forms hold them: everything optional is there, values are texts, and
// what is not filled in yet is "". Each is a body's part as the API takes it, and each is read back from a link, where
// what makes no sense is as if it were left out.

import type { Breakdown, CountedEvents, Op, Range, Window } from "../api/types";
import { isDay } from "./days";
import { field, listOf, oneOf, text, wholeNumber } from "./decode";

export interface Filter {
  property: string;
  op: Op;
  values: string[];
}

export interface Step {
  event: string;
  filters: Filter[];
}

export const OPS: readonly Op[] = [
  "is",
  "is_not",
  "contains",
  "not_contains",
  "starts_with",
  "ends_with",
  "matches",
  "gt",
  "gte",
  "lt",
  "lte",
  "exists",
  "not_exists",
];

export const WINDOW_UNITS: readonly Window["unit"][] = ["seconds", "minutes", "hours", "days", "calendar_days"];

/** How many values an operator takes. */
export function valuesOf(op: Op): "none" | "one" | "many" {
  switch (op) {
    case "exists":
    case "not_exists":
      return "none";
    case "matches":
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return "one";
    default:
      return "many";
  }
}

export function isFilterComplete({ property, op, values }: Filter): boolean {
  return property !== "" && (valuesOf(op) === "none" || values.length > 0);
}

export function areFiltersComplete(filters: Filter[]): boolean {
  return filters.every(isFilterComplete);
}

export function isStepComplete({ event, filters }: Step): boolean {
  return event !== "" && areFiltersComplete(filters);
}

export function isRangeComplete({ start, end }: Range): boolean {
  return isDay(start) && isDay(end) && start <= end;
}

export function decodeRange(value: unknown): Range | undefined {
  const start = text(field(value, "start"));
  const end = text(field(value, "end"));
  return start !== undefined && end !== undefined && isRangeComplete({ start, end }) ? { start, end } : undefined;
}

export function decodeFilter(value: unknown): Filter | undefined {
  const property = text(field(value, "property"));
  const op = oneOf(OPS, field(value, "op"));
  if (property === undefined || op === undefined) {
    return undefined;
  }
  return { property, op, values: listOf(scalar, field(value, "values")) };
}

export function decodeFilters(value: unknown): Filter[] {
  return listOf(decodeFilter, value);
}

export function decodeStep(value: unknown): Step | undefined {
  const event = text(field(value, "event"));
  return event === undefined ? undefined : { event, filters: decodeFilters(field(value, "filters")) };
}

export function decodeWindow(value: unknown): Window | undefined {
  const amount = wholeNumber(field(value, "amount"));
  const unit = oneOf(WINDOW_UNITS, field(value, "unit"));
  return amount === undefined || amount === 0 || unit === undefined ? undefined : { amount, unit };
}

export function decodeBreakdown(value: unknown): Breakdown | undefined {
  const property = text(field(value, "property"));
  if (property === undefined || property === "") {
    return undefined;
  }
  const of = oneOf(["event", "user"] as const, field(value, "of")) ?? "event";
  const limit = wholeNumber(field(value, "limit"));
  const step = of === "event" ? wholeNumber(field(value, "step")) : undefined;
  return { property, of, ...(limit !== undefined && { limit }), ...(step !== undefined && { step }) };
}

/** Events of one type, or of any: `"any"`, or a step whose event may be left out. */
export function decodeCounted(value: unknown): CountedEvents | undefined {
  if (value === "any") {
    return "any";
  }
  const step = decodeStep(value);
  if (step !== undefined) {
    return step;
  }
  const filters = decodeFilters(field(value, "filters"));
  return filters.length > 0 ? { filters } : undefined;
}

function scalar(value: unknown): string | undefined {
  return typeof value === "number" || typeof value === "boolean" ? String(value) : text(value);
}
