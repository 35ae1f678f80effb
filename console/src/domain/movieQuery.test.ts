import { expect, test } from "vitest";

import { isFiltered, movieQuery, sortsOf } from "./movieQuery";

const queryOf = (text: string) => movieQuery(new URLSearchParams(text));

test("an empty address lists all movies by title", () => {
  expect(queryOf("")).toEqual({ sort: "title" });
  expect(isFiltered(queryOf("sort=-title"))).toBe(false);
});

test("an address is read whole", () => {
  expect(
    queryOf(
      "search=pot+fie&status=casting&genre=war&genre=drama&released_from=2026-01-01" +
        "&released_to=2026-12-31&undated=false&sort=release_date",
    ),
  ).toEqual({
    search: "pot fie",
    status: "casting",
    genre: ["drama", "war"],
    released_from: "2026-01-01",
    released_to: "2026-12-31",
    undated: false,
    sort: "release_date",
  });
});

test.each([
  "status=none",
  "genre=none",
  "released_from=soon",
  "undated=perhaps",
  "search=+",
  "sort=director",
])("%s is left out", (text) => {
  expect(queryOf(text)).toEqual({ sort: "title" });
});

test.each([
  ["status=casting&sort=title", "-release_date"],
  ["released_to=2026-12-31&sort=-title", "-release_date"],
  ["undated=false&sort=release_date", "release_date"],
  ["search=pot&sort=release_date", undefined],
  ["search=pot&released_from=2026-01-01&sort=release_date", undefined],
  ["search=pot&status=casting&sort=release_date", "release_date"],
  ["search=pot&undated=true", "-release_date"],
])("%s is sorted by %s", (text, sort) => {
  expect(queryOf(text).sort).toBe(sort);
});

test("a search alone cannot be sorted", () => {
  expect(sortsOf({ search: "pot" })).toEqual([]);
});
