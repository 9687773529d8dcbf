// Names of the groups of a breakdown.

export interface GroupLabel {
  value: string | null;
  /** Whether it stands for all groups beyond the limit. */
  other: boolean;
}

export function groupName({ value, other }: GroupLabel): string {
  if (other) {
    return "All others";
  }
  return value === null ? "(none)" : value === "" ? "(empty)" : value;
}
