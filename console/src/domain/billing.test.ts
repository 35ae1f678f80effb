import { expect, test } from "vitest";

import { billingChanges, moved, nextBilling, type Billed } from "./billing";

const billed = (...numbers: (number | null)[]): Billed[] =>
  numbers.map((billing_order, index) => ({ id: "abcdefgh".charAt(index), billing_order }));

/** Return the changes of moving one of these, as `a3 b1`. */
function move(numbers: (number | null)[], from: number, to: number): string {
  const items = billed(...numbers);
  const ids = moved(
    items.map(({ id }) => id),
    from,
    to,
  );
  return [...billingChanges(items, ids)].map(([id, number]) => `${id}${number}`).join(" ");
}

test.each([
  ["nothing moves", [1, 2, 3], 1, 1, ""],
  ["the last becomes the first", [1, 2, 3], 2, 0, "c1 a2 b3"],
  ["the first becomes the last", [1, 2, 3], 0, 2, "b1 c2 a3"],
  ["two neighbours change places", [1, 2, 3, 4], 1, 2, "c2 b3"],
  ["gaps stay", [10, 20, 30, 40], 2, 1, "c20 b30"],
  ["those without a number get one up to the moved", [1, 2, null, null], 2, 0, "c1 a2 b3"],
  ["those without a number before the moved get one", [1, null, null, null], 3, 2, "b2 d3 c4"],
  ["nobody has a number", [null, null, null], 1, 0, "b1 a2"],
  ["equal numbers become different", [1, 1, 1, 5], 2, 0, "a2 b3"],
  ["what follows gives way", [1, 1, 2, 3], 1, 0, "a2 c3 d4"],
  ["numbers end at 9999", [1, 9999, null], 2, 1, "c2 b3"],
] as const)("%s", (_, numbers, from, to, changes) => {
  expect(move([...numbers], from, to)).toBe(changes);
});

test("the new numbers sort as wanted", () => {
  const items = billed(3, 3, 4, 9, 9, null, null);
  for (let from = 0; from < items.length; from++) {
    for (let to = 0; to < items.length; to++) {
      const ids = moved(
        items.map(({ id }) => id),
        from,
        to,
      );
      const changes = billingChanges(items, ids);
      const number = (id: string) =>
        changes.get(id) ?? items.find((item) => item.id === id)?.billing_order ?? Infinity;
      const sorted = ids.toSorted((a, b) =>
        number(a) === number(b) ? ids.indexOf(a) - ids.indexOf(b) : number(a) - number(b),
      );
      expect(sorted).toEqual(ids);
    }
  }
});

test("somebody new comes after all others", () => {
  expect(nextBilling(billed(1, 4, null))).toBe(5);
  expect(nextBilling([])).toBe(1);
  expect(nextBilling(billed(9999))).toBe(9999);
});
