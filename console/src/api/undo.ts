/** What can be taken back on a board: the last changes of statuses and ratings. */

import { notifications } from "@mantine/notifications";
import { createElement, useCallback, useMemo, useRef } from "react";

import { UndoNote } from "~/ui/UndoNote";
import { canUndo } from "~/domain/statuses";

import type { CandidateWriter } from "./candidates";
import type { Candidate, CandidateChanges, Status } from "./types";
import { progress, sayFailure } from "./writes";

interface Done {
  before: Candidate;
  after: Candidate;
}

/** One change of one or more candidates. It may still be under way. */
interface Entry {
  label: string;
  first: string | null;
  done: Promise<Done[]>;
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
  /** Take back the last change, also one that is not saved yet. Return the id of its candidate. */
  undo: () => string | null;
}

export function useChanger(writer: CandidateWriter): Changer {
  const stack = useRef<Entry[]>([]);
  const remove = (entry: Entry) => {
    stack.current = stack.current.filter((each) => each !== entry);
  };

  const takeBack = useCallback(
    async (entry: Entry) => {
      remove(entry);
      notifications.hide(NOTE);
      const done = await entry.done;
      const possible = done.filter(({ before, after }) => canReturn(before, after));
      if (done.length > 0 && possible.length === 0) {
        sayFailure(`This cannot be undone: ${entry.label}.`);
      }
      await forEach("Undoing", possible, async ({ before, after }) => {
        const changes: CandidateChanges = {};
        if (before.rating !== after.rating) changes.rating = before.rating;
        if (before.status !== after.status) changes.status = before.status;
        const now = writer.current(after);
        const isOvertaken = now.status !== after.status || now.rating !== after.rating;
        return isOvertaken ? writer.ask(changes, now, after) : writer.change(after, changes);
      });
    },
    [writer],
  );

  const undo = useCallback(() => {
    const last = stack.current.at(-1);
    if (!last) return null;
    void takeBack(last);
    return last.first;
  }, [takeBack]);

  const change = useCallback(
    async (candidates: Candidate[], changes: CandidateChanges, label: string) => {
      const outcomes = forEach(label, candidates, async (candidate) => {
        const before = writer.current(candidate);
        return { before, ...(await writer.change(candidate, changes)) };
      });
      const entry: Entry = {
        label,
        first: candidates[0]?.id ?? null,
        done: outcomes.then((all) =>
          all
            .filter(({ saved, before, candidate }) => saved && isChanged(before, candidate))
            .map(({ before, candidate }) => ({ before, after: candidate })),
        ),
      };
      stack.current = [...stack.current, entry];
      const done = await entry.done;
      if (done.length === 0) remove(entry);
      else if (
        stack.current.includes(entry) &&
        done.some(({ before, after }) => canReturn(before, after))
      ) {
        notifications.hide(NOTE);
        notifications.show({
          id: NOTE,
          autoClose: 6_000,
          message: createElement(UndoNote, { label, undo: () => void takeBack(entry) }),
        });
      }
      return (await outcomes).filter(({ saved }) => saved).map(({ candidate }) => candidate);
    },
    [writer, takeBack],
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

const isChanged = (before: Candidate, after: Candidate) =>
  before.status !== after.status || before.rating !== after.rating;

const canReturn = (before: Candidate, after: Candidate) =>
  before.status === after.status
    ? before.rating !== after.rating
    : canUndo(before.status, after.status);
