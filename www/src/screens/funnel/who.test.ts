import { expect, test } from "vitest";

import { decodeWho, encodeWho, STATUSES } from "./who";

test("who is looked at comes back from its link", () => {
  for (const status of STATUSES) {
    expect(decodeWho(encodeWho({ status, step: 1 }), 2)).toEqual({ status, step: 1 });
  }
  for (const none of [null, "", "dropped", "dropped.", "dropped.2", "dropped.-1", "dropped.1e0", "gone.1"]) {
    expect(decodeWho(none, 2)).toBeUndefined();
  }
});
