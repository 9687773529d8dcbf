// Where the dashboard is: the screen is the last segment of the address, its state are the parameters. Where no server
// answers the names of screens, as in the playground, the screen is a parameter too.

import { useSyncExternalStore } from "react";

import { isPlayground } from "../playground/mode";

export interface Place {
  /** "" at the root. */
  screen: string;
  /** As in the address: "" or begins with "?". */
  search: string;
}

/** The parameter that names the screen. */
const SCREEN = "screen";

const listeners = new Set<() => void>();

/** The address of a screen with these parameters, relative to that of any other. */
export function hrefOf(screen: string, parameters: Record<string, string> = {}): string {
  if (isPlayground) {
    return `?${new URLSearchParams(screen === "" ? parameters : { [SCREEN]: screen, ...parameters })}`;
  }
  const search = new URLSearchParams(parameters).toString();
  return `./${screen}${search === "" ? "" : `?${search}`}`;
}

/** Goes to an address that `hrefOf` made; the browser's Back leads to the one before it. */
export function go(href: string): void {
  window.history.pushState(null, "", href);
  announce();
}

/** Goes there in place of where the dashboard is, as an edit does. */
export function goInPlace(href: string): void {
  window.history.replaceState(null, "", href);
  announce();
}

export function place(): Place {
  const { pathname, search } = window.location;
  if (isPlayground) {
    const parameters = new URLSearchParams(search);
    const screen = parameters.get(SCREEN) ?? "";
    parameters.delete(SCREEN);
    return { screen, search: parameters.size === 0 ? "" : `?${parameters}` };
  }
  return { screen: pathname.slice(pathname.lastIndexOf("/") + 1), search };
}

export function usePlace(): Place {
  // A text, which is equal to itself when nothing changed.
  useSyncExternalStore(subscribe, () => window.location.pathname + window.location.search);
  return place();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}

function announce(): void {
  for (const listener of listeners) {
    listener();
  }
}
