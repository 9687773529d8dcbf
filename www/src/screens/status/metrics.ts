// What the server says of itself: `/varz`, a name and a value a line, and `/metrics`, the text format
// of Prometheus, whose HELP lines say in words what a figure is.

import { formatCount } from "../../format/numbers";
import { formatDuration } from "../../format/durations";

export interface Figure {
  name: string;
  help: string;
  value: number;
}

/** `name: value` a line; the title line has no colon. */
export function readVarz(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0) {
      values.set(line.slice(0, colon), line.slice(colon + 2).trim());
    }
  }
  return values;
}

/** The name and version in the first line: `EventHub 0.1.0`. */
export function versionOf(varz: string): string {
  return varz.match(/^EventHub (.+)$/m)?.[1] ?? "";
}

/** Figures without labels, in the order in which they are given. */
export function readMetrics(text: string): Figure[] {
  const helps = new Map<string, string>();
  const figures: Figure[] = [];
  for (const line of text.split("\n")) {
    const help = /^# HELP (\S+) (.*)$/.exec(line);
    if (help) {
      helps.set(help[1] ?? "", help[2] ?? "");
      continue;
    }
    const sample = /^([A-Za-z_:][\w:]*) (\S+)$/.exec(line);
    const value = Number(sample?.[2]);
    if (sample?.[1] && Number.isFinite(value)) {
      figures.push({ name: sample[1], help: helps.get(sample[1]) ?? "", value });
    }
  }
  return figures;
}

/** `3.2 MB`, in steps of 1000 as the server's own messages. */
export function bytes(value: number, locale?: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
  const power = Math.min(Math.floor(Math.log10(Math.max(value, 1)) / 3), units.length - 1);
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: units[power] ?? "byte",
    maximumFractionDigits: power === 0 ? 0 : 1,
  }).format(value / 1000 ** power);
}

/** A figure as its name asks for: bytes and seconds have units, everything else is counted. */
export function figureText({ name, value }: Figure): string {
  if (/_bytes(_total)?$/.test(name)) {
    return bytes(value);
  }
  if (/_seconds(_total)?$/.test(name)) {
    return formatDuration(value);
  }
  return formatCount(value);
}
