import { describe, expect, it } from "vitest";

import type { Part } from "~/api/types";

import { actorQuery, agesOf, canSort, countFilters, rangeOf, searchFor } from "./actorFilters";

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

describe("searchFor", () => {
  const part = {
    id: "m.p",
    gender: "female",
    playing_age_min: 30,
    playing_age_max: null,
    languages: { pl: "fluent", en: "basic" },
    skills: ["riding"],
    unions: null,
    work_start: "2027-05-01",
    work_end: null,
  } as unknown as Part;

  it("asks for all that a part needs", () => {
    const [path, query] = searchFor(part).split("?");
    expect(path).toBe("/actors");
    expect(actorQuery(params(query ?? ""))).toEqual({
      gender: "female",
      playing_age: "30-150",
      language: ["pl", "en"],
      skill: ["riding"],
      available_from: "2027-05-01",
      available_to: "2027-05-01",
      active: true,
    });
    expect(params(query ?? "").get("part")).toBe("m.p");
  });

  it("asks for nothing that a part leaves open", () => {
    const open = { ...part, gender: null, playing_age_min: null, languages: null, skills: null };
    const dates = { work_start: null };
    expect(searchFor({ ...open, ...dates })).toBe("/actors?active=true&part=m.p");
  });
});
