// A funnel as its form holds it, and as links do.

import type { Breakdown, Exclusion, FunnelQuery, Range, Window } from "../api/types";
import { field, listOf, oneOf, text, wholeNumber } from "./decode";
import {
  areFiltersComplete,
  decodeBreakdown,
  decodeFilters,
  decodeRange,
  decodeStep,
  decodeWindow,
  isRangeComplete,
  isStepComplete,
  type Filter,
  type Step,
} from "./parts";
import type { Codec } from "./question";

export interface Funnel {
  range: Range;
  time_zone?: string;
  steps: Step[];
  window: Window;
  order: NonNullable<FunnelQuery["order"]>;
  entry: NonNullable<FunnelQuery["entry"]>;
  exclude: Exclude[];
  user_filters: Filter[];
  breakdown?: Breakdown;
  experiment?: { control: string };
}

export interface Exclude extends Exclusion {
  filters: Filter[];
}

export const ORDERS = ["ordered", "strict", "any"] as const;
export const ENTRIES = ["first", "best"] as const;
export const STEPS_MAX = 32;

/** The server's own, so that a link without a window means what it means to the server. */
const WINDOW_DEFAULT: Window = { amount: 30, unit: "days" };

export function newFunnel(range: Range, events: string[]): Funnel {
  return {
    range,
    steps: events.map((event) => ({ event, filters: [] })),
    window: WINDOW_DEFAULT,
    order: "ordered",
    entry: "first",
    exclude: [],
    user_filters: [],
  };
}

/** With other steps; what names a step by its number is kept within them. */
export function withSteps(funnel: Funnel, steps: Step[]): Funnel {
  const last = steps.length - 1;
  const { breakdown } = funnel;
  const exclude = funnel.exclude.map((one) => {
    const fits = (one.after_step ?? 0) < (one.before_step ?? last) && (one.before_step ?? last) <= last;
    return fits ? one : { event: one.event, filters: one.filters };
  });
  const isBeyond = breakdown?.step !== undefined && breakdown.step > last;
  return { ...funnel, steps, exclude, ...(isBeyond && { breakdown: { ...breakdown, step: last } }) };
}

export const funnelCodec: Codec<Funnel> = {
  decode(value) {
    const range = decodeRange(field(value, "range"));
    const steps = listOf(decodeStep, field(value, "steps"));
    if (range === undefined || steps.length === 0) {
      return undefined;
    }
    const timeZone = text(field(value, "time_zone"));
    const breakdown = decodeBreakdown(field(value, "breakdown"));
    const control = text(field(field(value, "experiment"), "control"));
    return {
      range,
      ...(timeZone !== undefined && { time_zone: timeZone }),
      steps,
      window: decodeWindow(field(value, "window")) ?? WINDOW_DEFAULT,
      order: oneOf(ORDERS, field(value, "order")) ?? "ordered",
      entry: oneOf(ENTRIES, field(value, "entry")) ?? "first",
      exclude: listOf(decodeExclude, field(value, "exclude")),
      user_filters: decodeFilters(field(value, "user_filters")),
      ...(breakdown !== undefined && { breakdown }),
      ...(breakdown !== undefined && control !== undefined && { experiment: { control } }),
    };
  },

  isComplete({ range, steps, exclude, user_filters, breakdown, experiment }) {
    return (
      isRangeComplete(range) &&
      steps.length > 0 &&
      steps.every(isStepComplete) &&
      exclude.every(isStepComplete) &&
      areFiltersComplete(user_filters) &&
      breakdown?.property !== "" &&
      experiment?.control !== ""
    );
  },
};

function decodeExclude(value: unknown): Exclude | undefined {
  const step = decodeStep(value);
  if (step === undefined) {
    return undefined;
  }
  const after = wholeNumber(field(value, "after_step"));
  const before = wholeNumber(field(value, "before_step"));
  return {
    ...step,
    ...(after !== undefined && { after_step: after }),
    ...(before !== undefined && { before_step: before }),
  };
}
