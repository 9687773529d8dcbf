// Durations in their two largest units, as one would say them.

import { ABSENT } from "./numbers";

const UNITS = [
  { name: "day", seconds: 86_400 },
  { name: "hour", seconds: 3_600 },
  { name: "minute", seconds: 60 },
  { name: "second", seconds: 1 },
] as const;

type UnitName = (typeof UNITS)[number]["name"];

export function formatDuration(seconds: number | null): string {
  if (seconds === null) {
    return ABSENT;
  }
  const whole = Math.round(seconds);
  const largest = UNITS.findIndex((unit) => whole >= unit.seconds);
  if (largest < 0) {
    return one(seconds > 0 && seconds < 1 ? Number(seconds.toFixed(2)) : 0, "second");
  }
  const { name, seconds: size } = UNITS[largest]!;
  const next = UNITS[largest + 1];
  if (next === undefined) {
    return one(whole, name);
  }
  // The smaller unit is rounded before it is carried, so that it never shows as many as make one of the larger.
  const inNext = Math.round(whole / next.seconds);
  const perLarger = size / next.seconds;
  const rest = inNext % perLarger;
  const larger = one(Math.floor(inNext / perLarger), name);
  return rest === 0 ? larger : `${larger} ${one(rest, next.name)}`;
}

function one(amount: number, unit: UnitName): string {
  return new Intl.NumberFormat(undefined, { style: "unit", unit, unitDisplay: "short" }).format(amount);
}
