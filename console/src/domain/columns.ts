/** The cached columns of a board, patched when candidates move. */

import type { Page, Pages } from "~/api/lists";
import type { Candidate } from "~/api/types";

import { compareInColumn } from "./statuses";

export type Column = Pages<Candidate>;

/** Return a column without some candidates; the same object if none of them was in it. */
export function without(column: Column, ids: ReadonlySet<string>): Column {
  if (!column.pages.some((page) => page.items.some((each) => ids.has(each.id)))) return column;
  const pages = column.pages.map((page) => ({
    ...page,
    items: page.items.filter((each) => !ids.has(each.id)),
    end: page.end ?? page.items.at(-1),
  }));
  return { ...column, pages };
}

const isAfterEnd = (candidate: Candidate, end: Candidate) => {
  const isSame =
    candidate.id === end.id &&
    candidate.rating === end.rating &&
    candidate.status_since === end.status_since;
  return !isSame && compareInColumn(candidate, end) > 0;
};

/**
 * Return a column with a candidate in its place. Beyond the pages that have been read, the
 * candidate is left out: the page that has it is still to come.
 */
export function withCandidate(column: Column, candidate: Candidate): Column {
  const cleared = without(column, new Set([candidate.id]));
  const isAfter = (page: Page<Candidate>) => {
    const last = page.items.at(-1);
    return last !== undefined && compareInColumn(candidate, last) < 0;
  };
  let index = cleared.pages.findIndex(isAfter);
  if (index < 0) {
    index = cleared.pages.length - 1;
    const page = cleared.pages[index];
    const end = page?.end ?? page?.items.at(-1);
    if (page?.next !== null && (end === undefined || isAfterEnd(candidate, end))) return cleared;
  }
  const pages = cleared.pages.map((page, at) => {
    if (at !== index) return page;
    const place = page.items.findIndex((each) => compareInColumn(candidate, each) < 0);
    const items = [...page.items];
    items.splice(place < 0 ? items.length : place, 0, candidate);
    return { ...page, items };
  });
  return { ...cleared, pages };
}
