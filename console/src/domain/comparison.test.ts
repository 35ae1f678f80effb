import { expect, it } from "vitest";

import { comparedIds, comparisonOf } from "./comparison";

it("reads up to four ids, each once", () => {
  expect(comparedIds("a,b,,a,c,d,e")).toEqual(["a", "b", "c", "d"]);
  expect(comparedIds(null)).toEqual([]);
  expect(comparisonOf(["a", "b"])).toBe("/compare?ids=a,b");
});
