/** One change of a candidate: how it is sent, and what can come of it. */

import { createStore } from "~/app/store";

import { api, ifMatch, unwrap } from "./client";
import { limited } from "./limited";
import type { Candidate, CandidateChanges } from "./types";

/** A change that somebody else's change has overtaken. The person chooses. */
export interface Overtaken {
  changes: CandidateChanges;
  theirs: Candidate;
  before: Candidate;
}

export const overtaken = createStore<Overtaken[]>([]);

export interface Outcome {
  candidate: Candidate;
  saved: boolean;
  /** Somebody else was faster, and the person is asked what to do. */
  asked?: boolean;
}

/** Writes at once. A browser has six connections, and pages must be read meanwhile. */
const slots = limited(3);

const send = async (candidate: Candidate, changes: CandidateChanges) =>
  (
    await unwrap(
      api.PATCH("/candidates/{candidate_id}", {
        params: { path: { candidate_id: candidate.id }, header: ifMatch(candidate) },
        body: changes,
      }),
    )
  ).candidate;

/** Whether a candidate is as the changes want it. */
export const has = (candidate: Candidate, changes: CandidateChanges) =>
  Object.entries(changes).every(
    ([name, value]) => candidate[name as keyof Candidate] === (value as unknown),
  );

export const sendInTurn = (candidate: Candidate, changes: CandidateChanges) =>
  slots(() => send(candidate, changes));
