// A question of retention as its form holds it, and as links do.

import type { Breakdown, CountedEvents, Period, Range, RetentionQuery } from "../api/types";
import { isCountedComplete } from "./counted";
import { field, oneOf, text, wholeNumber } from "./decode";
import {
  areFiltersComplete,
  decodeBreakdown,
  decodeCounted,
  decodeFilters,
  decodeRange,
  isRangeComplete,
  type Filter,
} from "./parts";
import { PERIODS, WEEK_STARTS, type WeekStart } from "./periods";
import type { Codec } from "./question";

export interface Retention {
  range: Range;
  time_zone?: string;
  period: Period;
  every: number;
  week_start: WeekStart;
  start_event: CountedEvents;
  return_event: CountedEvents;
  cohort_by: NonNullable<RetentionQuery["cohort_by"]>;
  return_on: NonNullable<RetentionQuery["return_on"]>;
  mode: NonNullable<RetentionQuery["mode"]>;
  columns: number;
  user_filters: Filter[];
  breakdown?: Breakdown;
}

export const COHORTS = ["first_in_range", "recurring"] as const;
export const RETURNS = ["on", "on_or_after"] as const;
export const MODES = ["calendar", "rolling"] as const;

/** The server's own, so that a link without them means what it means to the server. */
const COLUMNS_DEFAULT = 8;

export function newRetention(range: Range): Retention {
  return {
    range,
    period: "week",
    every: 1,
    week_start: "monday",
    start_event: "any",
    return_event: "any",
    cohort_by: "first_in_range",
    return_on: "on",
    mode: "calendar",
    columns: COLUMNS_DEFAULT,
    user_filters: [],
  };
}

export const retentionCodec: Codec<Retention> = {
  decode(value) {
    const range = decodeRange(field(value, "range"));
    const start = decodeCounted(field(value, "start_event"));
    const back = decodeCounted(field(value, "return_event"));
    if (range === undefined || start === undefined || back === undefined) {
      return undefined;
    }
    const timeZone = text(field(value, "time_zone"));
    const breakdown = decodeBreakdown(field(value, "breakdown"));
    return {
      range,
      ...(timeZone !== undefined && { time_zone: timeZone }),
      period: oneOf(PERIODS, field(value, "period")) ?? "day",
      every: wholeNumber(field(value, "every")) || 1,
      week_start: oneOf(WEEK_STARTS, field(value, "week_start")) ?? "monday",
      start_event: start,
      return_event: back,
      cohort_by: oneOf(COHORTS, field(value, "cohort_by")) ?? "first_in_range",
      return_on: oneOf(RETURNS, field(value, "return_on")) ?? "on",
      mode: oneOf(MODES, field(value, "mode")) ?? "calendar",
      columns: wholeNumber(field(value, "columns")) || COLUMNS_DEFAULT,
      user_filters: decodeFilters(field(value, "user_filters")),
      ...(breakdown !== undefined && { breakdown }),
    };
  },

  isComplete({ range, every, columns, start_event, return_event, user_filters, breakdown }) {
    return (
      isRangeComplete(range) &&
      every > 0 &&
      columns > 0 &&
      isCountedComplete(start_event) &&
      isCountedComplete(return_event) &&
      areFiltersComplete(user_filters) &&
      breakdown?.property !== ""
    );
  },
};

/** The body of the request: a week's first day goes with weeks alone. */
export function retentionQuery({ week_start, ...question }: Retention): RetentionQuery {
  return question.period === "week" ? { ...question, week_start } : question;
}
