import { expect, it } from "vitest";

import type { ExplainAnswer } from "../../api/types";
import { endedText } from "./ended";

const answer = (reason: ExplainAnswer["ended"]["reason"], steps_reached: number): ExplainAnswer => ({
  external_user_id: "ada",
  passes_user_filters: true,
  steps_reached,
  ended: { reason },
  window_ends_ms: reason === "no_entry" ? null : 1000,
  events_total: 0,
  events: [],
});

it("says why a walk ended", () => {
  const texts = { moment: (ms: number) => `moment ${ms}`, steps: ["home", "cart", "buy"] };
  const say = (it: ExplainAnswer) => endedText(it, texts);
  expect(say(answer("no_entry", 0))).toBe("Not counted: no home in the range.");
  expect(say(answer("converted", 3))).toBe("Converted: reached all 3 steps.");
  expect(say(answer("window_closed", 1))).toBe("Reached 1 of 3 steps. The time to do cart ended on moment 1000.");
  expect(say(answer("window_open", 2))).toBe("Reached 2 of 3 steps. The time to do buy ends on moment 1000.");
  expect(say(answer("excluded", 1))).toBe("Reached 1 of 3 steps. An excluded event ended the walk.");
  expect(say(answer("interrupted", 1))).toBe("Reached 1 of 3 steps. Another event came before cart.");
  expect(say({ ...answer("converted", 3), passes_user_filters: false })).toContain("filters of users");
});
