/** What a part asks for, in one line. */

import type { Part } from "~/api/types";

import { ages, GENDER_NAMES, languageName, LEVEL_NAMES, PART_TYPE_NAMES } from "./words";

type Asked = Pick<
  Part,
  "part_type" | "gender" | "playing_age_min" | "playing_age_max" | "languages" | "skills" | "unions"
>;

/** Return the requirements of a part, such as `Lead · Female · 30–40 · Polish (fluent)`. */
export function requirements(part: Asked): string {
  const languages = Object.entries(part.languages ?? {}).map(
    ([code, level]) => `${languageName(code)} (${LEVEL_NAMES[level].toLowerCase()})`,
  );
  return [
    part.part_type && PART_TYPE_NAMES[part.part_type],
    part.gender && GENDER_NAMES[part.gender],
    ages(part.playing_age_min, part.playing_age_max),
    languages.join(", "),
    part.skills?.join(", "),
    part.unions?.join(", "),
  ]
    .filter(Boolean)
    .join(" · ");
}
