// What stands between the tag and the server and does what networks do: loses requests, loses answers, is
// overloaded, is slow, sends twice.
//
// A fault is a function of one exchange. It gets `forward()` (asks the server and resolves to its answer),
// `reply(answer)` and `cut()` (the connection breaks).

import { createServer, request as ask } from "node:http";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

const READABLE = { "access-control-allow-origin": "*", "access-control-expose-headers": "Retry-After" };

/** The server never sees the request. */
export const lostOnTheWay = ({ cut }) => cut();

/** The server took it, and the tag never learns of that. */
export const lostAnswer = async ({ forward, cut }) => {
  await forward();
  cut();
};

/** The server gets the request twice. */
export const sentTwice = async ({ forward, reply }) => {
  await forward();
  reply(await forward());
};

/** The request is on its way for so long. */
export const late = (ms) => async ({ forward, reply }) => {
  await sleep(ms);
  reply(await forward());
};

/** The server took it, and the answer is on its way for so long. */
export const lateAnswer = (ms) => async ({ forward, reply }) => {
  const answer = await forward();
  await sleep(ms);
  reply(answer);
};

/** Answered before the server, with the headers by which the server lets pages read its refusals. */
export const refused = (status, headers = {}) => ({ reply }) =>
  reply({ status, headers: { ...headers, ...READABLE }, body: "" });

/** Answered by something that knows nothing of CORS, so that the page learns no status. */
export const refusedWithoutCors = (status) => ({ reply }) => reply({ status, headers: {}, body: "" });

const passed = async ({ forward, reply }) => reply(await forward());

export class Network {
  /** Each ingest request in order of arrival: `{method, path, headers, body, arrived, status}`, the status once answered. */
  requests = [];
  /** What happens to the next ingest requests, one each. */
  faults = [];
  /** What happens to those after them. */
  otherwise = passed;
  /** Paths of ingest requests; everything else is passed on as it is. */
  ingest = ["/api/v1/events"];
  /** Requests under way. */
  #open = 0;
  #lastMs = 0;
  #http;

  /** In front of the server; `site`, if any, answers for the pages that it has. */
  static async start(server, site) {
    const network = new Network();
    network.server = server;
    network.site = site;
    network.#http = createServer((request, response) => network.#serve(request, response));
    await new Promise((listening) => network.#http.listen(0, "127.0.0.1", listening));
    network.origin = `http://127.0.0.1:${network.#http.address().port}`;
    return network;
  }

  /** Whatever comes gets this fault until `mend()`. */
  breakBy(fault) {
    this.otherwise = fault;
  }

  mend() {
    this.faults = [];
    this.otherwise = passed;
  }

  get posts() {
    return this.requests.filter((request) => request.method === "POST");
  }

  /** Resolves when nothing has come for a while, so that what is still sent twice has been sent. */
  async quiet(ms = 300) {
    while (this.#open > 0 || Date.now() - this.#lastMs < ms) {
      await sleep(20);
    }
  }

  async stop() {
    this.#http.closeAllConnections();
    await new Promise((closed) => this.#http.close(closed));
  }

  async #serve(request, response) {
    const path = request.url.split("?")[0];
    if (this.site?.answers(request, response)) {
      return;
    }
    this.#open += 1;
    try {
      const body = await buffer(request);
      const record = { method: request.method, path: request.url, headers: request.headers, body, arrived: Date.now() };
      const isIngest = this.ingest.includes(path);
      if (isIngest) {
        this.requests.push(record);
      }
      const fault = isIngest && request.method === "POST" ? (this.faults.shift() ?? this.otherwise) : passed;
      await fault({
        forward: () => this.#forward(record),
        reply: (answer) => {
          record.status = answer.status;
          // A connection that is used again would be tried again by the browser when it breaks.
          response.writeHead(answer.status, { ...answer.headers, connection: "close" }).end(answer.body);
        },
        cut: () => request.socket.destroy(),
      });
    } catch {
      // Either end is gone: the tag sees a connection that breaks.
      request.socket.destroy();
    } finally {
      this.#open -= 1;
      this.#lastMs = Date.now();
    }
  }

  #forward({ method, path, headers, body }) {
    return new Promise((resolve, reject) => {
      const { host } = new URL(this.server.origin);
      const sent = { ...headers, host, connection: "close" };
      const passedOn = ask(this.server.origin + path, { method, headers: sent }, async (answer) => {
        const { "transfer-encoding": _, connection, ...kept } = answer.headers;
        resolve({ status: answer.statusCode, headers: kept, body: await buffer(answer) });
      });
      passedOn.on("error", reject).end(body);
    });
  }
}
