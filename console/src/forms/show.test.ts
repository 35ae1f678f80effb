import { expect, test } from "vitest";

import { showValue } from "./show";

test.each(["2012-01-01", "2025-99-99", "1234-56-78T Z", "constructor"])(
  "a title that looks like something else, %j, is shown as it is",
  (title) => {
    expect(showValue("title", title)).toBe(title);
  },
);

test.each([
  ["release_date", "2027-05-01"],
  ["shoot_start", "2027-05-01"],
  ["work_end", "2027-05-01"],
  ["date_of_birth", "2027-05-01"],
  ["audition_at", "2027-05-01T10:00:00Z"],
  ["status_since", "2027-05-01T10:00:00.000000Z"],
])("%s is shown as a date", (name, value) => {
  expect(showValue(name, value)).not.toBe(value);
  expect(showValue(name, value)).toContain("2027");
});

test("tags are shown as they are, and genres in words", () => {
  expect(showValue("skills", ["tap_dance"])).toBe("tap_dance");
  expect(showValue("genres", ["science_fiction"])).toBe("Science fiction");
});
