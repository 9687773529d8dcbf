import { expect, it } from "vitest";

import { eventOf } from "./stream";

it("messages of the stream are read as events, and nothing else is", () => {
  expect(eventOf('{"id":1,"event_type":"a"}')).toEqual({ id: 1, event_type: "a" });
  expect(["", "{", "1", "null", '{"id":"1"}'].map(eventOf)).toEqual([null, null, null, null, null]);
});
