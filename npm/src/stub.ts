// What stands in for the tag until it is there: its hubs keep calls, in memory and in storage, until the tag takes them over.
// It is the larger part of the snippet, so it is written to be short.

import type { EventHub, Options } from "./options.js";

/** As JSON: the method, its arguments, the time, how many events came before it, and the tab's session. */
export type Call = [method: string, args: any[], time: number, number: number, session?: string];

export interface Held {
  name: string;
  options: Options;
  /** Names this page and hub for ever. */
  client: string;
  /** The calls, each as JSON, so that what the page does to their arguments later does not matter. */
  calls: string[];
  /** Who waits for a flush. */
  waiting: ((all: boolean) => void)[];
}

/** A hub, and under `_` what it holds for the tag. */
export type StubHub = EventHub & { _: Held };

export function newStub(name: string, options: Options = {}): StubHub {
  const client = crypto.getRandomValues(Uint32Array.of(0, 0, 0)).join("");
  const calls: string[] = [];
  const waiting: Held["waiting"] = [];
  let events = 0;
  const hub = {
    _: { name, options, client, calls, waiting },
    stats: () => ({ queued: calls.length, sent: 0, dropped: 0, rejected: 0, omitted: 0 }),
    flush: () => new Promise((done) => waiting.push(done)),
    page(properties: object) {
      try {
        const { host, pathname: path } = location;
        const { title, referrer } = document;
        hub.track("page_view", { host, path, title, referrer, ...properties });
      } catch {}
    },
  } as StubHub;
  const methods =
    "track alias identify register reset optOut optIn invalidateGeneratedUser invalidateIdentifiedUser";
  for (const method of methods.split(" ") as "track"[]) {
    const keep: EventHub["track"] = (...args) => {
      // A page may have put this function aside before the tag took the hub over.
      if (hub[method] != keep) return hub[method](...args);
      const session = name + "::activeSession";
      let id;
      // Each may throw: storage that is forbidden or full, arguments that are not JSON.
      try {
        id = sessionStorage[session];
        if (!id && options.persistence != "device") id = sessionStorage[session] = JSON.stringify({ id: client });
      } catch {}
      try {
        const call = JSON.stringify([method, args, Date.now(), events, id] satisfies Call);
        events += +(method == "track");
        calls.push(call);
        localStorage[`${name}::c:${client}.${calls.length}`] = call;
      } catch {}
    };
    hub[method] = keep;
  }
  return hub;
}
