/** The address of a comparison: `#/compare?ids=a,b,c`. */

export const MIN_COMPARED = 2;
export const MAX_COMPARED = 4;

/** Return the first ids of the parameter, each once. */
export const comparedIds = (ids: string | null) =>
  [...new Set((ids ?? "").split(",").filter(Boolean))].slice(0, MAX_COMPARED);

export const comparisonOf = (ids: string[]) => `/compare?ids=${ids.join(",")}`;
