/** The fields of an actor, in the order of the form and of the profile. */

import type { Actor } from "~/api/types";
import { OLDEST } from "~/domain/ages";
import { COUNTRY_OPTIONS, GENDER_NAMES, optionsOf } from "~/domain/words";
import type { Field } from "~/forms/fields";

const age = { kind: "number", min: 0, max: OLDEST } as const;

export const ACTOR_FIELDS: Field<Actor>[] = [
  { name: "name", label: "Name", kind: "text", required: true },
  { name: "stage_name", label: "Stage name", kind: "text" },
  {
    name: "gender",
    label: "Gender",
    kind: "select",
    options: optionsOf(GENDER_NAMES),
    required: true,
  },
  { name: "active", label: "Can be cast", kind: "switch" },
  {
    name: "date_of_birth",
    label: "Date of birth",
    kind: "date",
    hint: "The age follows from it.",
    personal: true,
  },
  { name: "age", label: "Age", ...age, hint: "Replaces the date of birth if you change it." },
  { name: "playing_age_min", label: "Playing age from", ...age },
  { name: "playing_age_max", label: "Playing age to", ...age },
  { name: "height_cm", label: "Height in cm", kind: "number", min: 30, max: 272 },
  { name: "headshot_url", label: "Headshot", kind: "url", hint: "An address at https." },
  { name: "base_city", label: "Base city", kind: "text" },
  { name: "base_country", label: "Base country", kind: "select", options: COUNTRY_OPTIONS },
  { name: "languages", label: "Languages", kind: "languages", wide: true },
  { name: "skills", label: "Skills", kind: "tags", wide: true },
  { name: "unions", label: "Unions", kind: "tags", wide: true },
  { name: "email", label: "Email", kind: "email", personal: true },
  { name: "phone", label: "Phone", kind: "phone", personal: true },
  { name: "agent", label: "Represented by", kind: "agent", wide: true, personal: true },
  { name: "availability", label: "Availability", kind: "ranges", wide: true },
  { name: "imdb_id", label: "IMDb id", kind: "text", hint: "Such as nm0000007." },
  { name: "tmdb_id", label: "TMDB id", kind: "number", min: 1, max: 2 ** 31 - 1 },
  { name: "notes", label: "Notes", kind: "textarea", wide: true, personal: true },
];
