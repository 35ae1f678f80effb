/** How a candidate's status may change, and for whom. */

import { BEST_RATING, ENDED, ENGAGEMENT, NEXT, SELECTION, STATUSES } from "~/api/rules";
import type { Candidate, Part, Status } from "~/api/types";

/** The columns of a board from left to right: from the first look to the contract, then the rest. */
export const BOARD: readonly Status[] = [
  ...STATUSES.filter((status) => SELECTION.includes(status) && status !== "passed").reverse(),
  ...STATUSES.filter((status) => ENGAGEMENT.includes(status)).reverse(),
  "passed",
  ...STATUSES.filter((status) => ENDED.includes(status)),
];

export const isEngaged = (status: Status) => ENGAGEMENT.includes(status);
export const isSelection = (status: Status) => SELECTION.includes(status);

/** Whether a change of the status needs the permission to engage people. */
export const needsEngaging = (from: Status, to: Status) => !isSelection(to) || isEngaged(from);

/** Return the statuses that somebody may set next. */
export function nextStatuses(from: Status, mayEngage: boolean): Status[] {
  return BOARD.filter((to) => NEXT[from].includes(to) && (mayEngage || !needsEngaging(from, to)));
}

/** Return whether a status can be set back by one more change. */
export const canUndo = (before: Status, after: Status) => NEXT[after].includes(before);

/** Compare two candidates as a column of a board does: best rated first, then the longest waiting. */
export function compareInColumn(a: Candidate, b: Candidate): number {
  const rating = (b.rating ?? 0) - (a.rating ?? 0);
  if (rating !== 0) return rating;
  if (a.status_since !== b.status_since) return a.status_since < b.status_since ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

/** Return a part's counts after one candidate has moved. */
export function movedCounts(counts: Part["counts"], from: Status, to: Status): Part["counts"] {
  return { ...counts, [from]: Math.max(counts[from] - 1, 0), [to]: counts[to] + 1 };
}

/** Return the rating that a key sets: 1 to 6, `0` for none, or undefined for other keys. */
export function ratingOf(key: string): number | null | undefined {
  if (!/^\d$/.test(key) || Number(key) > BEST_RATING) return undefined;
  return key === "0" ? null : Number(key);
}
