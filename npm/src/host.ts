// The browser as the tracker sees it (client-wasm/src/tracker/mod.rs says what each method is for). None of them throws, and
// none calls the tracker back before it returns.

import { attempt, parse, textOf } from "./calls.js";
import type { Options } from "./options.js";
import type { Tracker } from "./wasm/tracker_bg.js";

/** Longer than a slow network takes for a batch. */
const SEND_MS = 30_000;
/** Browsers take a longer timeout for none at all. */
const TIMER_MS_MAX = 2 ** 31 - 1;

const SESSION = 0;
const GENERATED = 1;

export class Host {
  tracker!: Tracker;
  omitted = 0;
  waiting: ((all: boolean) => void)[];
  local: Storage | undefined;
  #session: Storage | undefined;
  #prefix: string;
  #url: string;
  #debug: boolean | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #release = () => {};

  constructor(name: string, options: Options, url: string, waiting: Host["waiting"]) {
    this.local = attempt(() => localStorage);
    this.#session = attempt(() => sessionStorage);
    this.#prefix = name + "::";
    this.#url = url;
    this.#debug = options.debug;
    this.waiting = waiting;
  }

  /** Tells the tracker that something happened. */
  tell(what: (tracker: Tracker, now: number) => void) {
    attempt(() => what(this.tracker, Date.now()));
  }

  get(key: string): string | undefined {
    return attempt(() => this.local!.getItem(this.#prefix + key)) ?? undefined;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  put(key: string, text: string): boolean {
    return !!attempt(() => (this.local!.setItem(this.#prefix + key, text), true));
  }

  remove(key: string) {
    attempt(() => this.local!.removeItem(this.#prefix + key));
  }

  keys(prefix: string): string[] {
    const own = (key: string) => key.startsWith(this.#prefix + prefix);
    const keys = attempt(() => Object.keys(this.local!).filter(own)) ?? [];
    return keys.map((key) => key.slice(this.#prefix.length)).sort();
  }

  /** The forms are those of the older tag, whose session is `true`. */
  read(slot: number): string[] | undefined {
    let user;
    if (slot == SESSION) {
      user = parse(attempt(() => this.#session!.getItem(this.#prefix + "activeSession")));
      if (user === true) return this.read(GENERATED);
    } else if (slot == GENERATED) {
      const id = parse(this.get("generatedId"));
      user = parse(this.get("generatedUser"));
      if (user?.id != id) user = { id };
    } else {
      user = parse(this.get("identifiedUser"));
    }
    return typeof user?.id == "string" ? [user.id, ...this.flat(user.properties)] : undefined;
  }

  write(slot: number, user?: string[]) {
    const properties: Record<string, string> = {};
    for (let at = 1; user && at < user.length; at += 2) properties[user[at]!] = user[at + 1]!;
    const put = (key: string, value: unknown, storage = this.local) =>
      attempt(() => {
        key = this.#prefix + key;
        user ? storage!.setItem(key, JSON.stringify(value)) : storage!.removeItem(key);
      });
    const value = { id: user?.[0], properties };
    if (slot == SESSION) {
      put("activeSession", value, this.#session);
    } else if (slot == GENERATED) {
      put("generatedId", value.id);
      put("generatedUser", value);
    } else {
      put("identifiedUser", value);
    }
  }

  send(flight: number, batch: Uint8Array<ArrayBuffer>, keepalive: boolean) {
    const answered = (status: number, retryAfter?: string | null) => {
      const wait = +retryAfter! * 1000 || Date.parse(retryAfter!) - Date.now() || 0;
      this.tell((tracker, now) => tracker.answered(flight, status, wait, now, Math.random()));
    };
    post(this.#url, batch, "text/plain", keepalive).then(
      (response) => answered(response.status, response.headers.get("Retry-After")),
      () => answered(0),
    );
  }

  setTimer(ms: number) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.tell((tracker) => tracker.timer()),
      Math.min(ms, TIMER_MS_MAX),
    );
  }

  /** Where there are no locks, each page has it: what two pages send is taken once. */
  lock() {
    const granted = () => this.tell((tracker, now) => tracker.granted(now));
    const held = () =>
      new Promise<void>((release) => {
        this.#release = release;
        granted();
      });
    Promise.resolve()
      .then(() => navigator.locks.request(this.#prefix + "flush", held))
      .catch(granted);
  }

  unlock() {
    this.#release();
  }

  flushed(all: boolean) {
    for (const done of this.waiting.splice(0)) done(all);
  }

  log(message: string) {
    if (this.#debug) console.debug("EventHub: " + message);
  }

  /** Properties as the tracker takes them; what is no text is left out and counted, but for what is absent. */
  flat(properties: object | null | undefined): string[] {
    return Object.entries(properties ?? {}).flatMap(([key, value]) => {
      const text = textOf(value);
      if (text !== undefined) return [key, text];
      if (value != null) {
        this.omitted++;
        this.log(`the property ${key} was left out: it is no text, number or boolean`);
      }
      return [];
    });
  }
}

/** A request that asks for no preflight and sends no cookies. */
export async function post(url: string, body: BodyInit, type: string, keepalive: boolean): Promise<Response> {
  const signal = AbortSignal.timeout?.(SEND_MS);
  const headers = { "Content-Type": type };
  const response = await fetch(url, { method: "POST", body, headers, keepalive, credentials: "omit", signal });
  // Until its answer is read a request counts as under way, and of those that outlive a page browsers allow 64 KiB.
  await response.arrayBuffer();
  return response;
}
