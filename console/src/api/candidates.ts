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

import { withCandidate, without, type Column } from "~/domain/columns";
import { isEngaged, movedCounts } from "~/domain/statuses";

import { Problem } from "./problem";
import { keys, readCandidate } from "./queries";
import type { Candidate, CandidateChanges, Part, Status } from "./types";
import { has, overtaken, sendInTurn, type Outcome } from "./candidateWrites";
import { sayProblem } from "./writes";

const EMPTY: Column = { pages: [{ items: [], next: null }], pageParams: [null] };

const RECENT_MS = 60_000;

const candidateKey = (id: string) => ["candidates", id];

export class CandidateWriter {
  private readonly queues = new Map<string, Promise<unknown>>();
  private readonly latest = new Map<string, Candidate>();
  /** The versions of somebody else that the person has been asked about. */
  private readonly foreign = new Map<string, number>();
  private readonly pending = new Map<string, number>();
  private isPartStale = false;
  /** When the candidates were changed that a reading may not know yet. */
  private readonly recent = new Map<string, number>();

  constructor(
    private readonly queries: QueryClient,
    readonly partId: string,
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
    this.pending.set(shown.id, (this.pending.get(shown.id) ?? 0) + 1);
    const turn = previous
      .then(() => this.save(shown.id, before, changes))
      .finally(() => this.finish(shown.id));
    this.queues.set(shown.id, turn);
    return turn;
  }

  /** The newest state of a candidate that this page knows. */
  current(candidate: Candidate): Candidate {
    const known = this.queries.getQueryData<Candidate>(candidateKey(candidate.id));
    return known && known.version >= candidate.version ? known : candidate;
  }

  /** The candidate with this id, if this page has changed them. */
  known(id: string | null): Candidate | undefined {
    return id === null ? undefined : this.queries.getQueryData<Candidate>(candidateKey(id));
  }

  private async save(id: string, before: Candidate, changes: CandidateChanges): Promise<Outcome> {
    const latest = this.latest.get(id);
    // A list that was read again may be newer than the last response.
    const base = latest && latest.version >= before.version ? latest : before;
    if (before.version < (this.foreign.get(id) ?? 0)) return this.ask(changes, base, before);
    try {
      const saved = await sendInTurn(base, changes);
      this.settle(saved);
      this.outdate(saved);
      if (isEngaged(before.status) || isEngaged(saved.status)) this.isPartStale = true;
      return { candidate: saved, saved: true };
    } catch (error) {
      return this.fail(base, changes, error);
    }
  }

  private finish(id: string): void {
    const left = (this.pending.get(id) ?? 1) - 1;
    if (left > 0) this.pending.set(id, left);
    else this.pending.delete(id);
    if (this.pending.size > 0 || !this.isPartStale) return;
    // Not earlier: the counts would be without the changes that are still to be sent.
    this.isPartStale = false;
    this.readPartAgain();
  }

  /** Ask the person what to do with a change, as somebody else has changed the candidate. */
  ask(changes: CandidateChanges, theirs: Candidate, before: Candidate): Outcome {
    overtaken.set([...overtaken.get(), { changes, theirs, before }]);
    return { candidate: theirs, saved: false, asked: true };
  }

  private async fail(base: Candidate, changes: CandidateChanges, error: unknown): Promise<Outcome> {
    try {
      const theirs = await readCandidate(base.id);
      this.settle(theirs);
      if (has(theirs, changes)) return { candidate: theirs, saved: true };
      if (error instanceof Problem && error.status === 412) {
        this.foreign.set(theirs.id, theirs.version);
        return this.ask(changes, theirs, base);
      }
    } catch (second) {
      if (second instanceof Problem && second.status === 404) this.forget(base);
      else this.settle(base);
    }
    sayProblem(error);
    return { candidate: base, saved: false };
  }

  /** Take a candidate from the screen who is no longer on the list. */
  forget(candidate: Candidate): void {
    const { queries, partId } = this;
    const shown = this.current(candidate);
    this.latest.delete(shown.id);
    this.recent.delete(shown.id);
    queries.removeQueries({ queryKey: candidateKey(shown.id) });
    queries.setQueryData<Column>(
      keys.column(partId, shown.status),
      (old) => old && without(old, new Set([shown.id])),
    );
    this.outdate(shown);
    void queries.invalidateQueries({ queryKey: keys.part(partId), exact: true });
  }

  /** Have the lists of other screens read again when they are shown next. */
  private outdate({ id, movie_id, actor_id }: Candidate): void {
    const lists = [
      keys.parts(),
      keys.breakdown(movie_id),
      keys.considered(movie_id),
      keys.candidacies(actor_id),
    ];
    for (const queryKey of lists) {
      void this.queries.invalidateQueries({ queryKey, refetchType: "none" });
    }
    void this.queries.invalidateQueries({ queryKey: keys.history("candidates", id) });
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
    this.adopt(queryKey);
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

  /** Take over what somebody else has changed since, as a column that was just read has it. */
  private adopt(queryKey: QueryKey): void {
    const column = this.queries.getQueryData<Column>(queryKey);
    for (const candidate of column?.pages.flatMap((page) => page.items) ?? []) {
      const known = this.queries.getQueryData<Candidate>(candidateKey(candidate.id));
      if (!known || known.version >= candidate.version || this.pending.has(candidate.id)) continue;
      this.settle(candidate);
      if (known.status !== candidate.status) {
        void this.queries.invalidateQueries({ queryKey: keys.part(this.partId), exact: true });
      }
    }
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
