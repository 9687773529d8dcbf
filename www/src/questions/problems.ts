// What the server says is wrong, at the field it is about.

import { ApiError } from "../api/request";

/** What is wrong with the field of a JSON pointer, or of one below it. */
export type Problems = (pointer: string) => string | undefined;

export function problemsOf(error: unknown): Problems {
  if (!(error instanceof ApiError) || error.param === "") {
    return () => undefined;
  }
  const { param, message } = error;
  const prefix = `${param}: `;
  const said = message.startsWith(prefix) ? message.slice(prefix.length) : message;
  return (pointer) => (param === pointer || param.startsWith(`${pointer}/`) ? said : undefined);
}
