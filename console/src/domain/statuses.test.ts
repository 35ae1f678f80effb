import { describe, expect, it } from "vitest";

import { STATUSES } from "~/api/rules";

import { BOARD, canUndo, movedCounts, needsEngaging, nextStatuses, ratingOf } from "./statuses";

describe("the statuses of a candidate", () => {
  it("are all columns of the board, once", () => {
    expect([...BOARD].sort()).toEqual([...STATUSES].sort());
  });

  it("go from the first look to the contract", () => {
    expect(BOARD[0]).toBe("submitted");
    expect(BOARD.indexOf("shortlisted")).toBeLessThan(BOARD.indexOf("on_hold"));
    expect(BOARD.indexOf("on_hold")).toBeLessThan(BOARD.indexOf("cast"));
  });

  it("offer an assistant no engagement, and no end of one", () => {
    expect(nextStatuses("shortlisted", false)).not.toContain("on_hold");
    expect(nextStatuses("on_hold", false)).toEqual([]);
    expect(nextStatuses("shortlisted", true)).toContain("on_hold");
  });

  it("let an engagement end only by declining or a release", () => {
    const next = nextStatuses("cast", true);
    expect(next).toContain("released");
    expect(next).not.toContain("shortlisted");
  });

  it("need the permission to engage on both sides of an engagement", () => {
    expect(needsEngaging("submitted", "passed")).toBe(false);
    expect(needsEngaging("submitted", "offered")).toBe(true);
    expect(needsEngaging("offered", "declined")).toBe(true);
  });

  it("can be set back within the selection only", () => {
    expect(canUndo("submitted", "passed")).toBe(true);
    expect(canUndo("shortlisted", "on_hold")).toBe(false);
    expect(canUndo("released", "shortlisted")).toBe(false);
  });

  it("move one in the counts", () => {
    const none = Object.fromEntries(STATUSES.map((status) => [status, 0]));
    const counts = { ...none, submitted: 2 } as Parameters<typeof movedCounts>[0];
    expect(movedCounts(counts, "submitted", "passed")).toMatchObject({ submitted: 1, passed: 1 });
    expect(movedCounts(counts, "backup", "passed")).toMatchObject({ backup: 0 });
  });
});

describe("a key", () => {
  it.each([
    ["1", 1],
    ["6", 6],
    ["0", null],
    ["7", undefined],
    ["s", undefined],
  ])("%s rates %s", (key, rating) => expect(ratingOf(key)).toBe(rating));
});
