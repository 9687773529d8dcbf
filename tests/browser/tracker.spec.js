// The tag in a real browser, by the package's entry: identity, batches, faults, storage.

import { newEventHub } from "/base/npm/dist/eventhub-tracker.js";
import { Wire, until } from "./wire.js";

// Hubs of one name are pages of one site, and those of earlier specs live on.
let NAME;
let OPTIONS;
let specs = 0;

const types = (events) => events.map((event) => event.event_type);
const stored = () => Object.keys(localStorage).filter((key) => key.startsWith(NAME) && /::[cq]:/.test(key));

describe("the tracker", () => {
  let wire;

  /** A hub of a new page, when the tag is there. */
  async function open(options = {}) {
    const hub = newEventHub(NAME, { ...OPTIONS, ...options });
    await hub.flush();
    return hub;
  }

  beforeEach(() => {
    NAME = `Spec${specs++}-`;
    OPTIONS = { url: `https://spec${specs}.test`, flushInterval: 0.02 };
    localStorage.clear();
    sessionStorage.clear();
    wire = new Wire().install(OPTIONS.url);
  });

  it("sends what was tracked before it was there, once", async () => {
    const hub = newEventHub(NAME, OPTIONS);
    hub.track("signup", { plan: "free", seats: 3, trial: true, none: null, nested: {}, nan: NaN });
    expect(await hub.flush()).toBeTrue();
    expect(wire.requests.length).toBe(1);
    const [{ url, type, sentMs, events }] = wire.requests;
    expect(url).toBe(OPTIONS.url + "/api/v1/events");
    expect(type).toBe("text/plain");
    expect(Math.abs(sentMs - Date.now())).toBeLessThan(5000);
    expect(types(events)).toEqual(["signup"]);
    expect(Math.abs(events[0].timestamp - Date.now())).toBeLessThan(5000);
    expect(events[0].properties).toEqual({ plan: "free", seats: "3", trial: "true" });
    expect(events[0].insert_id).toMatch(/^~[0-9]{8,}\.0$/);
    expect(hub.stats()).toEqual({ queued: 0, sent: 1, dropped: 0, rejected: 0, omitted: 1 });
    hub.track("later");
    expect(await hub.flush()).toBeTrue();
    expect(wire.events[1].insert_id).toBe(events[0].insert_id.replace(/0$/, "1"));
    expect(stored()).toEqual([]);
  });

  it("sends what is tracked by a method that was put aside before it was there", async () => {
    const hub = newEventHub(NAME, OPTIONS);
    const { track } = hub;
    track("before");
    await hub.flush();
    track("after");
    await hub.flush();
    expect(types(wire.events)).toEqual(["before", "after"]);
    expect(stored()).toEqual([]);
  });

  it("keeps an event of which a property cannot be read, and counts the property", async () => {
    const fail = () => {
      throw new Error("not for you");
    };
    const properties = () => ({
      a: 1,
      get getter() {
        return fail();
      },
      json: { toJSON: fail },
      bigint: { n: 1n },
      b: 2,
    });
    const said = spyOn(console, "debug");
    const hub = newEventHub(NAME, { ...OPTIONS, debug: true });
    const call = () => {
      hub.track("unreadable", properties());
      hub.page(properties());
      hub.register(properties());
      hub.identify("ada", properties());
      hub.track("keyless", new Proxy({}, { ownKeys: fail }));
      hub.invalidateIdentifiedUser();
    };
    call();
    await hub.flush();
    expect(said).toHaveBeenCalledWith("EventHub: left out: the property getter");
    const early = hub.stats();
    call();
    await hub.flush();
    const expected = ["unreadable", "page_view", "keyless"];
    expect(types(wire.events)).toEqual([...expected, ...expected]);
    for (const { event_type, properties } of wire.events) {
      expect(properties).withContext(event_type).toEqual(jasmine.objectContaining({ a: "1", b: "2" }));
      expect(Object.keys(properties)).not.toContain("getter");
    }
    expect(early).toEqual(jasmine.objectContaining({ dropped: 0, rejected: 0, omitted: 12 }));
    expect(hub.stats().omitted).toBe(25);
  });

  it("knows its server by its options", async () => {
    const hub = await open({ url: OPTIONS.url + "/", ingestPath: "/e", key: "a&b" });
    hub.track("x");
    await hub.flush();
    expect(wire.requests[0].url).toBe(OPTIONS.url + "/e?write_key=a%26b");
  });

  it("waits for the interval, and then sends consecutive events as one batch", async () => {
    const hub = await open({ flushInterval: 5 });
    jasmine.clock().install();
    try {
      hub.track("a");
      hub.track("b");
      jasmine.clock().tick(4999);
      await until.rest();
      expect(wire.requests.length).toBe(0);
      jasmine.clock().tick(1);
      await until(() => wire.requests.length == 1);
      expect(types(wire.events)).toEqual(["a", "b"]);
    } finally {
      jasmine.clock().uninstall();
    }
  });

  it("does not wait with a batch's worth", async () => {
    const hub = await open({ flushInterval: 1000, batchSize: 3 });
    for (const type of ["a", "b", "c"]) hub.track(type);
    await until(() => wire.requests.length == 1);
    expect(types(wire.events)).toEqual(["a", "b", "c"]);
  });

  it("stamps an event with the user and the properties of the moment", async () => {
    const hub = await open();
    hub.register({ experiment: "signup", variant: "A" });
    hub.track("view", { variant: "own" });
    hub.alias("ada");
    hub.identify("ada", { plan: "free" });
    hub.track("signup");
    hub.identify("bob");
    hub.track("other");
    hub.invalidateIdentifiedUser();
    hub.track("generated");
    hub.invalidateGeneratedUser();
    hub.track("new");
    await hub.flush();
    const [view, signup, other, generated, anew] = wire.events;
    const visitor = view.external_user_id;
    expect(view.properties).toEqual({ experiment: "signup", variant: "own" });
    expect(signup).toEqual(jasmine.objectContaining({ external_user_id: "ada", properties: { plan: "free" } }));
    expect(other).toEqual(jasmine.objectContaining({ external_user_id: "bob", properties: {} }));
    expect(generated.external_user_id).toBe(visitor);
    expect(generated.properties).toEqual({ experiment: "signup", variant: "A" });
    expect(anew.external_user_id).not.toBe(visitor);
    expect(anew.properties).toEqual({});
    expect(wire.requests[1].alias).toEqual({ from: "ada", to: visitor });
    expect(wire.requests[2].user).toEqual({ id: "ada", properties: { plan: "free" } });
  });

  it("waits for an alias before it sends what follows", async () => {
    const hub = await open();
    let acknowledge;
    wire.answer = ({ alias }) => (alias ? new Promise((done) => (acknowledge = done)) : 200);
    hub.track("before");
    hub.alias("ada");
    hub.track("after");
    const flushed = hub.flush();
    await until(() => acknowledge);
    await until.rest();
    expect(types(wire.events)).toEqual(["before"]);
    acknowledge(200);
    expect(await flushed).toBeTrue();
    expect(types(wire.events)).toEqual(["before", "after"]);
  });

  it("goes on with the tab's visitor on the next page, and forgets who signed in", async () => {
    const first = await open();
    first.register({ seen: "yes" });
    first.identify("ada");
    first.track("first");
    await first.flush();
    const next = await open();
    next.track("next");
    await next.flush();
    expect(wire.events[0].external_user_id).toBe("ada");
    const visitor = wire.events[1].external_user_id;
    expect(JSON.parse(localStorage[NAME + "::generatedId"])).toBe(visitor);
    expect(wire.events[1].properties).toEqual({ seen: "yes" });
    sessionStorage.clear();
    const tab = await open();
    tab.track("tab");
    await tab.flush();
    expect([visitor, "ada"]).not.toContain(wire.events[2].external_user_id);
  });

  it("recognises a returning visitor by persistence: device, until reset", async () => {
    const options = { persistence: "device" };
    const first = await open(options);
    first.track("first");
    first.identify("ada", { plan: "free" });
    await first.flush();
    sessionStorage.clear();
    const next = await open(options);
    next.track("next");
    next.reset();
    next.track("reset");
    await next.flush();
    const [before, after, reset] = wire.events;
    expect(after).toEqual(jasmine.objectContaining({ external_user_id: "ada", properties: { plan: "free" } }));
    expect([before.external_user_id, "ada"]).not.toContain(reset.external_user_id);
  });

  it("takes over what the older tag left", async () => {
    sessionStorage[NAME + "::activeSession"] = "true";
    localStorage[NAME + "::generatedId"] = '"old-visitor"';
    localStorage[NAME + "::generatedUser"] = '{"id":"old-visitor","properties":{"variant":"B"}}';
    localStorage[NAME + "::Queue"] = JSON.stringify([
      { type: "invalidateIdentifiedUser" },
      { type: "track", params: { eventType: "old", properties: { page: "home" } } },
      { type: "alias", params: { id: "ada" } },
      { type: "identify", params: { id: "ada", properties: { age: 30 } } },
      { type: "track", params: { eventType: "signed", properties: {} } },
    ]);
    const hub = await open();
    await hub.flush();
    expect(wire.events[0].external_user_id).toBe("old-visitor");
    expect(wire.events[0].properties).toEqual({ variant: "B", page: "home" });
    expect(wire.events[1]).toEqual(
      jasmine.objectContaining({ event_type: "signed", external_user_id: "ada", properties: { age: "30" } }),
    );
    expect(wire.requests[1].alias).toEqual({ from: "ada", to: "old-visitor" });
    expect(localStorage[NAME + "::Queue"]).toBeUndefined();
  });

  it("keeps what was not delivered, and the next page delivers it as it was", async () => {
    wire.answer = () => 0;
    const hub = await open({ flushInterval: 1000 });
    hub.track("kept", { text: "a\u0000b \u{1F600}" });
    expect(await hub.flush()).toBeFalse();
    expect(stored().length).toBe(1);
    expect(hub.stats().queued).toBe(1);
    wire.answer = () => 200;
    await open();
    expect(wire.events.length).toBe(2);
    expect(wire.events[1]).toEqual(wire.events[0]);
    expect(wire.events[1].properties.text).toBe("a\ufffdb \u{1F600}");
    expect(stored()).toEqual([]);
    // The first page finds that another delivered it.
    expect(await hub.flush()).toBeTrue();
    expect(wire.events.length).toBe(2);
  });

  it("sends again after what the server asks for", async () => {
    const hub = await open();
    wire.headers = { "Retry-After": "1" };
    wire.answer = (request, index) => (index == 0 ? 503 : 200);
    hub.track("x");
    const began = Date.now();
    await until(() => wire.requests.length == 2);
    expect(Date.now() - began).toBeGreaterThan(950);
    expect(wire.events[1]).toEqual(wire.events[0]);
  });

  it("drops of a refused batch only the event at fault", async () => {
    const hub = await open();
    wire.answer = ({ events }) => (types(events).includes("bad") ? 400 : 200);
    for (const type of ["a", "b", "bad", "c"]) hub.track(type);
    expect(await hub.flush()).toBeTrue();
    expect(hub.stats()).toEqual(jasmine.objectContaining({ sent: 3, rejected: 1, queued: 0 }));
  });

  it("drops the oldest of what is too many", async () => {
    wire.answer = () => 0;
    const hub = await open({ maxQueueEvents: 2, flushInterval: 1000 });
    for (const type of ["a", "b", "c"]) hub.track(type);
    expect(hub.stats().dropped).toBe(1);
    wire.answer = () => 200;
    await hub.flush();
    expect(types(wire.events)).toEqual(["b", "c"]);
  });

  it("does without storage that is full or forbidden", async () => {
    spyOn(Storage.prototype, "setItem").and.throwError("QuotaExceededError");
    const full = await open();
    full.track("full");
    expect(await full.flush()).toBeTrue();
    for (const storage of ["localStorage", "sessionStorage"]) {
      spyOnProperty(window, storage).and.throwError("SecurityError");
    }
    const hub = newEventHub(NAME, OPTIONS);
    hub.track("early");
    await hub.flush();
    hub.track("forbidden");
    expect(await hub.flush()).toBeTrue();
    expect(types(wire.events)).toEqual(["full", "early", "forbidden"]);
  });

  it("does without locks", async () => {
    spyOnProperty(navigator, "locks").and.returnValue(undefined);
    const hub = await open();
    hub.track("x");
    expect(await hub.flush()).toBeTrue();
    expect(wire.events.length).toBe(1);
  });

  it("sends what waits when the page may end, so that the request outlives it", async () => {
    const hub = await open({ flushInterval: 1000 });
    hub.track("last");
    dispatchEvent(new Event("pagehide"));
    expect(wire.requests.length).toBe(1);
    expect(wire.requests[0].keepalive).toBeTrue();
    await until(() => hub.stats().queued == 0);
  });

  it("sends at once when the network is back", async () => {
    const hub = await open({ flushInterval: 1000 });
    hub.track("x");
    dispatchEvent(new Event("online"));
    await until(() => wire.events.length == 1);
  });

  it("tracks nothing more of who opts out, until they opt in", async () => {
    const hub = await open({ flushInterval: 1000 });
    hub.track("dropped");
    hub.optOut();
    hub.track("out");
    await hub.flush();
    expect(wire.requests.length).toBe(0);
    expect(hub.stats().dropped).toBe(1);
    const left = Object.keys(localStorage).filter((key) => key.startsWith(NAME + "::"));
    expect(left).toEqual([NAME + "::optOut"]);
    const next = await open();
    next.track("still out");
    await next.flush();
    next.optIn();
    next.track("in");
    await next.flush();
    expect(types(wire.events)).toEqual(["in"]);
  });

  it("respects Do Not Track and Global Privacy Control unless told otherwise", async () => {
    for (const [signal, value] of [["doNotTrack", "1"], ["globalPrivacyControl", true]]) {
      Object.defineProperty(navigator, signal, { value, configurable: true });
      try {
        const hub = await open();
        hub.track("no");
        await hub.flush();
        expect(wire.requests.length).withContext(signal).toBe(0);
        const told = await open({ respectDoNotTrack: false });
        told.track("yes");
        await told.flush();
        expect(types(wire.events)).withContext(signal).toEqual(["yes"]);
        wire.requests = [];
      } finally {
        delete navigator[signal];
      }
    }
  });

  it("tracks page views, by itself only when asked to", async () => {
    const before = location.pathname;
    const { pushState, replaceState } = history;
    try {
      const hub = await open({ autoPageViews: true, flushInterval: 1000 });
      await until(() => hub.stats().queued + hub.stats().sent == 1);
      history.pushState({}, "", "/spec-page?secret");
      history.pushState({}, "", "/spec-page#there");
      history.replaceState({}, "", "/spec-page#elsewhere");
      history.replaceState({}, "", "/redirected");
      hub.page({ section: "x" });
      await hub.flush();
      expect(types(wire.events)).toEqual(["page_view", "page_view", "page_view", "page_view"]);
      expect(wire.events.map((event) => event.properties.path)).toEqual([
        before,
        "/spec-page",
        "/redirected",
        "/redirected",
      ]);
      expect(wire.events[3].properties.section).toBe("x");
      expect(wire.events[0].properties.host).toBe(location.host);
    } finally {
      Object.assign(history, { pushState, replaceState });
      history.replaceState({}, "", before);
    }
  });

  it("throws nothing at the page", async () => {
    const cyclic = {};
    cyclic.self = cyclic;
    const throwing = { get x() { throw new Error("x"); } };
    const abuse = (hub) => {
      for (const odd of [undefined, null, 7, "", "x".repeat(300), [], {}, cyclic, throwing, Symbol("s"), 1n, () => {}]) {
        for (const method of ["track", "alias", "identify", "register", "page"]) {
          hub[method](odd, odd);
          hub[method]("name", odd);
        }
      }
    };
    const early = newEventHub(NAME, OPTIONS);
    abuse(early);
    await early.flush();
    abuse(early);
    abuse(newEventHub(NAME, { ...OPTIONS, batchSize: -1, flushInterval: "x", maxQueueEvents: NaN }));
    expect(await early.flush()).toBeTrue();
  });

  it("takes no exception of odd options or names for an answer", async () => {
    expect(() => newEventHub(NAME, null)).not.toThrow();
    const hub = newEventHub(NAME, { ...OPTIONS, url: new URL(OPTIONS.url), key: "\ud800" });
    hub.track("x");
    await hub.flush();
    expect(wire.requests.map(({ url }) => url)).toEqual([OPTIONS.url + "/api/v1/events?write_key=%EF%BF%BD"]);
  });

  it("keeps an event of which a property cannot be kept, also before it is there", async () => {
    const cyclic = {};
    cyclic.self = cyclic;
    const hub = newEventHub(NAME, OPTIONS);
    const track = () => hub.track("x", { cyclic, big: 1n, nested: {}, list: [1], none: null, "": "no key", kept: "k" });
    track();
    await hub.flush();
    track();
    await hub.flush();
    expect(wire.events.map((event) => event.properties)).toEqual([{ kept: "k" }, { kept: "k" }]);
    expect(hub.stats().omitted).toBe(10);
  });

  it("takes for an id or a type only what is a text, a number or a boolean", async () => {
    const hub = newEventHub(NAME, OPTIONS);
    const odd = (value) => {
      hub.track(value);
      hub.alias(value);
      hub.identify(value);
    };
    const values = [undefined, null, {}, [], () => {}, NaN];
    values.forEach(odd);
    await hub.flush();
    [...values, Symbol("s"), 1n].forEach(odd);
    hub.track("x");
    hub.identify(7);
    hub.track("y");
    await hub.flush();
    expect(wire.requests.length).toBe(1);
    expect(types(wire.events)).toEqual(["x", "y"]);
    expect(wire.events[1].external_user_id).toBe("7");
  });

  it("takes calls that the page makes while it is at work", async () => {
    const hub = await open({ flushInterval: 1000 });
    const send = window.fetch;
    window.fetch = (...request) => {
      if (!wire.requests.length) hub.track("inner");
      return send(...request);
    };
    try {
      hub.track("outer");
      await hub.flush();
      await hub.flush();
      expect(types(wire.events)).toEqual(["outer", "inner"]);
    } finally {
      window.fetch = send;
    }
  });

  it("takes over the older tag's queue as that of the visitor and user whom it left", async () => {
    const put = (key, value) => (localStorage[NAME + "::" + key] = JSON.stringify(value));
    const track = (eventType) => ({ type: "track", params: { eventType, properties: {} } });
    put("generatedId", "old-visitor");
    put("generatedUser", { id: "old-visitor", properties: { variant: "B" } });
    put("identifiedUser", { id: "ada", properties: { plan: "free" } });
    const out = { type: "invalidateIdentifiedUser" };
    put("Queue", [track("bought"), null, out, track("seen"), { type: "invalidateGeneratedUser" }, track("anew")]);
    const hub = await open();
    hub.track("mine");
    await hub.flush();
    const [bought, seen, anew, mine] = wire.events;
    expect([bought.external_user_id, bought.properties]).toEqual(["ada", { plan: "free" }]);
    expect([seen.external_user_id, seen.properties]).toEqual(["old-visitor", { variant: "B" }]);
    for (const event of [anew, mine]) expect(["ada", "old-visitor"]).not.toContain(event.external_user_id);
    expect(anew.external_user_id).not.toBe(mine.external_user_id);
  });

  it("delivers ten thousand events, and a call is short", async () => {
    const hub = await open();
    const times = [];
    // The clock is coarse: calls are timed by twenty.
    for (let at = 0; at < 10_000; ) {
      const began = performance.now();
      for (let call = 0; call < 20; call++) hub.track("many", { at: at++, path: "/a/page", title: "A title" });
      times.push((performance.now() - began) / 20);
    }
    expect(await hub.flush()).toBeTrue();
    expect(new Set(wire.events.map((event) => event.properties.at)).size).toBe(10_000);
    expect(wire.events.length).toBe(10_000);
    const median = times.sort((a, b) => a - b)[times.length / 2];
    expect(median).toBeLessThan(0.1);
    console.log(`track(): median ${median.toFixed(3)} ms`);
  });
});
