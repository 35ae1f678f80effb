import { expect, test } from "vitest";

import { daysUntil, showSoon } from "./soon";

test.each([
  ["2027-05-01", 0, "today"],
  ["2027-05-13", 12, "in 12 days"],
  ["2027-04-30", -1, "yesterday"],
  ["2027-06-30", 60, "in 60 days"],
  ["2027-07-01", 61, ""],
])("%s is %i days away: %j", (day, days, words) => {
  expect(daysUntil(day, "2027-05-01")).toBe(days);
  expect(showSoon(day, "2027-05-01")).toBe(words);
});

test("no day is not soon", () => {
  expect(showSoon(null)).toBe("");
});
