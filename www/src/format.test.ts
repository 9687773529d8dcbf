import { expect, test } from "vitest";
import { count, share, users } from "./format";

test("counts have separators", () => {
  expect(count(0)).toBe("0");
  expect(count(1234567)).toBe("1,234,567");
  expect(users(1)).toBe("1 user");
  expect(users(1000)).toBe("1,000 users");
});

test("a share is never rounded to all or none", () => {
  expect(share(1, 8)).toBe("12.5%");
  expect(share(5, 5)).toBe("100.0%");
  expect(share(99_999, 100_000)).toBe("99.9%");
  expect(share(1, 100_000)).toBe("0.1%");
  expect(share(0, 5)).toBe("0.0%");
  expect(share(0, 0)).toBe("-");
});
