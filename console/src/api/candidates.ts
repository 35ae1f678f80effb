/**
 * Changes of a part's candidates: shown at once, sent in order, taken back if they fail.
 *
 * Somebody may press a second key before the first change has been answered. So each candidate has
 * a queue, and a change is sent with the version that the one before it has returned.
 */

import {
  useQueryClient,
  type QueryCacheNotifyEvent,
  type QueryClient,
  type QueryKey,
} from "@tanstack/react-query";
import { useEffect, useMemo } from "react";

import { createStore } from "~/app/store";
import { withCandidate, without, type Column } from "~/domain/columns";
import { isEngaged, movedCounts } from "~/domain/statuses";

import { api, ifMatch, unwrap } from "./client";
import { limited } from "./limited";
import { Problem } from "./problem";
import { keys, readCandidate } from "./queries";
import type { Candidate, CandidateChanges, Part, Status } from "./types";
import { sayProblem } from "./writes";

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
}

const EMPTY: Column = { pages: [{ items: [], next: null }], pageParams: [null] };

const RECENT_MS = 60_000;

/** Writes at once. A browser has six connections, and pages must be read meanwhile. */
const slots = limited(3);

const candidateKey = (id: string) => ["candidates", id];

const send = async (candidate: Candidate, changes: CandidateChanges) =>
  (
    await unwrap(
      api.PATCH("/candidates/{candidate_id}", {
        params: { path: { candidate_id: candidate.id }, header: ifMatch(candidate) },
        body: changes,
      }),
    )
  ).candidate;

const has = (candidate: Candidate, changes: CandidateChanges) =>
  Object.entries(changes).every(
    ([name, value]) => candidate[name as keyof Candidate] === (value as unknown),
  );

export class CandidateWriter {
  private readonly queues = new Map<string, Promise<unknown>>();
  private readonly latest = new Map<string, Candidate>();
  /** When the candidates were changed that a reading may not know yet. */
  private readonly recent = new Map<string, number>();

  constructor(
    private readonly queries: QueryClient,
    private readonly partId: string,
  ) {}

  /** Change a candidate: show it now, save it in its turn. Failures are shown. */
  async change(shown: Candidate, changes: CandidateChanges): Promise<Outcome> {
    const before = this.current(shown);
    const since = changes.status && changes.status !== before.status;
    this.show(before, {
      ...before,
      ...changes,
      ...(since ? { status_since: new Date().toISOString() } : {}),
    });
    const previous = this.queues.get(shown.id) ?? Promise.resolve();
    const turn = previous.then(() => this.save(shown.id, before, changes));
    this.queues.set(shown.id, turn);
    return turn;
  }

  /** The newest state of a candidate that this page knows. */
  current(candidate: Candidate): Candidate {
    const known = this.queries.getQueryData<Candidate>(candidateKey(candidate.id));
    return known && known.version >= candidate.version ? known : candidate;
  }

  private async save(id: string, before: Candidate, changes: CandidateChanges): Promise<Outcome> {
    const base = this.latest.get(id) ?? before;
    try {
      const saved = await slots(() => send(base, changes));
      this.settle(saved);
      if (isEngaged(before.status) || isEngaged(saved.status)) this.readPartAgain();
      return { candidate: saved, saved: true };
    } catch (error) {
      return this.fail(base, changes, error);
    }
  }

  private async fail(base: Candidate, changes: CandidateChanges, error: unknown): Promise<Outcome> {
    try {
      const theirs = await readCandidate(base.id);
      this.settle(theirs);
      if (has(theirs, changes)) return { candidate: theirs, saved: true };
      if (error instanceof Problem && error.status === 412) {
        overtaken.set([...overtaken.get(), { changes, theirs, before: base }]);
        return { candidate: theirs, saved: false };
      }
    } catch {
      this.settle(base);
    }
    sayProblem(error);
    return { candidate: base, saved: false };
  }

  /** Show what the API has returned. */
  private settle(candidate: Candidate): void {
    const shown = this.queries.getQueryData<Candidate>(candidateKey(candidate.id)) ?? candidate;
    this.latest.set(candidate.id, candidate);
    this.show(shown, candidate);
  }

  private show(before: Candidate, after: Candidate): void {
    const { queries, partId } = this;
    queries.setQueryData(candidateKey(after.id), after);
    this.recent.set(after.id, Date.now());
    const column = (status: Status) => keys.column(partId, status);
    const patch = (status: Status, change: (old: Column) => Column) =>
      queries.setQueryData<Column>(column(status), (old) => (old ? change(old) : old));
    if (before.status !== after.status) {
      patch(before.status, (old) => without(old, new Set([after.id])));
      const counts = queries.getQueryData<Part>(keys.part(partId))?.counts;
      if (counts?.[after.status] === 0) {
        // Nothing has to be read of an empty column.
        queries.setQueryData<Column>(column(after.status), (old) => old ?? EMPTY);
      }
      queries.setQueryData<Part>(keys.part(partId), (part) =>
        part ? { ...part, counts: movedCounts(part.counts, before.status, after.status) } : part,
      );
    }
    patch(after.status, (old) => withCandidate(old, after));
  }

  /** Show recent changes again in a column that was read while they were made. */
  correct(event: QueryCacheNotifyEvent): void {
    if (event.type !== "updated" || event.action.type !== "success" || event.action.manual) return;
    const queryKey = event.query.queryKey as QueryKey;
    const [kind, partId, list, status] = queryKey;
    if (kind !== "parts" || partId !== this.partId || list !== "candidates") return;
    const candidates: Candidate[] = [];
    for (const [id, at] of this.recent) {
      const candidate = this.queries.getQueryData<Candidate>(candidateKey(id));
      if (!candidate || at < Date.now() - RECENT_MS) this.recent.delete(id);
      else candidates.push(candidate);
    }
    const gone = candidates.filter((each) => each.status !== status);
    const here = candidates.filter((each) => each.status === status);
    this.queries.setQueryData<Column>(queryKey, (old) =>
      old ? here.reduce(withCandidate, without(old, new Set(gone.map((each) => each.id)))) : old,
    );
  }

  private readPartAgain(): void {
    void this.queries.invalidateQueries({ queryKey: keys.part(this.partId), exact: true });
    void this.queries.invalidateQueries({ queryKey: ["actors"] });
    void this.queries.invalidateQueries({ queryKey: ["movies"] });
  }
}

export function useCandidateWriter(partId: string): CandidateWriter {
  const queries = useQueryClient();
  const writer = useMemo(() => new CandidateWriter(queries, partId), [queries, partId]);
  useEffect(
    () => queries.getQueryCache().subscribe((event) => writer.correct(event)),
    [queries, writer],
  );
  return writer;
}
