/** What can be taken back on a board: the last changes of statuses and ratings. */

import { notifications } from "@mantine/notifications";
import { createElement, useCallback, useMemo, useRef } from "react";

import { UndoNote } from "~/ui/UndoNote";
import { canUndo } from "~/domain/statuses";

import type { CandidateWriter } from "./candidates";
import type { Candidate, CandidateChanges, Status } from "./types";
import { progress } from "./writes";

interface Done {
  before: Candidate;
  after: Candidate;
}

const PARALLEL = 4;
const NOTE = "undo";

/** Run `work` for each item, a few at a time, with the progress bar for many. */
async function forEach<T, R>(
  label: string,
  items: T[],
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const run = async () => {
    for (;;) {
      const index = next++;
      const item = items[index];
      if (item === undefined) return;
      results[index] = await work(item);
      if (items.length > PARALLEL) {
        progress.set({ label, done: results.filter(Boolean).length, total: items.length });
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: PARALLEL }, run));
  } finally {
    if (items.length > PARALLEL) progress.set(null);
  }
  return results;
}

export interface Changer {
  /** Change candidates, and offer to undo it. `label` says what was done to them. */
  change: (
    candidates: Candidate[],
    changes: CandidateChanges,
    label: string,
  ) => Promise<Candidate[]>;
  move: (candidates: Candidate[], status: Status, label: string) => Promise<Candidate[]>;
  undo: () => void;
}

export function useChanger(writer: CandidateWriter): Changer {
  const stack = useRef<Done[][]>([]);

  const undo = useCallback(() => {
    const last = stack.current.pop();
    notifications.hide(NOTE);
    if (!last) return;
    void forEach("Undoing", last, ({ before, after }) => {
      const changes: CandidateChanges = {};
      if (before.rating !== after.rating) changes.rating = before.rating;
      if (before.status !== after.status) changes.status = before.status;
      return writer.change(after, changes);
    });
  }, [writer]);

  const change = useCallback(
    async (candidates: Candidate[], changes: CandidateChanges, label: string) => {
      const outcomes = await forEach(label, candidates, async (candidate) => {
        const before = writer.current(candidate);
        return { before, ...(await writer.change(candidate, changes)) };
      });
      const done = outcomes
        .filter(({ saved, before, candidate }) => saved && canReturn(before, candidate))
        .map(({ before, candidate }) => ({ before, after: candidate }));
      if (done.length > 0) {
        stack.current.push(done);
        notifications.hide(NOTE);
        notifications.show({
          id: NOTE,
          autoClose: 6_000,
          message: createElement(UndoNote, { label, undo }),
        });
      }
      return outcomes.filter(({ saved }) => saved).map(({ candidate }) => candidate);
    },
    [writer, undo],
  );

  return useMemo(
    () => ({
      change,
      undo,
      move: (candidates, status, label) => change(candidates, { status }, label),
    }),
    [change, undo],
  );
}

const canReturn = (before: Candidate, after: Candidate) =>
  before.status === after.status
    ? before.rating !== after.rating
    : canUndo(before.status, after.status);
