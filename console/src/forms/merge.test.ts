import { describe, expect, it } from "vitest";

import { changedValues, newValues, same } from "./fields";
import { chosenValues, differences, ownChoice } from "./merge";

const base = { title: "Heat", director: null, genres: ["crime"], runtime_minutes: 170 };

describe("two people who change the same resource", () => {
  const mine = { title: "Heat 2", genres: ["crime", "drama"] };
  const theirs = { ...base, title: "The Heat", director: "Michael Mann" };
  const all = differences(base, mine, theirs);

  it("see every field that one of them has changed", () => {
    expect(all.map((each) => each.field)).toEqual(["title", "director", "genres"]);
  });

  it("must choose only where both have changed the same field", () => {
    expect(all.map(ownChoice)).toEqual([null, "theirs", "mine"]);
  });

  it("send only what is not there already", () => {
    const choices = { title: "theirs", director: "theirs", genres: "mine" } as const;
    expect(chosenValues(all, choices)).toEqual({ genres: ["crime", "drama"] });
    expect(chosenValues(all, { ...choices, title: "mine" })).toMatchObject({ title: "Heat 2" });
  });

  it("can take the other's change back", () => {
    const choices = { title: "theirs", director: "mine", genres: "theirs" } as const;
    expect(chosenValues(all, choices)).toEqual({ director: null });
  });

  it("agree if both have made the same change", () => {
    const agreed = differences(base, { title: "Heat 2" }, { ...base, title: "Heat 2" });
    expect(agreed.map((each) => each.contested)).toEqual([false]);
    expect(chosenValues(agreed, { title: "mine" })).toEqual({});
  });
});

describe("what is sent", () => {
  it("is only what has changed", () => {
    expect(changedValues(base, { ...base, genres: ["crime"], title: "X" })).toEqual({ title: "X" });
    expect(changedValues(base, { runtime_minutes: null })).toEqual({ runtime_minutes: null });
    expect(changedValues({}, { director: null })).toEqual({});
  });

  it("of a new resource is what has a value, and what is required", () => {
    const fields = [
      { name: "title" as const, label: "", kind: "text" as const, required: true },
      { name: "release_date" as const, label: "", kind: "date" as const, required: true },
      { name: "director" as const, label: "", kind: "text" as const },
    ];
    expect(newValues(fields, { title: "Heat" })).toEqual({ title: "Heat", release_date: null });
  });
});

describe("two values", () => {
  it.each([
    [{ pl: "fluent", en: "basic" }, { en: "basic", pl: "fluent" }, true],
    [{ pl: "fluent" }, { pl: "basic" }, false],
    [{ pl: "fluent" }, { en: "fluent" }, false],
    [["a", "b"], ["b", "a"], false],
    [[], {}, false],
    [null, null, true],
    [null, {}, false],
  ])("%j and %j", (a, b, equal) => expect(same(a, b)).toBe(equal));
});
