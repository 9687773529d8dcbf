// Calls as the stub kept them, and what is made of their arguments.

import type { Call } from "./stub.js";

/** What `body` returns, unless it throws: nothing may reach the page. */
export function attempt<T>(body: () => T): T | undefined {
  try {
    return body();
  } catch {
    return undefined;
  }
}

export function parse(text: unknown): any {
  return attempt(() => JSON.parse(text as string));
}

/** Random text, of which no two are the same. */
export function random(): string {
  return crypto.getRandomValues(Uint32Array.of(0, 0, 0)).join("");
}

/** A text, a number or a boolean as text. */
export function textOf(value: unknown): string | undefined {
  return typeof value == "string" || typeof value == "boolean" || Number.isFinite(value) ? String(value) : undefined;
}

/** The properties that are such, as texts. What cannot be read is left out like what is none. */
export function textsOf(properties: any, omit?: (key: string) => void): [string, string][] {
  const texts: [string, string][] = [];
  const keys = typeof properties == "object" ? attempt(() => Object.keys(properties ?? {})) : [];
  if (!keys) omit?.("of any name");
  for (const key of keys ?? []) {
    let value = NaN;
    attempt(() => (value = properties[key]));
    const text = textOf(value);
    if (text != undefined) {
      texts.push([key, text]);
    } else if (value != null) {
      omit?.(key);
    }
  }
  return texts;
}

/** The calls of other pages that no tag has taken over, with their keys: pages by time, and each page's in order. */
export function storedCalls(name: string, own: string): Map<string, { key: string; call: Call }[]> {
  const pages: ReturnType<typeof storedCalls> = new Map();
  const prefix = name + "::c:";
  const place = (key: string) => +key.slice(key.lastIndexOf(".") + 1);
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  for (const key of keys.sort((a, b) => place(a) - place(b))) {
    const client = key.slice(prefix.length, key.lastIndexOf("."));
    const call = parse(localStorage[key]);
    if (client != own && Array.isArray(call?.[1])) {
      pages.set(client, [...(pages.get(client) ?? []), { key, call: call as Call }]);
    }
  }
  return new Map([...pages].sort(([, [a]], [, [b]]) => a!.call[2] - b!.call[2]));
}
