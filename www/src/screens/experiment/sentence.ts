// What an experiment says, in plain sentences.

import type { Experiment, Variant } from "../../api/types";
import { formatChange, formatCount, formatShare } from "../../format/numbers";

/** From which probability on one variant is said to beat the other. */
const PROBABLE = 0.95;
/** A probability is shown up to here: none is certain. */
const SHOWN_MAX = 0.999;

/** What is said of a variant and the control. */
export function sentenceOf(variant: Variant, control: Variant): string {
  const { comparison, rate } = variant;
  if (comparison === null || rate === null || control.rate === null) {
    return `${variant.value} cannot be compared with ${control.value}: nobody is in ${rate === null ? variant.value : control.value}.`;
  }
  const { probability_to_beat_control: probability } = comparison;
  const rates = `${formatShare(rate)} convert instead of ${formatShare(control.rate)}`;
  const change = comparison.uplift === null ? "" : `, ${formatChange(comparison.uplift)}`;
  if (probability >= PROBABLE) {
    return `${variant.value} beats ${control.value} with ${shown(probability)} probability: ${rates}${change}.`;
  }
  if (probability <= 1 - PROBABLE) {
    return `${variant.value} is worse than ${control.value} with ${shown(1 - probability)} probability: ${rates}${change}.`;
  }
  const than = probability >= 0.5 ? "better" : "worse";
  const likely = shown(Math.max(probability, 1 - probability));
  return `Nothing is settled between ${variant.value} and ${control.value}: ${rates}${change}, and ${variant.value} is ${than} with ${likely} probability.`;
}

/** How many more users would settle it; "" where it is settled or cannot be said. */
export function neededOf({ comparison }: Variant): string {
  const needed = comparison?.users_needed ?? 0;
  if (comparison === null || needed === 0) {
    return "";
  }
  const users = `${formatCount(needed)} more ${needed === 1 ? "user" : "users"}`;
  return `${users} in both together would show a difference of this size in four of five such experiments.`;
}

/** The control, unless nobody can be it. */
export function controlOf({ control, variants }: Experiment): Variant | undefined {
  return variants.find(({ value }) => value === control);
}

function shown(probability: number): string {
  return probability > SHOWN_MAX ? `more than ${formatShare(SHOWN_MAX)}` : formatShare(probability);
}
