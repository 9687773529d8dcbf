import { afterEach, expect, test, vi } from "vitest";
import { ApiError, eventTypes, funnel, funnelParameters } from "./api";

const query = { steps: ["home", "a&b"], first: "2024-02-01", last: "2024-02-29", days: 7 };
const signal = new AbortController().signal;

afterEach(() => vi.unstubAllGlobals());

function serve(answer: () => Promise<Response>) {
  const fetch = vi.fn(answer);
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

test("a funnel goes out in the server's words, with an exclusive end", () => {
  expect([...funnelParameters(query)]).toEqual([
    ["start_date", "20240201"],
    ["end_date", "20240301"],
    ["funnel_steps[]", "home"],
    ["funnel_steps[]", "a&b"],
    ["num_days_to_complete_funnel", "7"],
  ]);
});

test("addresses are relative to the page", async () => {
  const fetch = serve(async () => Response.json(["home"]));
  expect(await eventTypes(signal)).toEqual(["home"]);
  expect(fetch).toHaveBeenCalledWith("events/types?", { signal });
});

test("a refusal is shown in the server's words", async () => {
  const error = { code: "invalid_date", message: "start_date: 2013-13-45 is not a date" };
  serve(async () => Response.json({ error }, { status: 400 }));
  await expect(funnel(query, signal)).rejects.toEqual(new ApiError(error.message));
});

test("an answer that is not the server's own, and none, are told apart", async () => {
  serve(async () => new Response("<html>", { status: 502, statusText: "Bad Gateway" }));
  await expect(funnel(query, signal)).rejects.toThrow("The server answered 502 Bad Gateway");
  serve(() => Promise.reject(new TypeError("Failed to fetch")));
  await expect(funnel(query, signal)).rejects.toThrow("Is it running?");
});
