/** The address of the movies' screen as a query of the API: which values and orders it takes. */

import { genreValues, movieStatusValues } from "~/api/schema";
import type { MovieQuery } from "~/api/types";

export type MovieSort = NonNullable<MovieQuery["sort"]>;

const MAX_SEARCH = 200;
const MAX_GENRES = 8;

const oneOf = <T extends string>(values: readonly T[], text: string | null) =>
  values.find((value) => value === text);

const dayOf = (text: string | null) =>
  text !== null && /^\d{4}-\d\d-\d\d$/.test(text) ? text : undefined;

/** Return whether a query asks for more than an order. */
export const isFiltered = (query: MovieQuery) => Object.keys(query).some((name) => name !== "sort");

/** Return the orders in which the API can list what a query finds, the usual one first. */
export function sortsOf(query: MovieQuery): MovieSort[] {
  if (!isFiltered(query)) return ["title", "-title", "release_date", "-release_date"];
  const hasSortedIndex =
    query.status !== undefined || query.genre !== undefined || query.undated === true;
  if (query.search !== undefined && !hasSortedIndex) return [];
  return ["-release_date", "release_date"];
}

/** Return the query that an address asks for. What the API would reject is left out. */
export function movieQuery(params: URLSearchParams): MovieQuery {
  const search = params.get("search")?.trim().slice(0, MAX_SEARCH);
  const status = oneOf(movieStatusValues, params.get("status"));
  const genres = genreValues.filter((genre) => params.getAll("genre").includes(genre));
  const from = dayOf(params.get("released_from"));
  const to = dayOf(params.get("released_to"));
  const undated = oneOf(["true", "false"], params.get("undated"));
  const query: MovieQuery = {
    ...(search && { search }),
    ...(status && { status }),
    ...(genres.length > 0 && { genre: genres.slice(0, MAX_GENRES) }),
    ...(from && { released_from: from }),
    ...(to && { released_to: to }),
    ...(undated && { undated: undated === "true" }),
  };
  const sorts = sortsOf(query);
  const sort = oneOf(sorts, params.get("sort")) ?? sorts[0];
  return { ...query, ...(sort && { sort }) };
}
