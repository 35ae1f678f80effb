/** The order of the billing: which numbers change when somebody is moved. */

export const LAST_BILLING = 9999;

export interface Billed {
  id: string;
  billing_order: number | null;
}

/** Return the list after the item at `from` has moved to the place `to`. */
export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const next = [...items];
  const [item] = next.splice(from, 1);
  if (item !== undefined) next.splice(to, 0, item);
  return next;
}

/**
 * Return the new numbers of those that need another one, in the order that `ids` wants. `items` is
 * the present order: by number, and those without a number last.
 *
 * The numbers that are in use go to those who are now at their places, so gaps stay and only those
 * between the old and the new place change.
 */
export function billingChanges(
  items: readonly Billed[],
  ids: readonly string[],
): Map<string, number> {
  const byId = new Map(items.map((item) => [item.id, item]));
  const wanted = ids.flatMap((id) => byId.get(id) ?? []);
  const isMoved = (item: Billed, index: number) => item.id !== items[index]?.id;
  const firstMoved = wanted.findIndex(isMoved);
  if (firstMoved === -1) return new Map();
  const lastMoved = wanted.findLastIndex(isMoved);
  // A list ends with those who have no number: nobody after them could have one.
  const firstUnnumbered = items.findIndex((item) => item.billing_order === null);
  const start = firstUnnumbered === -1 ? firstMoved : Math.min(firstMoved, firstUnnumbered);

  const numbers = new Map<string, number>();
  let last = items[start - 1]?.billing_order ?? 0;
  for (const [index, item] of wanted.entries()) {
    if (index < start) continue;
    const slot = items[index]?.billing_order ?? null;
    if (index > lastMoved && (slot === null || slot > last)) break; // all that follow may stay
    last = slot !== null && slot > last ? slot : last + 1;
    numbers.set(item.id, last);
  }
  if (last > LAST_BILLING) wanted.forEach((item, index) => numbers.set(item.id, index + 1));
  return new Map([...numbers].filter(([id, number]) => byId.get(id)?.billing_order !== number));
}

/** Return the number of somebody who is added after all others. */
export function nextBilling(items: readonly Billed[]): number {
  const largest = Math.max(0, ...items.map((item) => item.billing_order ?? 0));
  return Math.min(largest + 1, LAST_BILLING);
}
