/** How a resource's fields are shown in forms. A screen lists its fields once, in their order. */

import type { Option } from "~/domain/words";

interface Common {
  label: string;
  hint?: string;
  required?: boolean;
  /** Use the whole width of the form. */
  wide?: boolean;
  /** Only for those who may see personal data. */
  personal?: boolean;
}

export type Input =
  | { kind: "text" | "date" | "url" | "email" | "phone" }
  | { kind: "textarea" | "tags" | "languages" | "agent" | "ranges" | "switch" }
  | { kind: "number"; min: number; max: number }
  | { kind: "select" | "multi" | "code"; options: Option[] };

export type Field<T> = Common & Input & { name: keyof T & string };

export type Values = Record<string, unknown>;

/** Return the fields whose values differ from those of `base`, as they are sent. */
export function changedValues(base: Values, values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => !same(base[name] ?? null, value ?? null)),
  );
}

/** Compare two JSON values. The order of an object's members does not matter. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a as Values, b as Values];
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => name in right && same(left[name], right[name]))
  );
}

/** Return what a new resource is sent with: all that has a value, and what is required. */
export function newValues<T>(fields: Field<T>[], values: Values): Values {
  const sent = fields.filter(
    ({ name, required }) => (values[name] ?? null) !== null || required === true,
  );
  return Object.fromEntries(sent.map(({ name }) => [name, values[name] ?? null]));
}
