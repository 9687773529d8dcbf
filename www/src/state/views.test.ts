import { expect, test } from "vitest";

import { faultOfName, hrefOfView, viewOf } from "./views";

test("a view leads to where it was saved", () => {
  const view = viewOf({ screen: "funnel", search: "?q=%7B%22a%22%3A1%7D&who=dropped.1&shown=percent" });
  expect(view).toEqual({ screen: "funnel", parameters: { q: '{"a":1}', shown: "percent" } });
  expect(hrefOfView(view)).toBe("./funnel?q=%7B%22a%22%3A1%7D&shown=percent");
});

test("what is no view leads nowhere", () => {
  for (const none of [
    null,
    1,
    {},
    { screen: "funnel" },
    { screen: "//x.example", parameters: {} },
    { screen: "a/../b", parameters: {} },
  ]) {
    expect(hrefOfView(none)).toBeNull();
  }
  expect(hrefOfView({ screen: "funnel", parameters: { q: 1 } })).toBe("./funnel");
});

test("names that the server would not take are said so", () => {
  expect(faultOfName("weekly funnel / Paris")).toBeNull();
  for (const name of ["", " ", ".", "..", "\u00e9".repeat(128)]) {
    expect(faultOfName(name)).not.toBeNull();
  }
});
