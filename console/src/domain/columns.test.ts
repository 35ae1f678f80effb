import { describe, expect, it } from "vitest";

import type { Candidate } from "~/api/types";

import { without, withCandidate, type Column } from "./columns";

const candidate = (id: string, rating: number | null, since = "2027-01-01T00:00:00Z") =>
  ({ id, rating, status_since: since }) as Candidate;

const column = (pages: Candidate[][], next: string | null = null): Column => ({
  pages: pages.map((items, index) => ({ items, next: index < pages.length - 1 ? "more" : next })),
  pageParams: pages.map(() => null),
});

const ids = (of: Column) => of.pages.map((page) => page.items.map((each) => each.id).join(""));

describe("a cached column", () => {
  const full = column([
    [candidate("a", 6), candidate("b", 5)],
    [candidate("c", 3), candidate("d", null)],
  ]);

  it("has a new candidate after all that are rated as well", () => {
    expect(ids(withCandidate(full, candidate("x", 5, "2027-02-01T00:00:00Z")))).toEqual([
      "ab",
      "xcd",
    ]);
  });

  it("has a candidate in its new place when the rating changes", () => {
    expect(ids(withCandidate(full, candidate("d", 6, "2026-01-01T00:00:00Z")))).toEqual([
      "dab",
      "c",
    ]);
  });

  it("has the last one at its end when all has been read", () => {
    expect(ids(withCandidate(full, candidate("x", null, "2028-01-01T00:00:00Z")))).toEqual([
      "ab",
      "cdx",
    ]);
  });

  it("leaves out whose page is still to come", () => {
    const open = column([[candidate("a", 6), candidate("b", 5)]], "cursor");
    expect(ids(withCandidate(open, candidate("x", 1)))).toEqual(["ab"]);
  });

  it("keeps the last one of a page after which others are still to come", () => {
    const open = column([[candidate("a", 6), candidate("b", 5)]], "cursor");
    const noted = { ...candidate("b", 5), note: "Warm." } as Candidate;
    expect(ids(withCandidate(open, noted))).toEqual(["ab"]);
  });

  it("has the last one of a page again who has left it and comes back", () => {
    const open = column([[candidate("a", 6), candidate("b", 5)]], "cursor");
    const left = without(open, new Set(["a", "b"]));
    expect(ids(withCandidate(left, candidate("b", 5)))).toEqual(["b"]);
    expect(ids(withCandidate(left, candidate("x", 1)))).toEqual([""]);
  });

  it("can be empty", () => {
    expect(ids(withCandidate(column([[]]), candidate("x", 1)))).toEqual(["x"]);
  });

  it("is the same object if nobody leaves it", () => {
    expect(without(full, new Set(["x"]))).toBe(full);
    expect(ids(without(full, new Set(["a", "d"])))).toEqual(["b", "c"]);
  });
});
