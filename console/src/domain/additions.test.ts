import { describe, expect, it } from "vitest";

import type { Candidate } from "~/api/types";

import { batchesOf, NO_OUTCOME, sentAt, withAnswer } from "./additions";

const candidate = (id: string, createdAt: string) =>
  ({ id, created_at: createdAt }) as unknown as Candidate;

describe("batchesOf", () => {
  it("cuts a list into pieces", () => {
    expect(batchesOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
    expect(batchesOf([], 2)).toEqual([]);
    expect(batchesOf([1, 2], 2)).toEqual([[1, 2]]);
  });
});

describe("withAnswer", () => {
  it("tells who was added and who was there already", () => {
    const before = candidate("a", "2026-11-25T09:30:00.000000Z");
    const after = candidate("b", "2026-11-25T10:00:00.500000Z");
    const refused = [{ actor_id: "c", detail: "There is no actor with this id." }];
    const since = Date.parse("2026-11-25T10:00:00Z");
    expect(withAnswer(NO_OUTCOME, { candidates: [before, after], refused }, since)).toEqual({
      added: [after],
      existing: [before],
      refused,
    });
  });
});

describe("sentAt", () => {
  it("returns the time of the request before its answer", () => {
    const answered = "Wed, 25 Nov 2026 10:00:05 GMT";
    expect(sentAt(answered, 2_000)).toBe(Date.parse("2026-11-25T10:00:02Z"));
    expect(sentAt(null, 500, 10_000)).toBe(8_500);
  });
});
