// A question of trends as its form holds it, and as links do.

import type { Breakdown, CountedEvents, Period, Range, TrendsQuery } from "../api/types";
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

export interface Trends {
  range: Range;
  time_zone?: string;
  interval: Period;
  every: number;
  week_start: WeekStart;
  event: CountedEvents;
  measure: Measured;
  user_filters: Filter[];
  breakdown?: Breakdown;
}

export const FUNCTIONS = ["events", "users", "sum", "average", "min", "max", "median", "percentile"] as const;

/** What is measured, in the long form that the API also takes; a property only where the function is of one. */
export interface Measured {
  function: (typeof FUNCTIONS)[number];
  property?: string;
  percentile?: number;
}

const PERCENTILE_DEFAULT = 90;

export function newTrends(range: Range): Trends {
  return {
    range,
    interval: "week",
    every: 1,
    week_start: "monday",
    event: "any",
    measure: { function: "users" },
    user_filters: [],
  };
}

export const isOfProperty = (name: Measured["function"]) => name !== "events" && name !== "users";

/** The measure of another function, with what was chosen for the one before where it fits. */
export function measuredBy(name: Measured["function"], before: Measured): Measured {
  return {
    function: name,
    ...(isOfProperty(name) && { property: before.property ?? "" }),
    ...(name === "percentile" && { percentile: before.percentile ?? PERCENTILE_DEFAULT }),
  };
}

export const trendsCodec: Codec<Trends> = {
  decode(value) {
    const range = decodeRange(field(value, "range"));
    const event = decodeCounted(field(value, "event"));
    if (range === undefined || event === undefined) {
      return undefined;
    }
    const timeZone = text(field(value, "time_zone"));
    const breakdown = decodeBreakdown(field(value, "breakdown"));
    return {
      range,
      ...(timeZone !== undefined && { time_zone: timeZone }),
      interval: oneOf(PERIODS, field(value, "interval")) ?? "day",
      every: wholeNumber(field(value, "every")) || 1,
      week_start: oneOf(WEEK_STARTS, field(value, "week_start")) ?? "monday",
      event,
      measure: decodeMeasure(field(value, "measure")),
      user_filters: decodeFilters(field(value, "user_filters")),
      ...(breakdown !== undefined && { breakdown }),
    };
  },

  isComplete({ range, every, event, measure, user_filters, breakdown }) {
    return (
      isRangeComplete(range) &&
      every > 0 &&
      isCountedComplete(event) &&
      measure.property !== "" &&
      areFiltersComplete(user_filters) &&
      breakdown?.property !== ""
    );
  },
};

/** The body of the request: a week's first day goes with weeks alone. */
export function trendsQuery({ week_start, ...question }: Trends): TrendsQuery {
  return question.interval === "week" ? { ...question, week_start } : question;
}

function decodeMeasure(value: unknown): Measured {
  const name = oneOf(FUNCTIONS, value) ?? oneOf(FUNCTIONS, field(value, "function")) ?? "events";
  const percentile = field(value, "percentile");
  return measuredBy(name, {
    function: name,
    property: text(field(value, "property")) ?? "",
    ...(typeof percentile === "number" && percentile >= 0 && percentile <= 100 && { percentile }),
  });
}
