/** The search of actors: as the address says it and as the API takes it. */

import type { ActorQuery, Part } from "~/api/types";

import { OLDEST } from "./ages";

/** The parameters of each filter. Two days are one filter. */
const FILTERS = [
  ["search"],
  ["gender"],
  ["playing_age"],
  ["language"],
  ["skill"],
  ["union"],
  ["country"],
  ["available_from", "available_to"],
  ["active"],
];

/** All values of a repeated filter must match, and the API takes so many. */
export const MAX_VALUES = 8;

/** A change of the address that takes all filters away. */
export const NO_FILTERS = Object.fromEntries(FILTERS.flat().map((name) => [name, null]));

export const countFilters = (params: URLSearchParams) =>
  FILTERS.filter((names) => names.some((name) => params.has(name))).length;

/**
 * Whether the API can list what matches by name. Words are found in their own order, unless
 * another filter has a list that is in the order of names.
 */
export const canSort = (params: URLSearchParams) =>
  !params.has("search") ||
  ["gender", "language", "skill", "union", "country", "active"].some((name) => params.has(name));

/** Return what the API is asked for. Invalid values are left to the API, which says what is wrong. */
export function actorQuery(params: URLSearchParams): ActorQuery {
  const one = (name: string) => params.get(name) ?? undefined;
  const all = (name: string) => (params.has(name) ? params.getAll(name) : undefined);
  const [from, to] = [one("available_from"), one("available_to")];
  // The API takes both or none. The form asks for the second.
  const days =
    from !== undefined && to !== undefined ? { available_from: from, available_to: to } : {};
  const active = one("active");
  return {
    search: one("search"),
    gender: one("gender") as ActorQuery["gender"],
    playing_age: one("playing_age"),
    language: all("language"),
    skill: all("skill"),
    union: all("union"),
    country: one("country") as ActorQuery["country"],
    ...days,
    active: active === undefined ? undefined : active === "true",
    sort: canSort(params) ? (one("sort") as ActorQuery["sort"]) : undefined,
  };
}

/** Return the ends of a range such as `30-40`, as two inputs show them: an open end is empty. */
export function agesOf(range: string | null): [min: string, max: string] {
  if (range === null) return ["", ""];
  const [min = "", max = min] = range.split("-");
  return [min === "0" ? "" : min, max === `${OLDEST}` ? "" : max];
}

/** Return the range of two inputs, or null if both are empty. */
export const rangeOf = (min: string, max: string) =>
  min === "" && max === "" ? null : `${min || "0"}-${max || `${OLDEST}`}`;

/** Return the filters that find actors for a part: those who have all that it asks for. */
export function filtersFor(part: Part): Record<string, unknown> {
  const { playing_age_min: min, playing_age_max: max } = part;
  // Of more values than the API takes, the first ones narrow the list enough.
  const first = (values: string[] | null) => (values ?? []).slice(0, MAX_VALUES);
  return {
    ...NO_FILTERS,
    gender: part.gender === "undisclosed" ? null : part.gender,
    playing_age: rangeOf(`${min ?? ""}`, `${max ?? ""}`),
    language: first(Object.keys(part.languages ?? {})),
    skill: first(part.skills),
    union: first(part.unions),
    available_from: part.work_start ?? part.work_end,
    available_to: part.work_end ?? part.work_start,
    active: true,
    part: part.id,
  };
}

/** Return the address of the list of actors who suit a part. From there they are added to it. */
export function searchFor(part: Part): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(filtersFor(part))) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== null) params.append(name, String(each));
    }
  }
  return `/actors?${params.toString()}`;
}
