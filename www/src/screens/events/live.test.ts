import { describe, expect, it } from "vitest";
import { LIVE_EVENTS_MAX, NOTHING_YET, receive, type Live } from "./live";

const ids = (...list: number[]) => list.map((id) => ({ id }));
const empty: Live<{ id: number }> = NOTHING_YET;

describe("the live stream", () => {
  it("shows the newest first and counts what was left out", () => {
    let live = receive(empty, ids(7, 8));
    expect(live).toEqual({ events: ids(8, 7), received: 2, missed: 0, next: 9 });
    live = receive(live, ids(12));
    expect(live).toEqual({ events: ids(12, 8, 7), received: 3, missed: 3, next: 13 });
  });

  it("takes no event twice", () => {
    const live = receive(empty, ids(3));
    expect(receive(live, ids(2, 3))).toBe(live);
  });

  it("keeps so many", () => {
    const many = Array.from({ length: LIVE_EVENTS_MAX + 5 }, (_, id) => ({ id }));
    const live = receive(empty, many);
    expect(live.events.length).toBe(LIVE_EVENTS_MAX);
    expect(live.events[0]).toEqual({ id: LIVE_EVENTS_MAX + 4 });
    expect(live.received).toBe(LIVE_EVENTS_MAX + 5);
  });
});
