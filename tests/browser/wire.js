// A server for the tag: takes the requests that `fetch` is asked for, and reads the binary batches in them.

/** Answers each request by `answer(request)`, a status or a promise of one, and keeps what it read. */
export class Wire {
  requests = [];
  answer = () => 200;
  headers = {};

  /** `only`: what is sent elsewhere, by hubs of earlier specs, is taken and not kept. */
  install(only = "") {
    spyOn(window, "fetch").and.callFake(async (url, { body, headers, keepalive }) => {
      if (!url.startsWith(only)) return new Response("{}");
      const request = { url, keepalive, type: headers["Content-Type"], ...read(body) };
      this.requests.push(request);
      const status = await this.answer(request, this.requests.length - 1);
      if (!status) throw new TypeError("Failed to fetch");
      return new Response("{}", { status, headers: this.headers });
    });
    return this;
  }

  /** The events of all requests. */
  get events() {
    return this.requests.flatMap((request) => request.events ?? []);
  }
}

function read(body) {
  return typeof body == "string" ? { events: JSON.parse(body) } : decode(new Uint8Array(body));
}

/** The batch of core/src/batch.rs. */
export function decode(bytes) {
  let at = 3;
  const number = () => {
    let result = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      result += (byte & 127) * scale;
      if (byte < 128) return result;
    }
  };
  const signed = () => number() / 2; // None of ours is negative.
  const text = () => {
    const length = number();
    at += length;
    return new TextDecoder().decode(bytes.subarray(at - length, at));
  };
  const pairs = () => Object.fromEntries(Array.from({ length: number() }, () => [text(), text()]));
  const event = () => ({
    event_type: text(),
    external_user_id: text(),
    timestamp: signed(),
    insert_id: bytes[at++] ? text() : undefined,
    properties: pairs(),
  });
  expect([...bytes.subarray(0, 3)]).toEqual([69, 66, 2]);
  const sentMs = signed();
  const variant = number();
  let content;
  if (variant == 0) content = { events: Array.from({ length: number() }, event) };
  if (variant == 1) content = { alias: { from: text(), to: text() } };
  if (variant == 2) content = { user: { id: text(), properties: pairs() } };
  expect(at).toBe(bytes.length);
  return { sentMs, ...content };
}

const setRealTimeout = window.setTimeout.bind(window);

/** Waits until `condition` holds, in real time though Jasmine's clock be installed. */
export async function until(condition) {
  while (!condition()) await new Promise((done) => setRealTimeout(done, 5));
}

/** Waits as long as something that is going to happen would take. */
until.rest = () => new Promise((done) => setRealTimeout(done, 60));
