// The browser as the tracker sees it; client-wasm/src/tracker/mod.rs says what each function is for. None of them throws, and
// none calls the tracker back before it returns. Texts cross as UTF-8,
// and lists of them as one text, in which each is ended by NUL.

import { attempt, parse, textOf, textsOf } from "./calls.js";
import type { Stats } from "./options.js";
import { answered, call } from "./wasm/tracker_bg.js";

/** Longer than a slow network takes for a batch. */
const SEND_MS = 30_000;
/** Browsers take a longer timeout for none at all. */
const TIMER_MS_MAX = 2 ** 31 - 1;

const SESSION = 0;
const GENERATED = 1;
const MEMBER = 3;
/** Keys by slot; the session and the member are in the tab's own storage. */
const USERS = ["activeSession", "generatedUser", "identifiedUser", "identifiedUser"];

interface Host {
  /** Of the hub's keys in storage. */
  prefix: string;
  url: string;
  debug: boolean | undefined;
  /** Who waits for a flush. */
  waiting: ((all: boolean) => void)[];
  /** Properties left out before the tracker saw them. */
  omitted: number;
  stats?: Stats;
  timer?: ReturnType<typeof setTimeout>;
  release?: () => void;
}

type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const decode = (bytes: Bytes) => decoder.decode(bytes);

/** By the tracker's numbers of hubs. */
export const hosts: Host[] = [];

const turns: (() => void)[] = [];

/** What the page does while the tracker acts, such as tracking each `fetch`, waits until that is done. */
function inTurn(turn: () => void) {
  if (turns.push(turn) > 1) return;
  for (; turns.length; turns.shift()) attempt(turns[0]!);
}

/** Tells the tracker that something happened. */
export function tell(hub: number, method: string, text = "", pairs = "", now = Date.now(), number = -1) {
  inTurn(() => call(hub, give(joined([method, text]) + pairs), now, number));
}

/** What the tracker is about to take. */
let answer: Bytes;

/** For the tracker to take; returns how many bytes. */
export function give(text: string): number {
  answer = encoder.encode(text);
  return answer.length;
}

export function take(into: Bytes) {
  into.set(answer);
}

/** `ofTab`: in the tab's own storage. */
export function item(hub: number, key: string, ofTab = false): string {
  return attempt(() => (ofTab ? sessionStorage : localStorage).getItem(hosts[hub]!.prefix + key)) ?? "";
}

export function get(hub: number, key: Bytes): number {
  return give(item(hub, decode(key)));
}

export function put(hub: number, key: Bytes, text: Bytes): boolean {
  return !!attempt(() => (localStorage.setItem(hosts[hub]!.prefix + decode(key), decode(text)), true));
}

export function remove(hub: number, key: Bytes) {
  removeItem(hub, decode(key));
}

export function removeItem(hub: number, key: string) {
  attempt(() => localStorage.removeItem(hosts[hub]!.prefix + key));
}

export function keys(hub: number, start: Bytes): number {
  const { prefix } = hosts[hub]!;
  const begin = prefix + decode(start);
  const keys = attempt(() => Object.keys(localStorage).filter((key) => key.startsWith(begin)));
  return give(joined((keys ?? []).sort().map((key) => key.slice(prefix.length))));
}

/** The forms are those of the older tag, whose session is `true`. */
export function read(hub: number, slot: number): number {
  const id = parse(item(hub, "generatedId"));
  let user = parse(item(hub, USERS[slot]!, slot % MEMBER == SESSION));
  if (slot == GENERATED && user?.id != id) user = { id };
  if (user === true) return read(hub, GENERATED);
  const text = textOf(user?.id);
  return give(text ? joined([text, ...textsOf(user.properties).flat()]) : "");
}

export function write(hub: number, slot: number, text: Bytes) {
  const [id, ...pairs] = decode(text).split("\0");
  const properties: Record<string, string> = {};
  for (let at = 1; at < pairs.length; at += 2) properties[pairs[at - 1]!] = pairs[at]!;
  const put = (key: string, value: unknown) => {
    const storage = slot % MEMBER == SESSION ? sessionStorage : localStorage;
    key = hosts[hub]!.prefix + key;
    id ? storage.setItem(key, JSON.stringify(value)) : storage.removeItem(key);
  };
  attempt(() => {
    if (slot == GENERATED) put("generatedId", id);
    put(USERS[slot]!, { id, properties });
  });
}

export function send(hub: number, flight: number, batch: Bytes, keepalive: boolean) {
  const tellAnswer = (status: number, retryAfter?: string | null) => {
    const now = Date.now();
    const wait = +retryAfter! * 1000 || Date.parse(retryAfter!) - now || 0;
    inTurn(() => answered(hub, flight, status, wait, now, Math.random()));
  };
  // The batch lies in the module's memory, which goes on changing.
  post(hosts[hub]!.url, batch.slice(), "text/plain", keepalive).then(
    ({ status, headers }) => tellAnswer(status, headers.get("Retry-After")),
    () => tellAnswer(0),
  );
}

/** A request that needs no preflight and carries no cookies. */
export async function post(
  url: string,
  body: string | Bytes,
  type: string,
  keepalive: boolean,
): Promise<Response> {
  const signal = AbortSignal.timeout?.(SEND_MS);
  const headers = { "Content-Type": type };
  const response = await fetch(url, { method: "POST", body, headers, keepalive, credentials: "omit", signal });
  // Until its answer is read a request counts as under way, and of those that outlive a page browsers allow 64 KiB.
  await response.arrayBuffer();
  return response;
}

export function setTimer(hub: number, ms: number) {
  const host = hosts[hub]!;
  clearTimeout(host.timer);
  host.timer = setTimeout(tell, Math.min(ms, TIMER_MS_MAX), hub, "timer");
}

/** Where there are no locks, each page has it: what two pages send is taken once. */
export function lock(hub: number) {
  const host = hosts[hub]!;
  const granted = () => tell(hub, "granted");
  const held = () =>
    new Promise<void>((release) => {
      host.release = release;
      granted();
    });
  Promise.resolve()
    .then(() => navigator.locks.request(host.prefix + "flush", held))
    .catch(granted);
}

export function unlock(hub: number) {
  hosts[hub]!.release?.();
}

export function flushed(hub: number, all: boolean) {
  for (const done of hosts[hub]!.waiting.splice(0)) done(all);
}

export function counted(
  hub: number,
  queued: number,
  sent: number,
  dropped: number,
  rejected: number,
  omitted: number,
) {
  const host = hosts[hub]!;
  host.stats = { queued, sent, dropped, rejected, omitted: omitted + host.omitted };
}

export function log(hub: number, message: Bytes) {
  say(hub, decode(message));
}

function say(hub: number, message: string) {
  if (hosts[hub]!.debug) console.debug("EventHub: " + message);
}

/** Properties as the tracker takes them. */
export function pairsOf(hub: number, properties: unknown): string {
  const omit = (key: string) => {
    hosts[hub]!.omitted++;
    say(hub, `left out: the property ${key}`);
  };
  return joined(textsOf(properties, omit).flat());
}

function joined(texts: string[]): string {
  return texts.map((text) => text.replaceAll("\0", "\ufffd") + "\0").join("");
}
