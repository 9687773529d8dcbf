import { expect, test } from "vitest";

import type { Variant } from "../../api/types";
import { neededOf, sentenceOf } from "./sentence";

const CONTROL: Variant = {
  value: "A",
  users: 100,
  converted: 10,
  rate: 0.1,
  rate_interval: [0.05, 0.17],
  comparison: null,
};

function variant(probability: number, needed: number | null): Variant {
  const comparison = {
    probability_to_beat_control: probability,
    uplift: 0.2,
    uplift_interval: [-0.1, 0.5],
    p_value: 0.1,
    users_needed: needed,
  };
  return { ...CONTROL, value: "B", rate: 0.12, comparison };
}

test("an experiment is said in plain words", () => {
  const check = (probability: number, expected: string) =>
    expect(sentenceOf(variant(probability, 0), CONTROL)).toBe(expected);
  check(0.97, "B beats A with 97% probability: 12% convert instead of 10%, +20%.");
  check(0.9999, "B beats A with more than 99.9% probability: 12% convert instead of 10%, +20%.");
  check(0.04, "B is worse than A with 96% probability: 12% convert instead of 10%, +20%.");
  check(
    0.6,
    "Nothing is settled between B and A: 12% convert instead of 10%, +20%, and B is better with 60% probability.",
  );
});

test("what cannot be compared is said so", () => {
  const nobody: Variant = { ...variant(0.5, null), rate: null };
  expect(sentenceOf(nobody, CONTROL)).toBe("B cannot be compared with A: nobody is in B.");
});

test("how many more users are needed", () => {
  expect(neededOf(variant(0.6, 1200))).toContain("1,200 more users in both together");
  expect(neededOf(variant(0.6, null))).toBe("");
  expect(neededOf(CONTROL)).toBe("");
});
