// The browser's answers equal the native ones, which lie beside the golden part files.

import { loadPreview } from "/base/npm/dist/preview.js";

async function file(version, name) {
  const response = await fetch(`/base/tests/compat/${version}/${name}`);
  if (!response.ok) {
    throw new Error(`${name}: ${response.status}`);
  }
  return response;
}

async function partsOf(version, names) {
  const types = Object.entries(names).map(async ([type, files]) => {
    const bytes = files.map(async (name) => new Uint8Array(await (await file(version, name)).arrayBuffer()));
    return [type, await Promise.all(bytes)];
  });
  return Object.fromEntries(await Promise.all(types));
}

function counts(answer) {
  return answer.steps.map((step) => step.count);
}

for (const version of ["v1", "v2", "v3"]) describe(`the preview module, over part files of ${version}`, () => {
  let module;
  let golden;
  let parts;

  beforeAll(async () => {
    module = await loadPreview();
    golden = await (await file(version, "funnel.json")).json();
    parts = await partsOf(version, golden.parts);
  });

  it("answers every golden funnel as the native engine does, and again", () => {
    expect(golden.cases.length).toBeGreaterThan(0);
    const preview = module.ofParts(parts);
    for (const round of [1, 2]) {
      for (const { query, answer } of golden.cases) {
        expect(answer[0]).toBeGreaterThan(0);
        const asked = `${round}: ${JSON.stringify(query)}`;
        expect(counts(preview.answer("funnel", query))).withContext(asked).toEqual(answer);
      }
    }
    preview.close();
  });

  it("answers nobody where there is no part, and part files are no sample", () => {
    const { query, answer } = golden.cases[0];
    const preview = module.ofParts({});
    expect(counts(preview.answer("funnel", query))).toEqual(answer.map(() => 0));
    expect(preview.drawn).toBeNull();
    expect(() => preview.estimate("funnel", query)).toThrowError(/no sample/);
  });

  it("says what is wrong with a query", () => {
    const { query } = golden.cases[0];
    const preview = module.ofParts(parts);
    const range = { start: "2024-02-30", end: "2024-03-01" };
    expect(() => preview.answer("funnel", { ...query, range })).toThrowError(
      /\/range\/start: 2024-02-30 is not a date/,
    );
    expect(() => preview.answer("funnel", { ...query, order: "all" })).toThrowError(/order/);
    expect(() => preview.answer("tunnel", query)).toThrowError(/tunnel/);
  });

  it("refuses what is about properties of users, which part files do not hold", () => {
    const { query } = golden.cases[0];
    const preview = module.ofParts(parts);
    const filter = { property: "plan", op: "is", values: ["paid"] };
    expect(() => preview.answer("funnel", { ...query, user_filters: [filter] })).toThrowError(/\/user_filters\/0: .*plan/);
    const breakdown = { property: "plan", of: "user" };
    expect(() => preview.answer("funnel", { ...query, breakdown })).toThrowError(/\/breakdown\/of: .*plan/);
  });

  it("finds a damaged part and goes on working", () => {
    const { query, answer } = golden.cases[0];
    const first = query.steps[0].event;
    const flipped = (bytes, at) => bytes.with(at, bytes[at] ^ 1);
    // The directory, after 16 bytes, begins with the users: key, chunk, offset, length.
    const users = (bytes) => new DataView(bytes.buffer).getUint32(24, true);
    for (const damage of [
      () => new Uint8Array(),
      (bytes) => bytes.slice(0, users(bytes)),
      (bytes) => flipped(bytes, users(bytes)),
      (bytes) => flipped(bytes, users(bytes) - 1),
    ]) {
      expect(() => module.ofParts({ ...parts, [first]: parts[first].map(damage) })).toThrowError(/corrupt/);
    }
    expect(() => module.ofParts({ ...parts, [first]: ["text"] })).toThrowError(/Uint8Array/);
    expect(counts(module.ofParts(parts).answer("funnel", query))).toEqual(answer);
  });

  it("reads a frame, of one person of two", () => {
    const { query } = golden.cases[0];
    const first = Object.fromEntries(Object.entries(parts).map(([type, [part]]) => [type, [part]]));
    const answer = counts(module.ofParts(first).answer("funnel", query));
    expect(answer[0]).toBeGreaterThan(0);
    const preview = module.ofFrame(frameOf(parts, { persons: 1, of_persons: 2 }));
    expect(preview.drawn).toEqual({ persons: 1, of_persons: 2 });
    expect(preview.covers("funnel", query)).toBeTrue();
    expect(preview.covers("funnel", { ...query, steps: [...query.steps, { event: "surely not" }] })).toBeFalse();
    expect(counts(preview.answer("funnel", query))).toEqual(answer);
    const estimate = preview.estimate("funnel", query);
    expect(counts(estimate.answer)).toEqual(answer.map((count) => 2 * count));
    expect(estimate.intervals.steps.length).toBe(answer.length);
    expect(() => module.ofFrame(new Uint8Array([69, 72]))).toThrowError(/corrupt/);
  });

  it("tells what a question needs", () => {
    const range = { start: "2024-03-01", end: "2024-03-02" };
    const query = { range, time_zone: "Asia/Tokyo", steps: [{ event: "b" }, { event: "a" }, { event: "b" }] };
    const from_ms = Date.parse("2024-02-29T15:00:00Z");
    expect(module.needs("funnel", { ...query, window: { amount: 1, unit: "hours" } })).toEqual({
      events: ["a", "b"],
      from_ms,
      // An hour after the last millisecond of the range.
      before_ms: from_ms + 25 * 3_600_000 - 1,
      user_properties: [],
    });
    const user_filters = [{ property: "plan", op: "exists" }];
    const retention = { range, start_event: "any", return_event: "any", user_filters };
    expect(module.needs("retention", retention)).toEqual(
      jasmine.objectContaining({ events: null, user_properties: ["plan"] }),
    );
  });
});

/** A frame with the first part of each type, as docs/format.md describes it. */
function frameOf(parts, drawn) {
  const texts = new TextEncoder();
  const pieces = [];
  const u32 = (number) => pieces.push(new Uint8Array(Uint32Array.of(number).buffer));
  pieces.push(texts.encode("EHPREV"), Uint8Array.of(2, 0));
  pieces.push(new Uint8Array(BigInt64Array.of(0n, 1n << 42n).buffer));
  const types = Object.entries(parts);
  [drawn.persons, drawn.of_persons, 0, types.length, 0].forEach(u32);
  for (const [name, [part]] of types) {
    const bytes = texts.encode(name);
    u32(bytes.length);
    pieces.push(bytes);
    u32(part.length);
    pieces.push(part);
  }
  return new Uint8Array(pieces.flatMap((piece) => [...piece]));
}
