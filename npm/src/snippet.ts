// The snippet for the head of a page. Beside it, `<script async src=".../eventhub.js">` brings the tag.

import { newStub } from "./stub.js";
import type { StubHub } from "./stub.js";
import type { Options } from "./options.js";

/** What the tag finds: hubs made so far, and later, by its own `push`, each new one. */
export type NewEventHub = ((name: string, options?: Options) => StubHub) & { q: { push(hub: StubHub): void } };

declare global {
  interface Window {
    newEventHub?: NewEventHub;
  }
}

/** Defines `newEventHub` unless it is there. */
export function define(): NewEventHub {
  const q: StubHub[] = [];
  return (window.newEventHub ??= Object.assign(
    (name: string, options?: Options) => {
      const hub = newStub(name, options);
      newEventHub.q.push(hub);
      return hub;
    },
    { q },
  ));
}

declare const newEventHub: NewEventHub;

define();
