import { expect, test } from "vitest";

import { columnsOf, draftOf, faultOf, isComplete } from "./columns";
import type { Guess } from "./messages";

const guess: Guess = {
  form: "csv",
  columns: [
    { name: "who", role: "user" },
    { name: "what", role: "event" },
    { name: "at", role: "time" },
    { name: "plan", role: "property" },
    { name: "id", role: "insert_id" },
    { name: "date", role: "left_out" },
  ],
  rows: [],
  problem: null,
};

test("a guess that is left as it is says what each column means", () => {
  const draft = draftOf(guess);
  expect(isComplete(draft)).toBe(true);
  expect(columnsOf(draft, guess)).toEqual({
    form: "csv",
    event: "what",
    user: "who",
    time: "at",
    insert_id: "id",
    left_out: ["date"],
  });
});

test("a column that is one of the three no more is a property or left out", () => {
  const draft = { ...draftOf(guess), event: "plan", kept: ["who", "what", "plan"] };
  expect(columnsOf(draft, guess)).toMatchObject({ event: "plan", insert_id: null, left_out: ["id", "date"] });
});

test("each of the three is a column of its own", () => {
  const draft = { ...draftOf(guess), user: "", time: "what" };
  expect(faultOf(draft, "user")).toBe("Choose a column");
  expect(faultOf(draft, "time")).toContain("already");
  expect(faultOf(draft, "event")).toContain("already");
  expect(isComplete(draft)).toBe(false);
});
