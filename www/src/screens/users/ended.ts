// Why a person is counted by a funnel as they are, in words.

import type { ExplainAnswer } from "../../api/types";

interface Texts {
  /** A moment as the page shows it. */
  moment(ms: number): string;
  steps: readonly string[];
}

export function endedText(answer: ExplainAnswer, { moment, steps }: Texts): string {
  const { steps_reached: reached, window_ends_ms: ends, ended } = answer;
  if (!answer.passes_user_filters) {
    return "Not counted: the filters of users leave this person out.";
  }
  const next = steps[reached] ?? "";
  const so = `Reached ${reached} of ${steps.length} steps`;
  const until = ends === null ? "" : ` on ${moment(ends)}`;
  switch (ended.reason) {
    case "no_entry":
      return `Not counted: no ${steps[0] ?? "first step"} in the range.`;
    case "converted":
      return `Converted: reached all ${steps.length} steps.`;
    case "window_closed":
      return `${so}. The time to do ${next} ended${until}.`;
    case "window_open":
      return `${so}. The time to do ${next} ends${until}.`;
    case "excluded":
      return `${so}. An excluded event ended the walk.`;
    case "interrupted":
      return `${so}. Another event came before ${next}.`;
  }
}
