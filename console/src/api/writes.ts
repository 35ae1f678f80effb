/** Writes: what they say when they succeed, fail, conflict or go on. */

import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient, type QueryKey } from "@tanstack/react-query";
import { useCallback, useRef } from "react";

import { createStore } from "~/app/store";

import { newKey } from "./client";
import { explain, Problem } from "./problem";
import { secondsToWait, sleep } from "./retry";

/** A write that goes on in steps, for the progress bar. */
export interface Progress {
  label: string;
  done: number;
  total: number;
}

export const progress = createStore<Progress | null>(null);

export function sayDone(message: string): void {
  notifications.show({ message, color: "teal", autoClose: 4_000 });
}

/** Say what has failed. The same sentence is shown once, also when many changes fail. */
export function sayFailure(message: string): void {
  notifications.show({ id: message, message, color: "red", autoClose: 10_000 });
}

export const sayProblem = (error: unknown) => sayFailure(explain(error));

interface Step {
  body: { success: boolean; remaining?: number };
  response: Response;
}

/**
 * Send a write again until nothing remains. `send` gets the ETag of the step before it.
 * Return the last step, or null if another request has finished a deletion.
 */
export async function untilDone<T extends Step>(
  label: string,
  send: (etag: string | null) => Promise<T>,
): Promise<T | null> {
  let etag: string | null = null;
  let total = 0;
  try {
    for (;;) {
      let step: T;
      try {
        step = await send(etag);
      } catch (error) {
        if (total > 0 && error instanceof Problem && error.status === 404) return null;
        throw error;
      }
      const remaining = step.body.remaining ?? 0;
      if (remaining === 0) return step;
      total = Math.max(total, remaining);
      etag = step.response.headers.get("ETag") ?? etag;
      progress.set({ label, done: total - remaining, total });
      await sleep(secondsToWait(step.response.headers.get("Retry-After"), 1));
    }
  } finally {
    progress.set(null);
  }
}

interface WriteOptions<V, R> {
  send: (value: V) => Promise<R>;
  /** The keys of what is read again after a success. */
  changes: (value: V, result: R) => QueryKey[];
  done?: (result: R, value: V) => void;
  /** Called instead of the red note, if it returns true. */
  failed?: (error: unknown, value: V) => boolean;
}

/** A write of a button or a dialog. Failures are shown; a second call waits for the first. */
export function useWrite<V, R>(options: WriteOptions<V, R>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: options.send,
    onSuccess: async (result, value) => {
      options.done?.(result, value);
      await Promise.all(
        options.changes(value, result).map((queryKey) => queries.invalidateQueries({ queryKey })),
      );
    },
    onError: (error, value) => {
      if (options.failed?.(error, value) !== true) sayProblem(error);
    },
  });
}

/**
 * Return a function that gives the Idempotency-Key of a body: the same one for the same body, so
 * that a double click or a second try adds nothing more. Call `renew` after a success.
 */
export function useKeyOf(): { keyOf: (body: unknown) => string; renew: () => void } {
  const last = useRef<{ text: string; key: string } | null>(null);
  const keyOf = useCallback((body: unknown) => {
    const text = JSON.stringify(body);
    if (last.current?.text !== text) last.current = { text, key: newKey() };
    return last.current.key;
  }, []);
  const renew = useCallback(() => {
    last.current = null;
  }, []);
  return { keyOf, renew };
}
