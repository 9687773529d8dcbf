// The tag takes a hub over: what the stub held and what other pages left, and from then on every call.

import { attempt, parse, storedCalls } from "./calls.js";
import { fallBack } from "./fallback.js";
import { Host } from "./host.js";
import type { Options } from "./options.js";
import type { Call, StubHub } from "./stub.js";
import { Tracker, __wbg_set_wasm } from "./wasm/tracker_bg.js";
import * as glue from "./wasm/tracker_bg.js";
import base64 from "./wasm/tracker_module.js";

let loading: Promise<unknown> | undefined;

/** Compiles the module, once for all hubs of the page. */
function load(): Promise<unknown> {
  return (loading ??= (async () => {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    const { instance } = await WebAssembly.instantiate(bytes, { "./tracker_bg.js": glue as any });
    __wbg_set_wasm(instance.exports);
    (instance.exports as any).__wbindgen_start?.();
  })());
}

/** Gives the hub to the tracker, or to the fallback where WebAssembly is not allowed. `from` is where the server is unless the
 *  options say so. */
export function take(hub: StubHub, from: string, ingestPath?: string) {
  const { options } = hub._;
  const key = options.key ? "?write_key=" + encodeURIComponent(options.key) : "";
  const path = options.ingestPath ?? ingestPath ?? "/api/v1/events";
  const url = (options.url ?? from).replace(/\/+$/, "") + path + key;
  load()
    .then(
      () => track(hub, url),
      () => fallBack(hub, url, isDenied(options)),
    )
    .then(() => attempt(() => options.autoPageViews && trackPages(hub)))
    .catch(() => {});
}

function isDenied(options: Options): boolean {
  const { doNotTrack, globalPrivacyControl } = navigator as any;
  return options.respectDoNotTrack !== false && (doNotTrack == "1" || globalPrivacyControl === true);
}

/** A number of the options that makes sense, or the default. */
function atLeast(least: number, value: number | undefined, otherwise: number): number {
  return value! >= least ? value! : otherwise;
}

function track(hub: StubHub, url: string) {
  const { name, options, client, calls, waiting } = hub._;
  const host = new Host(name, options, url, waiting);
  const tracker = (host.tracker = new Tracker(
    host,
    client,
    atLeast(0, options.flushInterval, 1) * 1000,
    Math.min(atLeast(1, options.batchSize, 100), 2000),
    atLeast(1, options.maxQueueEvents, 10_000),
    atLeast(1, options.maxQueueBytes, 2_000_000),
    options.persistence == "device",
    isDenied(options),
  ));
  const call = ([method, args, time, number]: Call, fresh: string, count?: number) => {
    const [first, second] = args as [any, any];
    const id = String(first ?? "");
    const invalidateGenerated = () => tracker.invalidateGenerated(fresh);
    const invalidateIdentified = () => tracker.invalidateIdentified();
    const methods: Record<string, () => void> = {
      track: () => tracker.track(time, id, host.flat(second), count),
      alias: () => tracker.alias(time, id),
      identify: () => tracker.identify(time, id, host.flat(second)),
      register: () => tracker.register(host.flat(first)),
      reset: () => (invalidateIdentified(), invalidateGenerated()),
      optOut: () => tracker.optOut(),
      optIn: () => tracker.optIn(fresh),
      invalidateGeneratedUser: invalidateGenerated,
      invalidateIdentifiedUser: invalidateIdentified,
    };
    attempt(methods[method]!);
  };
  // Whoever repeats a page's calls, and however often, makes the same events of the same users.
  const repeat = (client: string, kept: Call) => call(kept, client + kept[3], kept[3]);
  const { local } = host;
  for (const [page, stored] of attempt(() => storedCalls(local!, name, client)) ?? []) {
    attempt(() => tracker.enter(page, parse(stored[0]!.call[4])?.id));
    for (const { key, call: kept } of stored) {
      repeat(page, kept);
      attempt(() => local!.removeItem(key));
    }
    attempt(() => tracker.leave());
  }
  takeOldQueue(host, (kept) => call(kept, random()));
  calls.forEach((text, at) => {
    repeat(client, parse(text));
    host.remove(`c:${client}.${at + 1}`);
  });
  const methods = Object.keys(hub) as "track"[];
  for (const method of methods) {
    if (typeof hub[method] == "function" && !/^(page|stats|flush)$/.test(method)) {
      hub[method] = (...args) => call([method, args, Date.now(), 0], random());
    }
  }
  hub.stats = () => {
    const [queued, sent, dropped, rejected, omitted] = attempt(() => tracker.stats()) ?? [];
    return { queued, sent, dropped, rejected, omitted: omitted! + host.omitted } as any;
  };
  hub.flush = () =>
    new Promise((done) => {
      waiting.push(done);
      host.tell((tracker, now) => tracker.flush(now));
    });
  if (waiting.length) host.tell((tracker, now) => tracker.flush(now));
  const wake = () => host.tell((tracker, now) => tracker.wake(now));
  const hide = () => host.tell((tracker, now) => tracker.hide(now));
  addEventListener("pagehide", hide);
  addEventListener("pageshow", (event) => event.persisted && wake());
  addEventListener("online", wake);
  document.addEventListener("visibilitychange", () => (document.hidden ? hide() : wake()));
}

function random(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join("");
}

/** The older tag's queue, whose commands are calls. */
function takeOldQueue(host: Host, call: (kept: Call) => void) {
  const queue = parse(host.get("Queue"));
  host.remove("Queue");
  for (const { type, params } of Array.isArray(queue) ? queue : []) {
    const { eventType, id, properties } = params ?? {};
    const args = type == "register" ? [params] : [eventType ?? id, properties];
    // It began each session with a new visitor; this page has one already.
    if (!/^invalidate/.test(type)) call([type, args, Date.now(), 0]);
  }
}

/** The page that is shown, and each that is navigated to without loading one. */
function trackPages(hub: StubHub) {
  let path: string;
  const look = () => {
    if (path != location.pathname) {
      path = location.pathname;
      hub.page();
    }
  };
  look();
  const { pushState } = history;
  history.pushState = function (...args) {
    pushState.apply(this, args);
    look();
  };
  addEventListener("popstate", look);
}
