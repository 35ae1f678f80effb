/** The contract's values in words, and their order in menus. */

import { countryValues, genreValues } from "~/api/schema";
import type { Actor, DateRange, Level, Movie, Part, Status } from "~/api/types";

type Gender = Actor["gender"];
type Words<T extends string> = Record<T, string>;

export interface Option {
  value: string;
  label: string;
}

export const STATUS_NAMES: Words<Status> = {
  submitted: "Submitted",
  shortlisted: "Shortlisted",
  auditioning: "Auditioning",
  callback: "Callback",
  on_avail: "On avail",
  backup: "Backup",
  passed: "Passed",
  on_hold: "On hold",
  offered: "Offered",
  cast: "Cast",
  declined: "Declined",
  released: "Released",
};

export const MOVIE_STATUS_NAMES: Words<NonNullable<Movie["status"]>> = {
  rumored: "Rumored",
  planned: "Planned",
  casting: "Casting",
  in_production: "In production",
  post_production: "Post-production",
  released: "Released",
  canceled: "Canceled",
};

export const PART_STATUS_NAMES: Words<Part["status"]> = {
  open: "Open",
  cast: "Cast",
  closed: "Closed",
};

export const PART_TYPE_NAMES: Words<NonNullable<Part["part_type"]>> = {
  lead: "Lead",
  supporting: "Supporting",
  featured: "Featured",
  extra: "Extra",
};

export const GENDER_NAMES: Words<Gender> = {
  female: "Female",
  male: "Male",
  "non-binary": "Non-binary",
  other: "Other",
  undisclosed: "Undisclosed",
};

export const LEVEL_NAMES: Words<Level> = {
  native: "Native",
  fluent: "Fluent",
  conversational: "Conversational",
  basic: "Basic",
};

export const RANGE_NAMES: Words<DateRange["kind"]> = { free: "Free", blocked: "Blocked" };

/** Return the menu of a table of words, in its order. */
export const optionsOf = (words: Record<string, string>): Option[] =>
  Object.entries(words).map(([value, label]) => ({ value, label }));

const languageNames = new Intl.DisplayNames(undefined, { type: "language" });
const countryNames = new Intl.DisplayNames(undefined, { type: "region" });

/** Return the name of a BCP 47 code in the reader's language, or the code. */
export function languageName(code: string): string {
  try {
    return languageNames.of(code) ?? code;
  } catch {
    return code;
  }
}

export const countryName = (code: string) => countryNames.of(code) ?? code;

const byLabel = (a: Option, b: Option) => a.label.localeCompare(b.label);

/** Languages that are often asked for. Others can be typed as a BCP 47 code. */
const COMMON_LANGUAGES = (
  "ar bg bn ca cs da de el en es et fa fi fr ga he hi hr hu id is it ja ko lt lv ms nb nl pl pt " +
  "ro ru sk sl sr sv sw ta th tl tr uk ur vi yue zh"
).split(" ");

export const LANGUAGE_OPTIONS = COMMON_LANGUAGES.map((value) => ({
  value,
  label: languageName(value),
})).sort(byLabel);

export const COUNTRY_OPTIONS = countryValues
  .map((value) => ({ value, label: countryName(value) }))
  .sort(byLabel);

const sentenceCase = (value: string) =>
  value.charAt(0).toUpperCase() + value.slice(1).replaceAll("_", " ");

export const genreName = sentenceCase;
export const GENRE_OPTIONS = genreValues.map((value) => ({ value, label: genreName(value) }));

/** Return the label of a field that has no better one: `release_date` is "Release date". */
export const fieldLabel = sentenceCase;

/** Show a range of playing ages, such as `30–40`. */
export function ages(min: number | null | undefined, max: number | null | undefined): string {
  if (min == null && max == null) return "";
  if (min === max) return `${min}`;
  if (min == null) return `up to ${max}`;
  return max == null ? `${min}+` : `${min}–${max}`;
}
