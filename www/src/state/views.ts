// Views that are saved under names: a screen and its parameters, as the server keeps them.

import type { View } from "../api/types";
import { field, text } from "./decode";
import { hrefOf, type Place } from "./location";

/** What is looked up in an answer is no part of the view that one comes back to. */
const PASSING = ["who"];

/** The server's limit, in bytes of UTF-8. */
const NAME_BYTES_MAX = 255;

export function viewOf({ screen, search }: Place): View {
  const parameters = Object.fromEntries(new URLSearchParams(search));
  for (const name of PASSING) {
    delete parameters[name];
  }
  return { screen, parameters };
}

/** The link to a view; `null` when it is none, as anyone may have saved. */
export function hrefOfView(view: unknown): string | null {
  const screen = text(field(view, "screen"));
  const parameters = field(view, "parameters");
  // A screen is a word, so that the link stays within the dashboard.
  if (screen === undefined || !/^[a-z]*$/.test(screen) || typeof parameters !== "object" || parameters === null) {
    return null;
  }
  const entries = Object.entries(parameters).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return hrefOf(screen, Object.fromEntries(entries));
}

/** What is wrong with a name; `null` when nothing is. */
export function faultOfName(name: string): string | null {
  if (name.trim() === "") {
    return "A view needs a name";
  }
  // As segments of an address they are gone before they are sent.
  if (name === "." || name === "..") {
    return "This cannot be a name";
  }
  return new TextEncoder().encode(name).length > NAME_BYTES_MAX ? "The name is too long" : null;
}
