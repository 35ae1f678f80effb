import { describe, expect, it } from "vitest";

import type { Candidacy } from "~/api/types";

import { addMonths, engagementsOf, kindOf, upcoming, weeksOf } from "./calendar";

const may = { from: "2027-05-01", to: "2027-05-31" };

describe("kindOf", () => {
  const blocked = { ...may, kind: "blocked" as const };
  const free = { ...may, kind: "free" as const };
  const amber = { ...may, movieId: "amber" };
  const ferry = { from: "2027-05-31", to: "2027-06-30", movieId: "ferry" };
  it.each([
    ["nothing", "2027-04-30", [free], [], null],
    ["free", "2027-05-01", [free], [], "free"],
    ["blocked", "2027-05-31", [free, blocked], [], "blocked"],
    ["engaged", "2027-05-02", [free], [amber], "engaged"],
    ["engaged twice in one movie", "2027-05-02", [], [amber, amber], "engaged"],
    ["engaged although blocked", "2027-05-02", [blocked], [amber], "clash"],
    ["engaged in two movies", "2027-05-31", [], [amber, ferry], "clash"],
  ])("of a day with %s", (_, day, ranges, engagements, expected) => {
    expect(kindOf(day, ranges, engagements)).toBe(expected);
  });
});

describe("engagementsOf", () => {
  const candidacy = (status: string, movie: string, start: string | null, end: string | null) =>
    ({
      status,
      movie_id: movie,
      movie_title: movie.toUpperCase(),
      part_name: "Rick",
      work_start: start,
      work_end: end,
    }) as unknown as Candidacy;

  it("returns holds, offers and casts with days, and other roles", () => {
    const candidacies = [
      candidacy("on_hold", "b", "2027-06-01", null),
      candidacy("on_avail", "c", "2027-06-01", "2027-06-02"),
      candidacy("cast", "d", null, null),
    ];
    const role = (movie: string) => ({
      movie_id: movie,
      character_name: null,
      work_start: "2027-05-01",
      work_end: "2027-05-02",
    });
    expect(engagementsOf(candidacies, [role("b"), role("a")], () => "Title")).toEqual([
      {
        from: "2027-05-01",
        to: "2027-05-02",
        movieId: "a",
        name: "Role",
        movie: "Title",
        status: null,
      },
      {
        from: "2027-06-01",
        to: "2027-06-01",
        movieId: "b",
        name: "Rick",
        movie: "B",
        status: "on_hold",
      },
    ]);
  });
});

describe("months", () => {
  it("are added across years", () => {
    expect(addMonths("2026-11", 2)).toBe("2027-01");
    expect(addMonths("2027-01", -1)).toBe("2026-12");
    expect(addMonths("2026-12", 0)).toBe("2026-12");
  });

  it("have whole weeks that begin on Monday", () => {
    const weeks = weeksOf("2027-05");
    expect(weeks).toHaveLength(6);
    expect(weeks[0]).toEqual([null, null, null, null, null, "2027-05-01", "2027-05-02"]);
    expect(weeks.at(-1)).toEqual(["2027-05-31", null, null, null, null, null, null]);
    expect(weeksOf("2027-02")).toHaveLength(4);
    expect(weeksOf("2026-12").flat().filter(Boolean)).toHaveLength(31);
  });
});

describe("upcoming", () => {
  it("leaves out what is over", () => {
    const june = { from: "2027-06-01", to: "2027-06-02" };
    const april = { from: "2027-04-01", to: "2027-04-30" };
    expect(upcoming([june, april, may], "2027-05-31")).toEqual([may, june]);
  });
});
