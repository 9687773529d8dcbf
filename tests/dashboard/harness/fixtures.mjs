// What every test of the dashboard has: a server with the shop's events, one of its own, and an ear for errors.

import { AxeBuilder } from "@axe-core/playwright";
import { test as base, expect } from "@playwright/test";
import { Server } from "../../pages/harness/server.mjs";
import { importShop } from "./shop.mjs";

export const test = base.extend({
  locale: "en-US",
  timezoneId: "Asia/Tokyo",

  /** What Chromium says in the console of requests that a test has refused on purpose. */
  expectedErrors: [null, { option: true }],

  /** Flags of the test's own server. */
  flags: [[], { option: true }],

  /** A server with the shop's events, which no test changes. */
  shop: [
    async ({}, use) => {
      const server = await Server.start([], importShop);
      await use(new Api(server.origin));
      await server.stop();
    },
    { scope: "worker" },
  ],

  /** A server without events. */
  own: async ({ context, flags }, use) => {
    const server = await Server.start(flags);
    await use(new Api(server.origin));
    // Nothing that a page still asks shall find it gone.
    await Promise.all(context.pages().map((page) => page.close()));
    await server.stop();
  },

  /** No exception and no error in the console of any page. */
  silence: [
    async ({ context, expectedErrors }, use) => {
      const heard = [];
      context.on("weberror", (error) => heard.push(`uncaught: ${error.error().stack ?? error.error()}`));
      context.on("console", (message) => {
        if (["error", "warning"].includes(message.type()) && !expectedErrors?.test(message.text())) {
          heard.push(`${message.type()}: ${message.text()}`);
        }
      });
      await use();
      expect(heard).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** A server as its API shows it. */
export class Api {
  constructor(origin) {
    this.origin = origin;
  }

  /** The address of a screen that asks a question and has other parameters. */
  screen(name, question, parameters = {}) {
    const search = new URLSearchParams(parameters);
    if (question !== undefined) {
      search.set("q", JSON.stringify(question));
    }
    return `${this.origin}/${name}${search.size > 0 ? `?${search}` : ""}`;
  }

  async get(path) {
    return this.#json(path, {});
  }

  async post(path, body) {
    return this.#json(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  async patch(path, body) {
    return this.#json(path, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  async #json(path, request) {
    const answer = await fetch(`${this.origin}/api/v1/${path}`, request);
    if (!answer.ok) {
      throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    }
    return answer.json();
  }
}

/** What axe finds that keeps people out: of serious or critical impact. */
export async function barriers(page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} at ${target}: ${failureSummary}`));
}

/** Presses Tab until something has the focus. */
export async function tabTo(page, target) {
  for (let presses = 0; presses < 60; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) {
      return;
    }
    await page.keyboard.press("Tab");
  }
  throw new Error("the key Tab does not lead there");
}

/** A table's texts, row by row. */
export function cells(table) {
  return table.locator("tr").evaluateAll((rows) =>
    rows.map((row) => [...row.querySelectorAll("th, td")].map((cell) => cell.textContent.trim())),
  );
}

const counts = new Intl.NumberFormat("en-US");
const shares = new Intl.NumberFormat("en-US", { style: "percent", maximumFractionDigits: 1 });

/** As the dashboard writes them in the tests' language. */
export const count = (number) => counts.format(number);
export const share = (rate) => (rate === null ? "\u2013" : shares.format(rate));
