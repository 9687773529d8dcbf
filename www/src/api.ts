// The server's HTTP API as typed functions. Addresses are relative to the page.

import { dayAfter, type Day } from "./days";

/** A funnel as the dashboard asks for it. */
export interface FunnelQuery {
  /** Event types, in order; at least one. */
  steps: string[];
  /** The first and the last day on which a user may enter. */
  first: Day;
  last: Day;
  /** How many days, from the day of the first step, the last step may take. */
  days: number;
}

/** What the server refused, or that it did not answer. `message` is a sentence to show. */
export class ApiError extends Error {}

/** The names of all event types, sorted. */
export function eventTypes(signal: AbortSignal): Promise<string[]> {
  return get("events/types", new URLSearchParams(), signal);
}

/** How many users reached each step. */
export function funnel(query: FunnelQuery, signal: AbortSignal): Promise<number[]> {
  return get("events/funnel", funnelParameters(query), signal);
}

/** The query in the server's words, in which the end of a range is exclusive. */
export function funnelParameters(query: FunnelQuery): URLSearchParams {
  return new URLSearchParams([
    ["start_date", compact(query.first)],
    ["end_date", compact(dayAfter(query.last))],
    ...query.steps.map((step) => ["funnel_steps[]", step]),
    ["num_days_to_complete_funnel", String(query.days)],
  ]);
}

function compact(day: Day): string {
  return day.replaceAll("-", "");
}

async function get<T>(path: string, parameters: URLSearchParams, signal: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`${path}?${parameters}`, { signal });
  } catch (error) {
    if (signal.aborted) {
      throw error;
    }
    throw new ApiError("The server does not answer. Is it running?");
  }
  if (!response.ok) {
    throw new ApiError(await refusal(response));
  }
  return (await response.json()) as T;
}

/** The server's own words where it has some, such as `{"error": {"message": "..."}}`. */
async function refusal(response: Response): Promise<string> {
  try {
    const body = (await response.json()) as { error: { message: string } };
    return body.error.message;
  } catch {
    return `The server answered ${response.status} ${response.statusText}`.trim();
  }
}
