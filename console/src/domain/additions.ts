/** Adding many actors to a part: in batches, with one outcome for all of them. */

import { MAX_ADDED } from "~/api/rules";
import type { Candidate, Refusal } from "~/api/types";

export interface Outcome {
  added: Candidate[];
  existing: Candidate[];
  refused: Refusal[];
}

export const NO_OUTCOME: Outcome = { added: [], existing: [], refused: [] };

/** Return a list in pieces of at most `size`. */
export function batchesOf<T>(list: readonly T[], size = MAX_ADDED): T[][] {
  const count = Math.ceil(list.length / size);
  return Array.from({ length: count }, (_, index) => list.slice(index * size, (index + 1) * size));
}

/**
 * Return an outcome with the answer to one more batch. Who was added after `since`, in the API's
 * time, was added by it; the others were there already.
 */
export function withAnswer(
  outcome: Outcome,
  answer: { candidates: Candidate[]; refused: Refusal[] },
  since: number,
): Outcome {
  const isNew = (candidate: Candidate) => Date.parse(candidate.created_at) >= since;
  return {
    added: [...outcome.added, ...answer.candidates.filter(isNew)],
    existing: [...outcome.existing, ...answer.candidates.filter((each) => !isNew(each))],
    refused: [...outcome.refused, ...answer.refused],
  };
}

/** A `Date` header is in whole seconds. */
const PRECISION_MS = 1_000;

/** Return when a request was sent, in the API's time. */
export function sentAt(dateHeader: string | null, elapsedMs: number, now = Date.now()): number {
  const answered = dateHeader === null ? now : Date.parse(dateHeader);
  return (Number.isNaN(answered) ? now : answered) - elapsedMs - PRECISION_MS;
}
