import { expect, test } from "vitest";

import { requirements } from "./requirements";

const NOTHING = {
  part_type: null,
  gender: null,
  playing_age_min: null,
  playing_age_max: null,
  languages: null,
  skills: null,
  unions: null,
};

test("a part that asks for nothing has an empty line", () => {
  expect(requirements(NOTHING)).toBe("");
});

test("requirements are in one line", () => {
  expect(
    requirements({
      part_type: "lead",
      gender: "female",
      playing_age_min: 30,
      playing_age_max: 40,
      languages: { pl: "fluent" },
      skills: ["riding", "fencing"],
      unions: ["SAG-AFTRA"],
    }),
  ).toBe("Lead · Female · 30–40 · Polish (fluent) · riding, fencing · SAG-AFTRA");
});
