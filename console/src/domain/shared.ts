/** What several lists have in common. */

/** Return each value with the number of lists that it is in, the most common first. */
export function commonFirst(lists: readonly (readonly string[])[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const value of lists.flatMap((list) => [...new Set(list)])) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b));
}
