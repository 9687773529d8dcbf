// The package's entry.

import { take } from "./hub.js";
import type { EventHub, Options } from "./options.js";
import { newStub } from "./stub.js";

export type { EventHub, Options, Properties, Stats } from "./options.js";

let said = false;

/** A hub that tracks under `name`, by which the visitor's storage tells it from others. On a server, where there is no window,
 *  it does nothing. */
export function newEventHub(name: string, options: Options = {}): EventHub {
  if (typeof window == "undefined") {
    if (options.debug && !said) console.debug("EventHub: there is no window, so nothing is tracked");
    said = true;
    return nothing();
  }
  const hub = newStub(name, options);
  take(hub, location.origin);
  return hub;
}

function nothing(): EventHub {
  const skip = () => {};
  return {
    track: skip,
    page: skip,
    alias: skip,
    identify: skip,
    register: skip,
    flush: async () => true,
    reset: skip,
    optOut: skip,
    optIn: skip,
    invalidateGeneratedUser: skip,
    invalidateIdentifiedUser: skip,
    stats: () => ({ queued: 0, sent: 0, dropped: 0, rejected: 0, omitted: 0 }),
  };
}
