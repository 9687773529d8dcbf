import { expect, it } from "vitest";
import { EVERYONE, findQuery, userSearchCodec } from "./user-search";

it("a search for users is a link, and a request with a filter of the id", () => {
  const search = { id: "ada", filters: [{ property: "plan", op: "is" as const, values: ["paid"] }] };
  expect(userSearchCodec.decode(JSON.parse(JSON.stringify(search)))).toEqual(search);
  expect(findQuery(search, 50, 25)).toEqual({
    filters: [search.filters[0], { property: "external_user_id", op: "contains", values: ["ada"] }],
    offset: 50,
    limit: 25,
  });
  expect(findQuery(EVERYONE, 0, 1).filters).toEqual([]);
  expect(userSearchCodec.decode({ filters: 1, id: 2 })).toEqual(EVERYONE);
  expect(userSearchCodec.decode("x")).toBeUndefined();
  expect(userSearchCodec.isComplete({ id: "", filters: [{ property: "", op: "is", values: [] }] })).toBe(false);
});
