// What stands in for the tag until it is there: its hubs keep calls, in memory and in storage, until the tag takes them over.
// It is the larger part of the snippet, so it is written to be short.

import type { EventHub, Options } from "./options.js";

/** As JSON: the method, its arguments, the time, how many events came before it, and the tab's session. */
export type Call = [method: string, args: any[], time: number, number: number, session?: string | false];

/** A list, for that is shorter. `client` names this page and hub for ever; `calls` are kept each as JSON, so that what the page does to
 *  their arguments later does not matter; `waiting` is who waits for a flush. */
export type Held = [name: string, options: Options, client: string, calls: string[], waiting: ((all: boolean) => void)[]];

/** A hub, and under `_` what it holds for the tag. */
export type StubHub = EventHub & { _: Held };

/** The methods whose calls are commands. */
export const COMMANDS = "track alias identify register reset optOut optIn invalidateGeneratedUser invalidateIdentifiedUser";

/** `of[key]` as JSON takes it in any case: what the tag would leave out, an object, a function, a bigint or what cannot be read, becomes an
 *  object, with its properties where it is an argument itself, `all` of whose are kept. */
const plain = (all: unknown, key: any, of: any): any => {
  const kept: any = {};
  try {
    const value = of[key];
    if (!value || /[rl]/.test(typeof value)) return value;
    for (key in all && value) kept[key] = plain(0, key, value);
  } catch {}
  return kept;
};

export const newStub = (name: string, options?: Options): StubHub => {
  const client = crypto.getRandomValues(Uint32Array.of(0, 0, 0)).join("");
  const calls: string[] = [];
  const waiting: Held[4] = [];
  let events = 0;
  const hub = {
    _: [name, options ?? {}, client, calls, waiting],
    stats: () => ({ queued: calls.length, sent: 0, dropped: 0, rejected: 0, omitted: 0 }),
    flush: () => new Promise((done) => waiting.push(done)),
    page: (properties: object) =>
      hub.track("page_view", {
        host: location.host,
        path: location.pathname,
        title: document.title,
        referrer: document.referrer,
        ...plain(1, 0, [properties]),
      }),
  } as StubHub;
  for (const method of COMMANDS.split(" ") as "track"[]) {
    const keep: EventHub["track"] = (hub[method] = (...args) => {
      // A page may have put this function aside before the tag took the hub over.
      if (hub[method] != keep) return hub[method](...args);
      let id;
      // Each may throw: storage that is forbidden or full.
      try {
        const key = name + "::activeSession";
        const ofTab = sessionStorage;
        id = ofTab[key] || (options?.persistence != "device" && (ofTab[key] = `{"id":"${client}"}`));
      } catch {}
      try {
        const call = JSON.stringify([method, args.map(plain as any), Date.now(), events, id]);
        events += (method == "track") as any;
        const place = calls.push(call);
        const ofSite = localStorage;
        // Where no tag ever comes, the site's storage must not fill up.
        if (ofSite.length < 1e4) ofSite[`${name}::c:${client}.${place}`] = call;
      } catch {}
    });
  }
  return hub;
};
