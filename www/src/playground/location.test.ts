import { afterEach, expect, test, vi } from "vitest";

import { hrefOf, place } from "../state/location";

vi.mock("./mode", () => ({ isPlayground: true }));

afterEach(() => vi.unstubAllGlobals());

test("without a server, the screen is a parameter", () => {
  expect(hrefOf("")).toBe("?");
  expect(hrefOf("", { q: "{}" })).toBe("?q=%7B%7D");
  expect(hrefOf("users", { id: "a&b" })).toBe("?screen=users&id=a%26b");
  const check = (search: string, expected: object) => {
    vi.stubGlobal("window", { location: { pathname: "/pages/index.html", search } });
    expect(place()).toEqual(expected);
  };
  check("", { screen: "", search: "" });
  check("?screen=users&id=a%26b", { screen: "users", search: "?id=a%26b" });
  check("?q=1", { screen: "", search: "?q=1" });
});
