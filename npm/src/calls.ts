// Calls as the stub kept them, and arguments as the tracker takes them.

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
  return attempt(() => JSON.parse(text as string));
}

/** The property's text, or undefined where it has none. */
export function textOf(value: unknown): string | undefined {
  const plain = typeof value == "string" || typeof value == "boolean" || Number.isFinite(value);
  return plain ? String(value) : undefined;
}

export interface StoredCall {
  key: string;
  call: Call;
}

/** The calls of other pages that no tag has taken over, by the page's name, each page's in order. */
export function storedCalls(storage: Storage, name: string, own: string): Map<string, StoredCall[]> {
  const prefix = name + "::c:";
  const pages = new Map<string, StoredCall[]>();
  const place = (stored: StoredCall) => +stored.key.slice(stored.key.lastIndexOf(".") + 1);
  for (const key of Object.keys(storage)) {
    const client = key.slice(prefix.length, key.lastIndexOf("."));
    const call = key.startsWith(prefix) && client != own && parse(storage[key]);
    if (Array.isArray(call)) {
      pages.set(client, [...(pages.get(client) ?? []), { key, call: call as Call }]);
    }
  }
  for (const calls of pages.values()) {
    calls.sort((a, b) => place(a) - place(b));
  }
  return pages;
}
