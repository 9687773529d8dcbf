// What every test has: a server, a network in front of it, a web site, and an ear for what the tag must not do.

import { test as base, expect } from "@playwright/test";
import { Network } from "./network.mjs";
import { Server } from "./server.mjs";
import { Site } from "./site.mjs";

/** What Chromium says of requests that fail; it is not the tag that says it. */
const OF_THE_NETWORK = /^Failed to load resource|^Access to (fetch|script|resource)|blocked by CORS policy/;

export const test = base.extend({
  /** Flags of the server. */
  flags: [[], { option: true }],
  /** Whether requests fail in this test, of which Chromium speaks in the console. */
  requestsFail: [false, { option: true }],
  /** A policy that forbids something on purpose, of which Chromium speaks in the console too. */
  policyForbids: [null, { option: true }],

  server: async ({ flags }, use) => {
    const server = await Server.start(flags);
    await use(server);
    await server.stop();
  },

  site: async ({}, use) => {
    const site = await Site.start();
    await use(site);
    await site.stop();
  },

  network: async ({ server }, use) => {
    const network = await Network.start(server);
    await use(network);
    await network.stop();
  },

  /** No exception, no unhandled rejection and no error in the console of any page; takes contexts to listen to. */
  silence: [
    async ({ context, requestsFail, policyForbids }, use) => {
      const heard = [];
      const listen = (context) => {
        context.on("weberror", (error) => heard.push(`uncaught: ${error.error().stack ?? error.error()}`));
        context.on("console", (message) => {
          const text = message.text();
          const expected = (requestsFail && OF_THE_NETWORK.test(text)) || policyForbids?.test(text);
          if (["error", "warning"].includes(message.type()) && !expected) {
            heard.push(`${message.type()}: ${text}`);
          }
        });
      };
      listen(context);
      await use(listen);
      expect(heard).toEqual([]);
    },
    { auto: true },
  ],

  /** Makes another visitor's browser, or a visitor's other device. */
  newDevice: async ({ browser, silence }, use) => {
    const devices = [];
    await use(async () => {
      const context = await browser.newContext();
      silence(context);
      devices.push(context);
      return context;
    });
    await Promise.all(devices.map((context) => context.close()));
  },
});

export { expect };
