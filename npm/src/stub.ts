// What stands in for the tag until it is there: its hubs keep calls, in memory and in storage, until the tag takes them over.
// It is the larger part of the snippet, so it is written to be short.

import type { EventHub, Options } from "./options.js";

/** As JSON: the method, its arguments, the time, how many events came before it, and the tab's session. */
export type Call = [method: string, args: any[], time: number, number: number, session?: string | false];

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

/** The methods whose calls are commands. */
export const COMMANDS = "track alias identify register reset optOut optIn invalidateGeneratedUser invalidateIdentifiedUser";

export function newStub(name: string, options?: Options): StubHub {
  const client = crypto.getRandomValues(Uint32Array.of(0, 0, 0)).join("");
  const calls: string[] = [];
  const waiting: Held["waiting"] = [];
  let events = 0;
  const hub = {
    _: { name, options: options ?? {}, client, calls, waiting },
    stats: () => ({ queued: calls.length, sent: 0, dropped: 0, rejected: 0, omitted: 0 }),
    flush: () => new Promise((done) => waiting.push(done)),
    page(properties: object) {
      try {
        hub.track("page_view", {
          host: location.host,
          path: location.pathname,
          title: document.title,
          referrer: document.referrer,
          ...properties,
        });
      } catch {}
    },
  } as StubHub;
  for (const method of COMMANDS.split(" ") as "track"[]) {
    const keep: EventHub["track"] = (hub[method] = (...args) => {
      // A page may have put this function aside before the tag took the hub over.
      if (hub[method] != keep) return hub[method](...args);
      const session = name + "::activeSession";
      let id;
      // Each may throw: storage that is forbidden or full, arguments that are not JSON.
      try {
        id = sessionStorage[session] || (options?.persistence != "device" && (sessionStorage[session] = `{"id":"${client}"}`));
      } catch {}
      try {
        // What is an object, a function or a bigint among the properties would be left out, so it need not be JSON.
        const call = JSON.stringify([method, args, Date.now(), events, id] satisfies Call, function (_, value) {
          return args.includes(this) && value && /c|bi/.test(typeof value) ? {} : value;
        });
        events += +(method == "track");
        const place = calls.push(call);
        // Where no tag ever comes, the site's storage must not fill up.
        if (localStorage.length < 1e4) localStorage[`${name}::c:${client}.${place}`] = call;
      } catch {}
    });
  }
  return hub;
}
