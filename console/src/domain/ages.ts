/** An actor's age: given, or following from a date of birth. */

/** The API's limit of ages. */
export const OLDEST = 150;

type Values = Record<string, unknown>;

/**
 * Return the values of a form as the API takes them: it wants an age or a date of birth, and null
 * for the age if neither is known. Somebody who takes the date of birth away keeps the age that
 * the form shows.
 */
export function withAge(sent: Values, current: { age: number | null } | null): Values {
  if ((sent.date_of_birth ?? null) !== null || "age" in sent) return sent;
  if (current === null) return { ...sent, age: null };
  return "date_of_birth" in sent ? { ...sent, age: current.age } : sent;
}
