/** An actor's days: free, blocked, engaged; and the months of a calendar. */

import type { Candidacy, DateRange, Status } from "~/api/types";

import { addDays, toTime, type Days } from "./dates";
import { isEngaged } from "./statuses";

/** Days on which an actor is engaged. */
export interface Engagement extends Days {
  movieId: string;
  /** What they are engaged for: a part or a character. */
  name: string;
  movie: string;
  status: Status | null;
}

export type DayKind = "free" | "blocked" | "engaged" | "clash";

const includes = (range: Days, day: string) => range.from <= day && day <= range.to;

interface Working {
  movie_id: string;
  work_start: string | null;
  work_end: string | null;
}

/** Return the days of work, as the API counts them: one end alone is one day. */
function daysOfWork({ work_start, work_end }: Working): Days | null {
  const [from, to] = [work_start ?? work_end, work_end ?? work_start];
  return from === null || to === null ? null : { from, to };
}

/**
 * Return all engagements, the earliest first. A role that follows from an engagement has its
 * movie, and is left out.
 */
export function engagementsOf(
  candidacies: readonly Candidacy[],
  roles: readonly (Working & { character_name: string | null })[],
  titleOf: (movieId: string) => string,
): Engagement[] {
  const found: Engagement[] = [];
  for (const candidacy of candidacies) {
    const days = daysOfWork(candidacy);
    if (!days || !isEngaged(candidacy.status)) continue;
    const { movie_id: movieId, part_name: name, movie_title: movie, status } = candidacy;
    found.push({ ...days, movieId, name, movie, status });
  }
  const known = new Set(found.map((each) => each.movieId));
  for (const role of roles) {
    const days = daysOfWork(role);
    if (!days || known.has(role.movie_id)) continue;
    const name = role.character_name ?? "Role";
    const { movie_id: movieId } = role;
    found.push({ ...days, movieId, name, movie: titleOf(movieId), status: null });
  }
  return found.sort(byStart);
}

const byStart = (a: Days, b: Days) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0);

/** Return what a day is. Somebody who is blocked on it, or works in two movies, has a clash. */
export function kindOf(
  day: string,
  ranges: readonly DateRange[],
  engagements: readonly (Days & { movieId: string })[],
): DayKind | null {
  const movies = engagements.filter((each) => includes(each, day)).map((each) => each.movieId);
  const kinds = ranges.filter((range) => includes(range, day)).map((range) => range.kind);
  const isBlocked = kinds.includes("blocked");
  if (new Set(movies).size > 1 || (movies.length > 0 && isBlocked)) return "clash";
  if (movies.length > 0) return "engaged";
  if (isBlocked) return "blocked";
  return kinds.includes("free") ? "free" : null;
}

/** Return a month so many months later, as `YYYY-MM`. */
export function addMonths(month: string, count: number): string {
  const [year = 0, number = 1] = month.split("-").map(Number);
  const months = year * 12 + number - 1 + count;
  const pad = (value: number, width: number) => String(value).padStart(width, "0");
  return `${pad(Math.floor(months / 12), 4)}-${pad((months % 12) + 1, 2)}`;
}

/** Return the weeks of a month, Monday first. Days of other months are null. */
export function weeksOf(month: string): (string | null)[][] {
  const first = `${month}-01`;
  const weekday = (new Date(toTime(first)).getUTCDay() + 6) % 7;
  const weeks: (string | null)[][] = [];
  for (let start = addDays(first, -weekday); start < `${addMonths(month, 1)}-01`;) {
    const week = Array.from({ length: 7 }, (_, index) => addDays(start, index));
    weeks.push(week.map((day) => (day.startsWith(month) ? day : null)));
    start = addDays(start, 7);
  }
  return weeks;
}

/** Return the ranges that end on a day or later, the earliest first. */
export const upcoming = <T extends Days>(ranges: readonly T[], today: string): T[] =>
  ranges.filter((range) => range.to >= today).sort(byStart);
