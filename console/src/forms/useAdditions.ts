/** Adding actors to a part, in batches that can be sent again after a failure. */

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, newKey, received } from "~/api/client";
import { keys } from "~/api/queries";
import { batchesOf, NO_OUTCOME, sentAt, withAnswer, type Outcome } from "~/domain/additions";

interface Batch {
  actorIds: string[];
  /** Stays the same when the batch is sent again, so that it adds nobody twice. */
  key: string;
  firstSent: number | null;
}

interface State {
  total: number;
  left: Batch[];
  outcome: Outcome;
  error: Error | null;
  isBusy: boolean;
}

async function send(partId: string, batch: Batch, outcome: Outcome): Promise<Outcome> {
  batch.firstSent ??= performance.now();
  const { body, response } = await received(
    api.POST("/parts/{part_id}/candidates", {
      params: { path: { part_id: partId }, header: { "Idempotency-Key": batch.key } },
      body: { actor_ids: batch.actorIds },
    }),
  );
  const elapsed = performance.now() - batch.firstSent;
  return withAnswer(outcome, body, sentAt(response.headers.get("Date"), elapsed));
}

export function useAdditions() {
  const queries = useQueryClient();
  const [state, setState] = useState<State | null>(null);

  /** Read again what shows a part's candidates. */
  function refresh(part: { id: string; movie_id: string }, actorIds: string[]): void {
    const stale = [
      keys.part(part.id),
      ["parts", "list"],
      keys.breakdown(part.movie_id),
      keys.considered(part.movie_id),
      ...actorIds.map(keys.actor),
    ];
    for (const queryKey of stale) void queries.invalidateQueries({ queryKey });
  }

  /** Add actors to a part. After a failure, a second call goes on with what is left. */
  async function run(part: { id: string; movie_id: string }, actorIds: string[]): Promise<void> {
    let now: State = state ?? {
      total: actorIds.length,
      left: batchesOf(actorIds).map((ids) => ({ actorIds: ids, key: newKey(), firstSent: null })),
      outcome: NO_OUTCOME,
      error: null,
      isBusy: true,
    };
    const set = (changes: Partial<State>) => {
      now = { ...now, ...changes };
      setState(now);
    };
    set({ isBusy: true, error: null });
    try {
      for (let batch = now.left[0]; batch; batch = now.left[0]) {
        const outcome = await send(part.id, batch, now.outcome);
        set({ outcome, left: now.left.slice(1) });
      }
      set({ isBusy: false });
    } catch (error) {
      set({ isBusy: false, error: error instanceof Error ? error : new Error(String(error)) });
    }
    refresh(part, actorIds);
  }

  const left = state?.left.reduce((sum, batch) => sum + batch.actorIds.length, 0) ?? 0;
  return {
    run,
    /** Forget what was done, to add to another part. */
    reset: () => setState(null),
    outcome: state?.outcome ?? NO_OUTCOME,
    error: state?.error ?? null,
    isBusy: state?.isBusy ?? false,
    isDone: state !== null && state.left.length === 0,
    total: state?.total ?? 0,
    done: (state?.total ?? 0) - left,
  };
}
