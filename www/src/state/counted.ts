// Events of one type or of any with filters, as forms edit them: a step whose event may be any.

import type { CountedEvents } from "../api/types";
import { areFiltersComplete, isStepComplete, type Filter } from "./parts";

export interface Counted {
  /** `null` for events of any type; "" until one is chosen. */
  event: string | null;
  filters: Filter[];
}

export function toCounted(counted: CountedEvents): Counted {
  if (counted === "any") {
    return { event: null, filters: [] };
  }
  const filters = (counted.filters ?? []).map(({ property, op, values = [] }) => ({
    property,
    op,
    values: values.map(String),
  }));
  return { event: counted.event ?? null, filters };
}

export function fromCounted({ event, filters }: Counted): CountedEvents {
  if (event !== null) {
    return { event, filters };
  }
  return filters.length === 0 ? "any" : { filters };
}

export function isCountedComplete(counted: CountedEvents): boolean {
  const { event, filters } = toCounted(counted);
  return event === null ? areFiltersComplete(filters) : isStepComplete({ event, filters });
}

/** What people read: the type, or any event. */
export function countedName(counted: CountedEvents): string {
  return toCounted(counted).event ?? "Any event";
}
