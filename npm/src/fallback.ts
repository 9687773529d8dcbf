// Where WebAssembly is not allowed: what the stub keeps, of this page and of others, is sent as JSON. The stub goes on keeping calls,
// and a call leaves its storage when the server has acknowledged it.

import { attempt, parse, storedCalls, textOf } from "./calls.js";
import { post } from "./host.js";
import type { Call, StubHub } from "./stub.js";

const BATCH_CALLS = 100;
const BACKOFF_MS = 2_000;
const BACKOFF_MS_MAX = 300_000;

interface Page {
  client: string;
  id: string;
  registered: object;
  identified?: { id: string; properties: object } | undefined;
}

/** A request, and the keys of the calls in it. */
interface Batch {
  body: Uint8Array<ArrayBuffer> | object[];
  keys: string[];
}

export function fallBack(hub: StubHub, url: string, denied: boolean) {
  const { name, client, calls, waiting } = hub._;
  const storage = attempt(() => localStorage);
  const batches: Batch[] = [];
  const page = (client: string, session?: string): Page => {
    const kept = parse(attempt(() => storage![name + "::generatedId"]));
    return { client, id: parse(session)?.id ?? kept ?? client, registered: {} };
  };
  const add = (of: Page, key: string, call: Call) => {
    const body = bodyOf(of, call);
    const last = batches.at(-1);
    if (Array.isArray(body) && Array.isArray(last?.body) && last.body.length < BATCH_CALLS) {
      last.body.push(...body);
      last.keys.push(key);
    } else {
      batches.push({ body: body ?? [], keys: [key] });
    }
  };
  attempt(() => {
    for (const [other, stored] of storedCalls(storage!, name, client)) {
      const of = page(other, stored[0]!.call[4]);
      for (const { key, call } of stored) add(of, key, call);
    }
  });
  let own: Page | undefined;
  let seen = 0;
  let failures = 0;
  const pump = async () => {
    for (; seen < calls.length; seen++) {
      const call: Call = parse(calls[seen]);
      own ??= page(client, call[4]);
      add(own, `${name}::c:${client}.${seen + 1}`, call);
      if (/^opt/.test(call[0])) attempt(() => (storage![name + "::optOut"] = call[0] == "optOut" ? "1" : "0"));
    }
    const decided = attempt(() => storage![name + "::optOut"]);
    const out = decided ? decided == "1" : denied;
    const batch = batches[0];
    if (batch) {
      const { body, keys } = batch;
      const isList = Array.isArray(body);
      const isNothing = out || (isList && !body.length);
      const type = isList ? "application/json" : "text/plain";
      const text = isList ? JSON.stringify(body) : body;
      const response = isNothing ? undefined : await post(url, text, type, true).catch(() => ({ ok: false, status: 0 }));
      if (isList && body.length > 1 && response?.status == 400) {
        batches.splice(0, 1, ...body.map((event, at) => ({ body: [event], keys: [keys[at]!] })));
      } else if (!response || response.ok || response.status == 400) {
        batches.shift();
        for (const key of keys) attempt(() => storage!.removeItem(key));
        failures = 0;
      } else {
        failures++;
      }
    }
    if (!batches.length || failures) {
      for (const done of waiting.splice(0)) done(!failures);
    }
    const idle = (hub._.options.flushInterval ?? 1) * 1000;
    const wait = failures ? Math.min(BACKOFF_MS * 2 ** failures, BACKOFF_MS_MAX) * Math.random() : idle;
    setTimeout(pump, batches.length && !failures ? 0 : wait);
  };
  pump();
}

/** What a call sends, if anything: events as JSON, or an alias or a user in the binary form. */
function bodyOf(page: Page, [method, args, time, number]: Call): Batch["body"] | undefined {
  const [first, second] = args as [any, any];
  const user = page.identified ?? { id: page.id, properties: page.registered };
  if (method == "track") {
    const properties = { ...user.properties, ...texts(second) };
    const insert_id = `~${page.client}.${number}`;
    const event = { ...properties, event_type: first, external_user_id: user.id, timestamp: time, insert_id };
    return [event];
  }
  if (method == "alias") return binary(1, [first, page.id]);
  if (method == "register") Object.assign(page.registered, texts(first));
  if (method == "identify") {
    const properties = texts(second);
    page.identified = { id: String(first), properties };
    const pairs = Object.entries(properties);
    return pairs.length ? binary(2, [first], pairs) : undefined;
  }
  if (/^(reset|invalidateI)/.test(method)) page.identified = undefined;
  if (/^(reset|invalidateG)/.test(method)) {
    page.id = page.client + number;
    page.registered = {};
  }
  return undefined;
}

function texts(properties: object | null | undefined): object {
  const pairs = Object.entries(properties ?? {}).map(([key, value]) => [key, textOf(value)]);
  return Object.fromEntries(pairs.filter(([, text]) => text !== undefined));
}

/** core/src/batch.rs says what it is made of. */
function binary(variant: number, ids: unknown[], pairs?: string[][]): Uint8Array<ArrayBuffer> {
  const bytes = [0x45, 0x42, 2];
  const put = (number: number) => {
    for (; number > 127; number = Math.floor(number / 128)) bytes.push((number % 128) + 128);
    bytes.push(number);
  };
  const putText = (text: unknown) => {
    const encoded = new TextEncoder().encode(String(text));
    put(encoded.length);
    bytes.push(...encoded);
  };
  put(Date.now() * 2);
  bytes.push(variant);
  ids.forEach(putText);
  if (pairs) {
    put(pairs.length);
    pairs.flat().forEach(putText);
  }
  return Uint8Array.from(bytes);
}
