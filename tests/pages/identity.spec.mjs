// The recipes of the README, each up to the funnel that a site asks for in the end.

import { test, expect } from "./harness/fixtures.mjs";
import { lostOnTheWay } from "./harness/network.mjs";
import { tagged, untilDelivered } from "./harness/pages.mjs";

test.beforeEach(({ site, network }) => site.add("/", tagged(`${network.origin}/eventhub.js`)));

/** How many persons reached each step. */
const counts = async (server, steps, more) =>
  (await server.funnel(steps.map((event) => ({ event })), more)).steps.map((step) => step.count);

/** A visit on a device: pages of one tab, each a function that runs in it. */
async function visit(device, site, pages) {
  const tab = await device.newPage();
  for (const [act, value] of pages) {
    await tab.goto(site.origin);
    await tab.evaluate(act, value);
  }
  await untilDelivered(tab);
  await tab.close();
}

const look = [() => hub.track("landing")];
const signUp = (user) => [
  (user) => {
    hub.alias(user);
    hub.identify(user, { plan: "free" });
    hub.track("signup");
  },
  user,
];
const buy = (user) => [
  (user) => {
    hub.identify(user);
    hub.track("purchase");
  },
  user,
];

test("before and after sign-up", async ({ newDevice, site, server }) => {
  await visit(await newDevice(), site, [look]);
  await visit(await newDevice(), site, [look, look, signUp("ada")]);
  await visit(await newDevice(), site, [look, signUp("bob"), buy("bob")]);
  expect(await counts(server, ["landing", "signup", "purchase"])).toEqual([3, 2, 1]);
  expect((await server.person("bob")).ids).toHaveLength(2);
});

test("user properties of identify can be asked for", async ({ newDevice, site, server }) => {
  await visit(await newDevice(), site, [look, signUp("ada"), buy("ada")]);
  await visit(await newDevice(), site, [look, signUp("bob"), [() => hub.identify("bob", { plan: "paid", seats: 3 })], buy("bob")]);
  const who = (plan) => ({ user_filters: [{ property: "plan", op: "is", values: [plan] }] });
  expect(await counts(server, ["landing", "purchase"], who("free"))).toEqual([1, 1]);
  expect(await counts(server, ["landing", "purchase"], who("paid"))).toEqual([1, 1]);
  expect((await server.person("bob")).properties).toEqual({ plan: "paid", seats: "3" });
});

test("an experiment on visitors: its variant goes with every event", async ({ newDevice, site, server }) => {
  const shown = (variant) => [
    (variant) => {
      hub.register({ button: variant });
      hub.track("landing");
    },
    variant,
  ];
  // Registered once, on the first page of a session; later pages of it know.
  for (const [variant, more] of [
    ["control", []],
    ["control", []],
    ["control", [signUp("ada")]],
    ["green", []],
    ["green", [signUp("bob")]],
    ["green", [look, signUp("eve"), buy("eve")]],
  ]) {
    await visit(await newDevice(), site, [shown(variant), ...more]);
  }
  const steps = ["landing", "signup"].map((event) => ({ event }));
  const question = { breakdown: { property: "button" }, experiment: { control: "control" } };
  const answer = await server.funnel(steps, question);
  const groups = Object.fromEntries(answer.groups.map(({ value, steps }) => [value, steps.map((step) => step.count)]));
  expect(groups).toEqual({ control: [3, 1], green: [3, 2] });
  // The visitor's events have it, those of who signed in have not.
  const of = async (type) => (await server.events()).filter((event) => event.event_type === type);
  expect((await of("landing")).every((event) => "button" in event.properties)).toBe(true);
  expect((await of("signup")).every((event) => !("button" in event.properties))).toBe(true);
});

