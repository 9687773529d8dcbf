// Numbers as the browser's languages write them.

const counts = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const values = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const percents = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
const signedPercents = new Intl.NumberFormat(undefined, {
  style: "percent",
  maximumFractionDigits: 1,
  signDisplay: "exceptZero",
});

export const ABSENT = "\u2013";

export function formatCount(count: number): string {
  return counts.format(count);
}

export function formatValue(value: number | null): string {
  return value === null ? ABSENT : values.format(value);
}

/** As on an axis: 1.2K. */
export function formatCompact(value: number): string {
  return compact.format(value);
}

/** A share from 0 to 1; what is no share, as of nobody, is a dash. */
export function formatShare(share: number | null): string {
  return share === null ? ABSENT : percents.format(share);
}

/** A change with its sign: +12 %. */
export function formatChange(change: number | null): string {
  return change === null ? ABSENT : signedPercents.format(change);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
