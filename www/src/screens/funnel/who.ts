// Which users of a funnel's answer are looked at: a status at a step, in the link's parameter `who`, such as `dropped.1`.

import { oneOf } from "../../state/decode";

export const STATUSES = ["reached", "dropped", "pending"] as const;

export interface Who {
  status: (typeof STATUSES)[number];
  /** From 0. */
  step: number;
}

export function encodeWho({ status, step }: Who): string {
  return `${status}.${step}`;
}

/** `undefined` when there is no such step. */
export function decodeWho(source: string | null, steps: number): Who | undefined {
  const [name, number] = (source ?? "").split(".");
  const status = oneOf(STATUSES, name);
  const step = /^\d+$/.test(number ?? "") ? Number(number) : steps;
  return status !== undefined && step < steps ? { status, step } : undefined;
}

/** What the list of them is headed by. */
export function whoTitle({ status, step }: Who, events: readonly string[]): string {
  const here = `${events[step]} (step ${step + 1})`;
  switch (status) {
    case "reached":
      return `Reached ${here}`;
    case "dropped":
      return `Dropped out after ${here}`;
    case "pending":
      return `After ${here}, still within their window`;
  }
}
