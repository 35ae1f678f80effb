import { describe, expect, it } from "vitest";

import { withAge } from "./ages";

describe("withAge", () => {
  it("says of a new actor that neither is known", () => {
    expect(withAge({ name: "Ilsa" }, null)).toEqual({ name: "Ilsa", age: null });
  });

  it("keeps what is known of a new actor", () => {
    expect(withAge({ age: 30 }, null)).toEqual({ age: 30 });
    expect(withAge({ date_of_birth: "1990-01-01" }, null)).toEqual({ date_of_birth: "1990-01-01" });
  });

  it("keeps the age when the date of birth is taken away", () => {
    expect(withAge({ date_of_birth: null }, { age: 36 })).toEqual({ date_of_birth: null, age: 36 });
    const both = { date_of_birth: null, age: null };
    expect(withAge(both, { age: 36 })).toEqual(both);
  });

  it("adds nothing to other changes", () => {
    expect(withAge({ name: "Ilsa" }, { age: 36 })).toEqual({ name: "Ilsa" });
    expect(withAge({ age: 40 }, { age: 36 })).toEqual({ age: 40 });
  });
});
