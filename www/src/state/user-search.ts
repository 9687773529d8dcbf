// A search for users as its form holds it, and as links do.

import type { FindQuery } from "../api/types";
import { field, text } from "./decode";
import { areFiltersComplete, decodeFilters, type Filter } from "./parts";
import type { Codec } from "./question";

export interface UserSearch {
  /** Part of an id; "" for anyone. */
  id: string;
  filters: Filter[];
}

export const EVERYONE: UserSearch = { id: "", filters: [] };

export const userSearchCodec: Codec<UserSearch> = {
  decode(value) {
    const filters = decodeFilters(field(value, "filters"));
    const id = text(field(value, "id")) ?? "";
    return typeof value === "object" && value !== null ? { id, filters } : undefined;
  },

  isComplete: ({ filters }) => areFiltersComplete(filters),
};

export function findQuery({ id, filters }: UserSearch, offset: number, limit: number): FindQuery {
  const ofId: Filter[] = id === "" ? [] : [{ property: "external_user_id", op: "contains", values: [id] }];
  // The form's own come first, so that a refusal points at them by their places.
  return { filters: [...filters, ...ofId], offset, limit };
}

