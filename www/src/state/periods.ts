// Periods of retention and intervals of trends, as questions name them.

import type { Period, RetentionQuery } from "../api/types";

export const PERIODS: readonly Period[] = ["hour", "day", "week", "month"];
export type WeekStart = NonNullable<RetentionQuery["week_start"]>;
export const WEEK_STARTS: readonly WeekStart[] = ["monday", "sunday", "saturday"];
