// The tag takes a hub over: what other pages left, what the stub held, and from then on every call.

import { attempt, parse, random, storedCalls, textOf } from "./calls.js";
import { fallBack } from "./fallback.js";
import { give, hosts, item, pairsOf, removeItem, tell } from "./host.js";
import type { Options } from "./options.js";
import { COMMANDS } from "./stub.js";
import type { Call, StubHub } from "./stub.js";
import { __wbg_set_wasm, imports, open } from "./wasm/tracker_bg.js";
import { text } from "./wasm/tracker_module.js";

let loading: Promise<void> | undefined;

/** Compiles the module, once for all hubs of the page. */
async function load() {
  // npm/module.mjs says how its bytes became text.
  const bytes: number[] = [];
  let shift = -35;
  for (const char of text) {
    if (char == "~") {
      shift += 91;
    } else {
      bytes.push(char.charCodeAt(0) + shift);
      shift = -35;
    }
  }
  const { instance } = await WebAssembly.instantiate(Uint8Array.from(bytes), imports);
  __wbg_set_wasm(instance.exports);
}

/** Gives the hub to the tracker, or to the fallback where WebAssembly is not allowed. `from` is where the server is unless the
 *  options say so, `ingestPath` likewise. */
export function take(hub: StubHub, from: string, ingestPath = "/api/v1/events") {
  const [, options] = hub._;
  (loading ??= load())
    .then(
      () => track,
      () => fallBack,
    )
    .then((start) => {
      const { key, autoPageViews } = options;
      const url = `${options.url ?? from}`.replace(/\/+$/, "") + (options.ingestPath ?? ingestPath);
      start(hub, key ? url + "?" + new URLSearchParams({ write_key: key }) : url, isDenied(options));
      if (autoPageViews) trackPages(hub);
    })
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

function track(stub: StubHub, url: string, denied: boolean) {
  const [name, options, client, calls, waiting] = stub._;
  const { debug, flushInterval, batchSize, maxQueueEvents, maxQueueBytes, persistence } = options;
  const hub = hosts.push({ prefix: name + "::", url, debug, waiting, omitted: 0 }) - 1;
  const older = ["generatedId", "generatedUser", "identifiedUser"].map((key) => parse(item(hub, key)));
  open(
    give(client),
    atLeast(0, flushInterval, 1) * 1000,
    Math.min(atLeast(1, batchSize, 100), 2000),
    atLeast(1, maxQueueEvents, 10_000),
    atLeast(1, maxQueueBytes, 3_000_000),
    persistence == "device",
    denied,
  );
  // `fresh` is the id of whoever begins with the call.
  const call = ([method, [first, second], time]: Call, fresh: string, number?: number) =>
    attempt(() => {
      const text = /^[tai][^n]/.test(method) ? (textOf(first) ?? "") : fresh;
      tell(hub, method, text, pairsOf(hub, method == "register" ? first : second), time, number);
    });
  // Whoever repeats a page's calls, and however often, makes the same events of the same users.
  const repeat = (client: string, kept: Call) => call(kept, client + kept[3], kept[3]);
  for (const [page, stored] of attempt(() => storedCalls(name, client)) ?? []) {
    tell(hub, "enter", page, parse(stored[0]!.call[4])?.id);
    for (const { key, call } of stored) {
      repeat(page, call);
      attempt(() => localStorage.removeItem(key));
    }
    tell(hub, "leave");
  }
  takeOldQueue(hub, older, (kept) => call(kept, random(), kept[3]));
  calls.forEach((text, at) => {
    repeat(client, parse(text));
    removeItem(hub, `c:${client}.${at + 1}`);
  });
  for (const method of COMMANDS.split(" ") as "track"[]) {
    stub[method] = (...args) => call([method, args, Date.now(), 0], random());
  }
  stub.stats = () => {
    tell(hub, "stats");
    return hosts[hub]!.stats!;
  };
  stub.flush = () =>
    new Promise((done) => {
      waiting.push(done);
      tell(hub, "flush");
    });
  if (waiting.length) tell(hub, "flush");
  const wake = () => tell(hub, "wake");
  const hide = () => tell(hub, "hide");
  addEventListener("pagehide", hide);
  addEventListener("pageshow", (event) => event.persisted && tell(hub, "restore"));
  addEventListener("online", wake);
  document.addEventListener("visibilitychange", () => (document.hidden ? hide() : wake()));
}

/** The older tag's queue, whose commands are calls. They are about whom it left in storage, as those of another page. */
function takeOldQueue(hub: number, [id, generated, identified]: any[], call: (kept: Call) => void) {
  const queue = parse(item(hub, "Queue"));
  removeItem(hub, "Queue");
  if (!Array.isArray(queue)) return;
  if (identified) queue.unshift({ type: "identify", params: identified });
  queue.unshift({ type: "register", params: generated?.properties });
  tell(hub, "enter", random(), textOf(id));
  queue.forEach((command, at) => {
    const { type, params } = command ?? {};
    const { eventType, id, properties } = params ?? {};
    call([type, type == "register" ? [params] : [eventType ?? id, properties], Date.now(), at]);
  });
  tell(hub, "leave");
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
  // Of a page that is made before anybody asked for it there is no view until somebody does.
  (document as any).prerendering ? document.addEventListener("prerenderingchange", look) : look();
  for (const method of ["pushState", "replaceState"] as const) {
    const change = history[method];
    history[method] = function (...args) {
      change.apply(this, args);
      look();
    };
  }
  addEventListener("popstate", look);
}
