import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { askForViews, putView } from "./saved-views";

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
  });
});

afterEach(() => vi.unstubAllGlobals());

test("views are kept, listed and deleted as a server does", () => {
  expect(askForViews("GET", "", "")).toEqual([200, '{"views":[]}']);
  expect(askForViews("PUT", "b", '{"screen":"funnel"}')[0]).toBe(200);
  expect(putView("__proto__", "{}")).toBe(true);
  expect(putView("a", "{}")).toBe(true);
  expect(JSON.parse(askForViews("GET", "", "")[1])).toEqual({
    views: [{ name: "__proto__" }, { name: "a" }, { name: "b" }],
  });
  expect(askForViews("GET", "b", "")).toEqual([200, '{"screen":"funnel"}']);
  expect(askForViews("DELETE", "b", "")[0]).toBe(200);
  expect(askForViews("GET", "b", "")[0]).toBe(404);
  expect(askForViews("DELETE", "b", "")[0]).toBe(404);
  expect(askForViews("GET", "constructor", "")[0]).toBe(404);
});

test("without storage, that is said", () => {
  vi.stubGlobal("localStorage", {
    getItem: () => "what somebody else put there",
    setItem: () => {
      throw new Error("quota");
    },
  });
  expect(askForViews("GET", "", "")).toEqual([200, '{"views":[]}']);
  expect(askForViews("PUT", "a", "{}")[0]).toBe(507);
});
