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
  let preview;
  let golden;
  let parts;

  beforeAll(async () => {
    preview = await loadPreview();
    golden = await (await file(version, "funnel.json")).json();
    parts = await partsOf(version, golden.parts);
  });

  it("answers every golden funnel as the native engine does", () => {
    expect(golden.cases.length).toBeGreaterThan(0);
    for (const { query, answer } of golden.cases) {
      expect(answer[0]).toBeGreaterThan(0);
      expect(counts(preview.funnel(parts, query))).withContext(JSON.stringify(query)).toEqual(answer);
    }
  });

  it("answers the same again, and nobody where there is no part", () => {
    const { query, answer } = golden.cases[0];
    expect(counts(preview.funnel(parts, query))).toEqual(answer);
    expect(counts(preview.funnel({}, query))).toEqual(answer.map(() => 0));
  });

  it("says what is wrong with a query", () => {
    const { query } = golden.cases[0];
    const range = { start: "2024-02-30", end: "2024-03-01" };
    expect(() => preview.funnel(parts, { ...query, range })).toThrowError(
      /\/range\/start: 2024-02-30 is not a date/,
    );
    expect(() => preview.funnel(parts, { ...query, order: "all" })).toThrowError(/order/);
  });

  it("refuses what is about properties of users, which part files do not hold", () => {
    const { query } = golden.cases[0];
    const filter = { property: "plan", op: "is", values: ["paid"] };
    expect(() => preview.funnel(parts, { ...query, user_filters: [filter] })).toThrowError(/\/user_filters/);
    const breakdown = { property: "plan", of: "user" };
    expect(() => preview.funnel(parts, { ...query, breakdown })).toThrowError(/\/breakdown\/of/);
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
      const damaged = { ...parts, [first]: parts[first].map(damage) };
      expect(() => preview.funnel(damaged, query)).toThrowError(/corrupt/);
    }
    expect(() => preview.funnel({ ...parts, [first]: ["text"] }, query)).toThrowError(/Uint8Array/);
    expect(counts(preview.funnel(parts, query))).toEqual(answer);
  });
});
