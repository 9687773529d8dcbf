// Reading JSON that anyone may have written. What is not as it should be is `undefined`.

export type Decode<T> = (value: unknown) => T | undefined;

export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** A whole number from 0. */
export function wholeNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

export function oneOf<T extends string>(allowed: readonly T[], value: unknown): T | undefined {
  return allowed.find((one) => one === value);
}

/** The items that are as they should be; none when it is no list. */
export function listOf<T>(decode: Decode<T>, value: unknown): T[] {
  return Array.isArray(value) ? value.map(decode).filter((item) => item !== undefined) : [];
}

/** A text of JSON; `undefined` when it is none. */
export function parseJson(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}
