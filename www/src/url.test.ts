import { expect, test } from "vitest";
import { isDay, today } from "./days";
import { emptyFunnel, funnelOfSearch, searchOfFunnel } from "./url";

test("a funnel survives the way through the address", () => {
  const query = {
    steps: ["home", "a & b = c?", "home"],
    first: "2024-02-28",
    last: "2024-03-01",
    days: 14,
  };
  expect(funnelOfSearch(searchOfFunnel(query))).toEqual(query);
});

test("an address without steps asks for nothing", () => {
  expect(funnelOfSearch("")).toBeNull();
  expect(funnelOfSearch("?step=&from=2024-01-01")).toBeNull();
});

test("what makes no sense in an address is as if it were left out", () => {
  const empty = emptyFunnel();
  const expected = { ...empty, steps: ["home"] };
  expect(funnelOfSearch("?step=home&from=2024-13-45&to=yesterday&days=-1")).toEqual(expected);
  expect(funnelOfSearch("?step=home&days=1.5")).toEqual(expected);
});

test("the empty form covers the last thirty days", () => {
  const empty = emptyFunnel();
  expect(empty.last).toBe(today());
  expect(isDay(empty.first)).toBe(true);
  expect(Date.parse(empty.last) - Date.parse(empty.first)).toBe(29 * 86_400_000);
});
