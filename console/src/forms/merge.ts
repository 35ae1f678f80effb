/** Two people have changed the same resource: what each of them changed. */

import { same, type Values } from "./fields";

export interface Difference {
  field: string;
  base: unknown;
  mine: unknown;
  theirs: unknown;
  /** Both have changed it, to different values: the person must choose. */
  contested: boolean;
}

/** Return what differs between what the person read, what they want and what is there now. */
export function differences(base: Values, mine: Values, theirs: Values): Difference[] {
  return Object.keys({ ...base, ...mine })
    .map((field) => {
      const old = base[field] ?? null;
      const wanted = field in mine ? (mine[field] ?? null) : old;
      const current = theirs[field] ?? null;
      const contested = !same(wanted, old) && !same(current, old) && !same(wanted, current);
      return { field, base: old, mine: wanted, theirs: current, contested };
    })
    .filter(
      ({ base: old, mine: wanted, theirs: current }) => !same(wanted, old) || !same(current, old),
    );
}

export type Choice = "mine" | "theirs";

/** Return the choice that nobody has to make: the side that has changed the field. */
export function ownChoice({ base, mine, contested }: Difference): Choice | null {
  if (contested) return null;
  return same(mine, base) ? "theirs" : "mine";
}

/** Return what is left to send after the choices: the values that are not there yet. */
export function chosenValues(all: Difference[], choices: Record<string, Choice | null>): Values {
  return Object.fromEntries(
    all
      .filter(({ field, mine, theirs }) => choices[field] === "mine" && !same(mine, theirs))
      .map(({ field, mine }) => [field, mine]),
  );
}
