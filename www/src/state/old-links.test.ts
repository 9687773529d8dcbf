import { expect, test } from "vitest";

import { hrefOfOldLink } from "./old-links";

/** The screen of a link and the question that it asks. */
function opened(search: string): [string, unknown] | null {
  const href = hrefOfOldLink(search);
  if (href === null) {
    return null;
  }
  const { pathname, searchParams } = new URL(href, "http://127.0.0.1/");
  return [pathname, JSON.parse(searchParams.get("q") ?? "null")];
}

const is = (property: string, value: string) => ({ property, op: "is", values: [value] });

test("an old link to a funnel opens it", () => {
  const search =
    "?type=funnel&start_date=20130101&end_date=20130201&num_days_to_complete_funnel=7" +
    "&funnel_steps[]=signup&funnel_steps%5B%5D=view+shopping%20cart&efk0[]=plan&efv0[]=free" +
    "&efk[]=site&efv[]=x&eck=a&ecv=b&ufk[]=country&ufv[]=france";
  expect(opened(search)).toEqual([
    "/funnel",
    {
      range: { start: "2013-01-01", end: "2013-02-01" },
      time_zone: "UTC",
      steps: [
        { event: "signup", filters: [is("site", "x"), is("a", "b"), is("plan", "free")] },
        { event: "view shopping cart", filters: [is("site", "x"), is("a", "b")] },
      ],
      window: { amount: 7, unit: "calendar_days" },
      order: "ordered",
      entry: "first",
      exclude: [],
      user_filters: [is("country", "france")],
    },
  ]);
});

test("an old link to a cohort opens it, with whole rows alone", () => {
  const search =
    "?type=cohort&start_date=20130101&end_date=20130117&row_event_type=signup&column_event_type=visit" +
    "&num_days_per_row=7&num_columns=11&cefk[]=site&cefv[]=x";
  expect(opened(search)).toEqual([
    "/retention",
    {
      range: { start: "2013-01-01", end: "2013-01-15" },
      time_zone: "UTC",
      period: "day",
      every: 7,
      start_event: { event: "signup", filters: [] },
      return_event: { event: "visit", filters: [is("site", "x")] },
      cohort_by: "recurring",
      return_on: "on",
      mode: "calendar",
      columns: 11,
      user_filters: [],
    },
  ]);
});

test("an old link to users opens their search", () => {
  expect(opened("?type=users")).toEqual(["/users", { filters: [] }]);
  expect(opened("?type=users&ufk[]=plan&ufv[]=free")).toEqual(["/users", { filters: [is("plan", "free")] }]);
});

test("what is no old link, or makes no sense, opens nothing", () => {
  for (const search of ["", "?q=1", "?type=gone", "?type=funnel", "?type=cohort&start_date=20130101"]) {
    expect(opened(search)).toBeNull();
  }
  expect(
    opened("?type=funnel&start_date=20130230&end_date=20130301&num_days_to_complete_funnel=7&funnel_steps[]=a"),
  ).toBeNull();
});
