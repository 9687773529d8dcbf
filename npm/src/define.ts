// `newEventHub` of a page: makes stubs until the tag is there, and then hubs that it takes over at once.

import type { Options } from "./options.js";
import { newStub } from "./stub.js";
import type { StubHub } from "./stub.js";

/** With what the tag finds: the hubs made so far. Then its own `push` gets each new one. */
export type NewEventHub = ((name: string, options?: Options, hub?: StubHub) => StubHub) & { q: StubHub[] };

declare global {
  interface Window {
    newEventHub?: NewEventHub;
  }
}

/** For a page that has none. */
export const make: NewEventHub = (name, options, hub = newStub(name, options)) => (make.q.push(hub), hub);
make.q = [];