test("an experiment on members: its variant goes with identify", async ({ newDevice, site, server }) => {
  for (const [user, variant] of [["ada", "control"], ["bob", "green"]]) {
    await visit(await newDevice(), site, [
      [
        ([user, variant]) => {
          hub.identify(user, { checkout: variant });
          hub.track("cart");
          hub.track("purchase", { checkout: "own" });
        },
        [user, variant],
      ],
    ]);
  }
  const events = await server.events();
  expect(events.map(({ event_type, properties }) => [event_type, properties.checkout])).toEqual([
    ["cart", "control"],
    ["purchase", "own"],
    ["cart", "green"],
    ["purchase", "own"],
  ]);
});

test("a second device", async ({ newDevice, site, server }) => {
  await visit(await newDevice(), site, [look, signUp("ada")]);
  // On the other device she looks around before she signs in.
  const signIn = [
    () => {
      hub.alias("ada");
      hub.identify("ada");
      hub.track("signin");
    },
  ];
  await visit(await newDevice(), site, [look, signIn, buy("ada")]);
  expect(await counts(server, ["landing", "signup", "purchase"])).toEqual([1, 1, 1]);
  expect(await counts(server, ["landing", "signin"])).toEqual([1, 1]);
  expect((await server.person("ada")).ids).toHaveLength(3);
});

test("a log-out: who comes next is somebody else", async ({ newDevice, site, server }) => {
  const logOut = [
    () => {
      hub.track("logout");
      hub.reset();
      hub.track("landing");
    },
  ];
  await visit(await newDevice(), site, [look, signUp("ada"), logOut, look, signUp("bob")]);
  expect(await counts(server, ["landing", "signup"])).toEqual([2, 2]);
  const [ada, bob] = [await server.person("ada"), await server.person("bob")];
  expect(ada.ids.filter((id) => bob.ids.includes(id))).toEqual([]);
  expect([ada.ids, bob.ids].map((ids) => ids.length)).toEqual([2, 2]);
});

/** Runs in a page before its scripts: its clock goes wrong by so many ms. */
const skewed = (skew) => {
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...args) {
      super(...(args.length === 0 ? [Real.now() + skew] : args));
    }
    static now() {
      return Real.now() + skew;
    }
  };
};

for (const days of [-1, 1, 400]) {
  test(`a clock that is wrong by ${days} days`, async ({ page, site, server }) => {
    await page.addInitScript(skewed, days * 86_400_000);
    await page.goto(site.origin);
    const before = Date.now();
    await page.evaluate(() => hub.track("first"));
    await page.waitForTimeout(400);
    await page.evaluate(() => hub.track("second"));
    await untilDelivered(page);
    const after = Date.now();
    const [first, second] = await server.events();
    for (const event of [first, second]) {
      expect(event.timestamp).toBeGreaterThanOrEqual(before - 2_000);
      expect(event.timestamp).toBeLessThanOrEqual(after + 2_000);
    }
    expect(second.timestamp - first.timestamp).toBeGreaterThan(0);
    expect(await counts(server, ["first", "second"])).toEqual([1, 1]);
  });
}

test.describe("an event that waits", () => {
  test.use({ requestsFail: true });

  test("keeps its time", async ({ context, site, server, network }) => {
    const hour = 3_600_000;
    network.breakBy(lostOnTheWay);
    const early = await context.newPage();
    await early.addInitScript(skewed, -hour);
    await early.goto(site.origin);
    const tracked = Date.now() - hour;
    await early.evaluate(() => hub.track("waits"));
    await expect.poll(() => network.posts.length).toBeGreaterThan(0);
    await early.close();
    // What it sends as it goes would arrive with its wrong clock, which the server sets right.
    await network.quiet(1_000);
    network.mend();
    // An hour later, as far as anybody knows.
    const later = await context.newPage();
    await later.goto(site.origin);
    await expect.poll(async () => (await server.events()).length).toBe(1);
    const [event] = await server.events();
    expect(Math.abs(event.timestamp - tracked)).toBeLessThan(5_000);
  });
});
