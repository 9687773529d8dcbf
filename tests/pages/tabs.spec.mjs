// Several tabs of one site share a storage, and nothing else.

import { test, expect } from "./harness/fixtures.mjs";
import { late, lostAnswer, lostOnTheWay } from "./harness/network.mjs";
import { expectEachOnce, expectInOrder, tagged, track, untilDelivered, usersOf } from "./harness/pages.mjs";

test.beforeEach(({ site, network }) => site.add("/", tagged(`${network.origin}/eventhub.js`)));

/** Events whose mark begins like this. */
const of = (events, mark) => events.filter((event) => event.properties.n.startsWith(`${mark}-`));

async function twoTabs(context, url) {
  const tabs = [await context.newPage(), await context.newPage()];
  await Promise.all(tabs.map((tab) => tab.goto(url)));
  return tabs;
}

test.describe("one tab signed in, one not", () => {
  test.use({ requestsFail: true });

  test("keep their identities apart, also in a shared queue", async ({ context, site, server, network }) => {
    network.breakBy(lostOnTheWay);
    const [member, guest] = await twoTabs(context, site.origin);
    await member.evaluate(() => hub.identify("ada", { plan: "paid" }));
    const marks = [];
    for (let turn = 0; turn < 5; turn += 1) {
      marks.push(...(await track(member, `member${turn}`, 4)), ...(await track(guest, `guest${turn}`, 4)));
    }
    network.mend();
    await Promise.all([member, guest].map(untilDelivered));
    const events = await expectEachOnce({ server, network }, marks);
    expectInOrder(events);
    const [members, guests] = ["member", "guest"].map((who) =>
      events.filter((event) => event.properties.n.startsWith(who)),
    );
    expect(usersOf(members)).toEqual(["ada"]);
    expect(members.every((event) => event.properties.plan === "paid")).toBe(true);
    expect(usersOf(guests)).toHaveLength(1);
    expect(usersOf(guests)).not.toContain("ada");
    expect(guests.every((event) => !("plan" in event.properties))).toBe(true);
  });

  test("what the member's closed tab left is delivered by the guest's as the member's", async ({
    context,
    site,
    server,
    network,
  }) => {
    network.breakBy(lostOnTheWay);
    const [member, guest] = await twoTabs(context, site.origin);
    await member.evaluate(() => hub.identify("ada"));
    const marks = await track(member, "member", 10);
    marks.push(...(await track(guest, "guest", 10)));
    await member.close();
    network.mend();
    await guest.reload();
    await untilDelivered(guest);
    const events = await expectEachOnce({ server, network }, marks);
    expect(usersOf(of(events, "member"))).toEqual(["ada"]);
    expect(usersOf(of(events, "guest"))).not.toContain("ada");
  });
});

for (const origin of ["origin", "plainOrigin"]) {
  const locks = origin === "origin" ? "with Web Locks" : "without Web Locks";

  test(`four tabs at the same time, ${locks}`, async ({ context, site, server, network }) => {
    network.breakBy(late(50));
    const tabs = [...(await twoTabs(context, site[origin])), ...(await twoTabs(context, site[origin]))];
    expect(await tabs[0].evaluate(() => "locks" in navigator)).toBe(origin === "origin");
    const marks = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const tracked = tabs.map((tab, index) => track(tab, `tab${index}turn${turn}`, 60));
      marks.push(...(await Promise.all(tracked)).flat());
    }
    await Promise.all(tabs.map(untilDelivered));
    expectInOrder(await expectEachOnce({ server, network }, marks));
  });
}

test.describe("tabs that come and go", () => {
  test.use({ requestsFail: true });

  test("while answers are lost", async ({ context, site, server, network }) => {
    const random = [lostAnswer, late(100), late(20), lostAnswer, late(200)];
    network.breakBy((exchange) => random[network.posts.length % random.length](exchange));
    const marks = [];
    const stays = await context.newPage();
    await stays.goto(site.origin);
    for (let turn = 0; turn < 4; turn += 1) {
      const goes = await context.newPage();
      await goes.goto(site.origin);
      marks.push(...(await track(goes, `goes${turn}`, 15)), ...(await track(stays, `stays${turn}`, 15)));
      await goes.close();
    }
    network.mend();
    await untilDelivered(stays);
    const last = await context.newPage();
    await last.goto(site.origin);
    await untilDelivered(last);
    expectInOrder(await expectEachOnce({ server, network }, marks));
  });
});

test("a duplicated tab repeats nothing and loses nothing", async ({ context, page, site, server, network }) => {
  await page.goto(site.origin);
  const marks = await track(page, "original", 10);
  // A window opened by a page starts with a copy of its session storage, as a duplicated tab does.
  const [copy] = await Promise.all([context.waitForEvent("page"), page.evaluate(() => void window.open("/"))]);
  await copy.waitForFunction(() => window.hub !== undefined);
  marks.push(...(await track(copy, "copy", 10)), ...(await track(page, "again", 10)));
  await Promise.all([page, copy].map(untilDelivered));
  const events = await expectEachOnce({ server, network }, marks);
  expect(usersOf(events)).toHaveLength(1);
});

test("a new tab is a new visitor; a reload is not", async ({ context, site, server, network }) => {
  const [first, second] = await twoTabs(context, site.origin);
  const marks = await track(first, "first", 2);
  await first.reload();
  marks.push(...(await track(first, "reloaded", 2)), ...(await track(second, "second", 2)));
  await Promise.all([first, second].map(untilDelivered));
  const events = await expectEachOnce({ server, network }, marks);
  expect(usersOf(of(events, "reloaded"))).toEqual(usersOf(of(events, "first")));
  expect(usersOf(of(events, "second"))).not.toEqual(usersOf(of(events, "first")));
});

test("a page forgets who signed in until it is told again", async ({ page, site, server, network }) => {
  await page.goto(site.origin);
  await page.evaluate(() => hub.identify("ada"));
  const marks = await track(page, "member", 2);
  await page.reload();
  marks.push(...(await track(page, "guest", 2)));
  await page.evaluate(() => hub.identify("ada"));
  marks.push(...(await track(page, "again", 2)));
  await untilDelivered(page);
  const events = await expectEachOnce({ server, network }, marks);
  expect(usersOf(of(events, "guest"))).not.toEqual(["ada"]);
  expect(usersOf([...of(events, "member"), ...of(events, "again")])).toEqual(["ada"]);
});

test("a returning visitor is recognised where the option says so", async ({ context, site, server, network }) => {
  site.add("/", tagged(`${network.origin}/eventhub.js`, { persistence: "device" }));
  const marks = [];
  const visit = async (mark, before = () => {}) => {
    const tab = await context.newPage();
    await tab.goto(site.origin);
    await tab.evaluate(before);
    marks.push(...(await track(tab, mark, 2)));
    await untilDelivered(tab);
    await tab.close();
  };
  await visit("first");
  await visit("second");
  await visit("signin", () => hub.identify("ada"));
  await visit("member");
  await visit("reset", () => hub.reset());
  const events = await expectEachOnce({ server, network }, marks);
  const users = Object.fromEntries(["first", "second", "signin", "member", "reset"].map((mark) => [mark, usersOf(of(events, mark))]));
  expect(users.second).toEqual(users.first);
  expect(users.signin).toEqual(["ada"]);
  expect(users.member).toEqual(["ada"]);
  expect(users.reset).not.toEqual(users.first);
  expect(users.reset).not.toEqual(["ada"]);
});
