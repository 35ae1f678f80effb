import { describe, expect, it } from "vitest";

import { actorQuery, agesOf, canSort, countFilters, rangeOf } from "./actorFilters";

const params = (text: string) => new URLSearchParams(text);

describe("actorQuery", () => {
  it("returns the filters of the address", () => {
    const text = "search=pot&playing_age=30-40&language=pl&language=en&active=false&sort=-name";
    expect(actorQuery(params(`${text}&gender=female`))).toEqual({
      search: "pot",
      gender: "female",
      playing_age: "30-40",
      language: ["pl", "en"],
      active: false,
      sort: "-name",
    });
  });

  it("waits for the second of two days", () => {
    expect(actorQuery(params("available_from=2027-05-01"))).toEqual({});
    expect(actorQuery(params("available_from=2027-05-01&available_to=2027-05-31"))).toEqual({
      available_from: "2027-05-01",
      available_to: "2027-05-31",
    });
  });

  it("leaves out an order that the API refuses", () => {
    expect(actorQuery(params("search=pot&sort=-name"))).toEqual({ search: "pot" });
  });
});

describe("canSort", () => {
  it.each([
    ["", true],
    ["playing_age=30-40", true],
    ["search=pot", false],
    ["search=pot&playing_age=30-40", false],
    ["search=pot&skill=riding", true],
  ])("of %j is %j", (text, expected) => {
    expect(canSort(params(text))).toBe(expected);
  });
});

describe("countFilters", () => {
  it("counts repeated values and two days once, and no order", () => {
    expect(countFilters(params("skill=a&skill=b&sort=name"))).toBe(1);
    expect(countFilters(params("available_from=2027-05-01&available_to=2027-05-31"))).toBe(1);
    expect(countFilters(params(""))).toBe(0);
  });
});

describe("ages", () => {
  it.each([
    ["30-40", ["30", "40"]],
    ["35", ["35", "35"]],
    ["0-40", ["", "40"]],
    ["30-150", ["30", ""]],
    [null, ["", ""]],
  ])("of %j are %j", (range, ends) => {
    expect(agesOf(range)).toEqual(ends);
  });

  it("become a range with open ends", () => {
    expect(rangeOf("", "")).toBeNull();
    expect(rangeOf("30", "")).toBe("30-150");
    expect(rangeOf("", "40")).toBe("0-40");
  });
});
