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

export function parse(text: string | null | undefined): any {
  return attempt(() => JSON.parse(text!));
}

/** Random text, of which no two are the same. */
export function random(): string {
  return crypto.getRandomValues(Uint32Array.of(0, 0, 0)).join("");
}

/** The properties that are texts, numbers or booleans, as texts. */
export function textsOf(properties: unknown, omit?: (key: string) => void): [string, string][] {
  const texts: [string, string][] = [];
  for (const [key, value] of typeof properties == "object" ? Object.entries(properties ?? {}) : []) {
    if (typeof value == "string" || typeof value == "boolean" || Number.isFinite(value)) {
      texts.push([key, String(value)]);
    } else if (value != null) {
      omit?.(key);
    }
  }
  return texts;
}

/** The calls of other pages that no tag has taken over, with their keys: by page, and each page's in order. */
export function storedCalls(name: string, own: string): Map<string, { key: string; call: Call }[]> {
  const pages: ReturnType<typeof storedCalls> = new Map();
  const prefix = name + "::c:";
  const place = (key: string) => +key.slice(key.lastIndexOf(".") + 1);
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  for (const key of keys.sort((a, b) => place(a) - place(b))) {
    const client = key.slice(prefix.length, key.lastIndexOf("."));
    const call = parse(localStorage[key]);
    if (client != own && Array.isArray(call)) {
      pages.set(client, [...(pages.get(client) ?? []), { key, call: call as Call }]);
    }
  }
  return pages;
}
