// The package's entry.

import { take } from "./hub.js";
import type { EventHub, Options } from "./options.js";
import { COMMANDS, newStub } from "./stub.js";

export type { EventHub, Options, Properties, Stats } from "./options.js";

let said = false;

/** A hub that tracks under `name`, by which the visitor's storage tells it from others. On a server, where there is no window,
 *  it does nothing. */
export function newEventHub(name: string, options?: Options): EventHub {
  if (typeof window == "undefined") {
    if (options?.debug && !said) console.debug("EventHub: no window, nothing is tracked");
    said = true;
    return nothing();
  }
  const hub = newStub(name, options);
  take(hub, location.origin);
  return hub;
}

function nothing(): EventHub {
  const skip = () => {};
  const hub = {
    page: skip,
    flush: async () => true,
    stats: () => ({ queued: 0, sent: 0, dropped: 0, rejected: 0, omitted: 0 }),
  } as EventHub;
  for (const method of COMMANDS.split(" ") as "track"[]) hub[method] = skip;
  return hub;
}
