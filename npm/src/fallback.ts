// Where WebAssembly is not allowed: what the stub keeps, of this page and of others, is sent as JSON. The stub goes on keeping
// calls, and a call leaves the storage when the server has acknowledged it.

import { attempt, parse, storedCalls, textOf, textsOf } from "./calls.js";
import { post } from "./host.js";
import type { Call, StubHub } from "./stub.js";

const BATCH_CALLS = 100;
/** Browsers refuse a larger request that is to outlive the page. */
const KEEPALIVE_MAX = 20_000;
/** Between looks at what there is to send. */
const IDLE_MS = 1_000;
const IDLE_MS_MIN = 20;
const BACKOFF_MS = 1_000;
const BACKOFF_MS_MAX = 300_000;

/** Who the calls of a page are about. */
interface Page {
  client: string;
  id: string;
  registered: object;
  identified?: { id: string; properties: object } | undefined;
}

/** A request, if there is anything to ask for, and the keys of the calls that it is made of. */
interface Batch {
  body?: Uint8Array<ArrayBuffer> | object[] | undefined;
  keys: string[];
}

export function fallBack(hub: StubHub, url: string, denied: boolean) {
  const [name, options, client, calls, waiting] = hub._;
  const optOut = name + "::optOut";
  let batches: Batch[] = [];
  const decided = (): string => attempt(() => localStorage[optOut]) ?? "";
  let decision = decided();
  /** Nothing is sent of what came before a decision, in this tab or another. */
  const forget = () => batches.forEach((batch) => (batch.body = undefined));
  const pageOf = (client: string, [, , , , session]: Call): Page => {
    const kept = parse(attempt(() => localStorage[name + "::generatedId"]));
    return { client, id: parse(session)?.id ?? kept ?? client, registered: {} };
  };
  const add = (page: Page, key: string, call: Call) => {
    const body = call[2] < +decision.slice(1) ? undefined : bodyOf(page, call);
    const last = batches.at(-1);
    if (Array.isArray(body) && Array.isArray(last?.body) && last.body.length < BATCH_CALLS) {
      last.body.push(...body);
      last.keys.push(key);
    } else {
      batches.push({ body, keys: [key] });
    }
  };
  for (const [other, stored] of attempt(() => storedCalls(name, client)) ?? []) {
    const page = pageOf(other, stored[0]!.call);
    for (const { key, call } of stored) add(page, key, call);
  }
  let own: Page | undefined;
  let seen = 0;
  let failures = 0;
  const pump = async () => {
    if (decision != decided()) {
      decision = decided();
      forget();
    }
    for (; seen < calls.length; seen++) {
      const call: Call = parse(calls[seen]);
      own ??= pageOf(client, call);
      add(own, `${name}::c:${client}.${seen + 1}`, call);
      if (/^opt/.test(call[0])) {
        denied = /Out/.test(call[0]);
        if (denied) forget();
        attempt(() => (localStorage[optOut] = +denied + `${call[2]}`));
        decision = decided();
      }
    }
    const isOut = decision ? decision[0] == "1" : denied;
    const [batch] = batches;
    if (batch) {
      const { body, keys } = batch;
      const list = Array.isArray(body) && body;
      const text = list ? JSON.stringify(list) : (body as Uint8Array<ArrayBuffer>);
      const type = list ? "application/json" : "text/plain";
      const status =
        isOut || !body ? 200 : await post(url, text, type, text.length < KEEPALIVE_MAX).then((answer) => answer.status, () => 0);
      const isRefused = status == 400 || status == 413;
      failures = isRefused || (status >= 200 && status < 300) ? 0 : failures + 1;
      if (isRefused && list && list.length > 1) {
        batches.splice(0, 1, ...list.map((event, at) => ({ body: [event], keys: [keys[at]!] })));
      } else if (!failures) {
        batches.shift();
        for (const key of keys) attempt(() => localStorage.removeItem(key));
      }
    }
    if (failures || !batches.length) {
      for (const done of waiting.splice(0)) done(!failures);
    }
    const longest = Math.min(BACKOFF_MS * 2 ** failures, BACKOFF_MS_MAX);
    const idle = batches.length ? 0 : Math.max(options.flushInterval! * 1000 || IDLE_MS, IDLE_MS_MIN);
    setTimeout(run, failures ? longest * Math.random() : idle);
  };
  const run = () => pump().catch(() => {});
  run();
}

/** What a call sends, if anything: events as JSON, or an alias or a user in the binary form. */
function bodyOf(page: Page, [method, [first, second], timestamp, number]: Call): Batch["body"] {
  const user = page.identified ?? { id: page.id, properties: page.registered };
  const id = textOf(first);
  if (/^[tai][^n]/.test(method) && !id) return undefined;
  const texts = textsOf(method == "register" ? first : second);
  const properties = Object.fromEntries(texts);
  if (method == "track") {
    const insert_id = `~${page.client}.${number}`;
    const fixed = { event_type: id, external_user_id: user.id, timestamp, insert_id };
    return [{ ...user.properties, ...properties, ...fixed }];
  }
  if (method == "alias") return binary(1, [id, page.id]);
  if (method == "register") Object.assign(page.registered, properties);
  if (method == "identify") {
    page.identified = { id: id!, properties };
    if (texts.length) return binary(2, [id, texts.length, ...texts.flat()]);
  }
  if (/^(reset|.*dI)/.test(method)) page.identified = undefined;
  if (/^(reset|.*eG)/.test(method)) {
    page.id = page.client + number;
    page.registered = {};
  }
  return undefined;
}

/** core/src/batch.rs says what it is made of: here of texts and of counts. */
function binary(variant: number, parts: any[]): Uint8Array<ArrayBuffer> {
  const bytes = [0x45, 0x42, 2];
  const put = (number: number) => {
    for (; number > 127; number = Math.floor(number / 128)) bytes.push((number % 128) + 128);
    bytes.push(number);
  };
  put(Date.now() * 2);
  bytes.push(variant);
  parts.forEach((part, at) => {
    if (variant == 2 && at == 1) return put(part);
    const text = new TextEncoder().encode(part);
    put(text.length);
    bytes.push(...text);
  });
  return Uint8Array.from(bytes);
}
