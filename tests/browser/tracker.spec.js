// The tag in a real browser: what API users see of it, by the package's entry.

import { newEventHub } from "/base/npm/dist/eventhub-tracker.js";
import { Wire } from "./wire.js";

const NAME = "Spec";
const OPTIONS = { url: "https://events.test", flushInterval: 0.02 };

describe("the tracker", () => {
  let wire;

  beforeEach(() => {
    localStorage.clear();
    sessionStorage.clear();
    wire = new Wire().install();
  });

  it("sends what was tracked before it was there, once", async () => {
    const hub = newEventHub(NAME, OPTIONS);
    hub.track("signup", { plan: "free", seats: 3, trial: true, none: null, nested: {} });
    expect(await hub.flush()).toBeTrue();
    expect(wire.requests.length).toBe(1);
    const [{ url, type, events }] = wire.requests;
    expect(url).toBe("https://events.test/api/v1/events");
    expect(type).toBe("text/plain");
    expect(events.length).toBe(1);
    expect(events[0].event_type).toBe("signup");
    expect(events[0].properties).toEqual({ plan: "free", seats: "3", trial: "true" });
    expect(events[0].insert_id).toMatch(/^~[0-9]{8,}\.0$/);
    expect(hub.stats()).toEqual({ queued: 0, sent: 1, dropped: 0, rejected: 0, omitted: 1 });
    hub.track("later");
    expect(await hub.flush()).toBeTrue();
    expect(wire.events[1].insert_id).toBe(events[0].insert_id.replace(/0$/, "1"));
    expect(Object.keys(localStorage).filter((key) => /::[cq]:/.test(key))).toEqual([]);
  });
});
