import { describe, expect, it } from "vitest";

import { countDays, dayState, MAX_DAYS, monthsOf, slotsOf, slotState } from "./avail";
import { addDays, daysOf, overlap } from "./dates";

const availability = [
  { from: "2027-05-01", to: "2027-05-31", kind: "free" as const },
  { from: "2027-05-10", to: "2027-05-12", kind: "blocked" as const },
];
const conflicts = [{ part_id: "m.p", work_start: "2027-05-12", work_end: "2027-05-20" }];

describe("a day", () => {
  it.each([
    ["2027-04-30", "unknown"],
    ["2027-05-01", "free"],
    ["2027-05-10", "blocked"],
    ["2027-05-12", "engaged"],
    ["2027-05-20", "engaged"],
    ["2027-05-21", "free"],
    ["2027-05-31", "free"],
  ])("%s is %s", (day, state) => expect(dayState(day, availability, conflicts)).toBe(state));

  it("counts in its range", () => {
    const range = { from: "2027-04-29", to: "2027-06-01" };
    expect(countDays(range, availability, conflicts)).toEqual({
      free: 20,
      blocked: 2,
      engaged: 9,
      unknown: 3,
    });
  });
});

describe("a range", () => {
  it("has its last day, also across the change of the clocks", () => {
    expect(daysOf({ from: "2027-03-27", to: "2027-03-29" })).toEqual([
      "2027-03-27",
      "2027-03-28",
      "2027-03-29",
    ]);
    expect(daysOf({ from: "2027-03-02", to: "2027-03-01" })).toEqual([]);
    expect(addDays("2028-02-28", 1)).toBe("2028-02-29");
  });

  it("shares its first and last days with others", () => {
    const may = { from: "2027-05-01", to: "2027-05-31" };
    expect(overlap(may, { from: "2027-05-31", to: "2027-06-02" })).toBe(true);
    expect(overlap(may, { from: "2027-06-01", to: "2027-06-02" })).toBe(false);
  });

  it("is shown by days if it is short, and otherwise by weeks to its last day", () => {
    const from = "2027-05-01";
    expect(slotsOf({ from, to: addDays(from, MAX_DAYS - 1) })).toHaveLength(MAX_DAYS);
    const weeks = slotsOf({ from, to: addDays(from, MAX_DAYS) });
    expect(weeks).toHaveLength(9);
    expect(weeks.at(-1)?.to).toBe(addDays(from, MAX_DAYS));
  });

  it("is as bad as its worst day", () => {
    const week = { from: "2027-05-06", to: "2027-05-12" };
    expect(slotState(week, availability, [])).toBe("blocked");
    expect(slotState(week, availability, conflicts)).toBe("engaged");
    expect(slotState({ from: "2027-04-29", to: "2027-05-02" }, availability, [])).toBe("unknown");
  });

  it("names its months once", () => {
    const months = monthsOf(slotsOf({ from: "2027-04-29", to: "2027-05-02" }));
    expect(months.map((month) => month.columns)).toEqual([2, 2]);
  });
});
