// What a screen of funnels asks before anyone asked for anything: the types with the most events, over all of them.

import { useEventTypes, useServerTimeZone, useSpan } from "../../api/known";
import { rangeUpTo, today } from "../../state/days";
import { newFunnel, type Funnel } from "../../state/funnel";

const STEPS = 4;
const DAYS_DEFAULT = 30;

/** `undefined` while what the server has is not known. */
export function useSuggestedFunnel(): Funnel | undefined {
  const timeZone = useServerTimeZone();
  const types = useEventTypes();
  const span = useSpan();
  if (types.isLoading || span.isLoading) {
    return undefined;
  }
  const range = span.data ?? rangeUpTo(today(timeZone), DAYS_DEFAULT);
  // More events of a type tend to be of more persons, so that these steps narrow as a funnel does.
  const most = (types.data ?? []).toSorted((a, b) => b.events - a.events).slice(0, STEPS);
  return newFunnel(range, most.length === 0 ? ["", ""] : most.map(({ name }) => name));
}
