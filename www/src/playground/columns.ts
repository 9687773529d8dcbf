// What the columns of a file mean, while it is edited.

import type { Columns, Guess } from "./messages";

/** The three without which no row is an event. */
export const REQUIRED = ["event", "user", "time"] as const;
export type Required = (typeof REQUIRED)[number];

export interface Draft extends Record<Required, string> {
  /** Columns that are kept beside the three. */
  kept: string[];
}

export function draftOf({ columns }: Guess): Draft {
  const named = (role: Required) => columns.find((column) => column.role === role)?.name ?? "";
  const kept = columns.filter(({ role }) => role !== "left_out").map(({ name }) => name);
  return { event: named("event"), user: named("user"), time: named("time"), kept };
}

/** What is wrong with one of the three; `null` when nothing is. */
export function faultOf(draft: Draft, role: Required): string | null {
  if (draft[role] === "") {
    return "Choose a column";
  }
  const other = REQUIRED.find((other) => other !== role && draft[other] === draft[role]);
  return other === undefined ? null : "Another one is this column already";
}

export function isComplete(draft: Draft): boolean {
  return REQUIRED.every((role) => faultOf(draft, role) === null);
}

/** Whether a column is one of the three. */
export function roleOf(draft: Draft, name: string): Required | undefined {
  return REQUIRED.find((role) => draft[role] === name);
}

export function columnsOf(draft: Draft, { form, columns }: Guess): Columns {
  const { event, user, time, kept } = draft;
  const others = columns.filter(({ name }) => roleOf(draft, name) === undefined);
  const insertId = others.find(({ name, role }) => role === "insert_id" && kept.includes(name));
  const leftOut = others.filter(({ name }) => !kept.includes(name));
  return { form, event, user, time, insert_id: insertId?.name ?? null, left_out: leftOut.map(({ name }) => name) };
}
