// Numbers as a reader wants them.

const counts = new Intl.NumberFormat("en");
const shares = new Intl.NumberFormat("en", {
  style: "percent",
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

/** `1,234` */
export function count(number: number): string {
  return counts.format(number);
}

/** `1 user`, `1,234 users` */
export function users(number: number): string {
  return `${count(number)} ${number === 1 ? "user" : "users"}`;
}

/** Part of whole as `12.5%`. Of nothing there is no share. Only all is 100%, only none is 0%. */
export function share(part: number, whole: number): string {
  if (whole === 0) {
    return "-";
  }
  if (part > 0 && part < whole) {
    return shares.format(Math.min(Math.max(part / whole, 0.001), 0.999));
  }
  return shares.format(part / whole);
}
