/** The order of a movie's parts, and moving one of them. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { api, ifMatch, unwrap } from "~/api/client";
import type { Pages } from "~/api/lists";
import { explain } from "~/api/problem";
import { keys } from "~/api/queries";
import type { Part } from "~/api/types";
import { sayFailure } from "~/api/writes";
import { billingChanges, moved } from "~/domain/billing";
import { announce } from "~/ui/announce";

/** Moves by key come in a row. Only where they end is saved. */
const PAUSE_MS = 700;

const setNumber = async (part: Part, billing_order: number | null) =>
  (
    await unwrap(
      api.PATCH("/parts/{part_id}", {
        params: { path: { part_id: part.id }, header: ifMatch(part) },
        body: { billing_order },
      }),
    )
  ).part;

/** Send all changes. If one fails, take back those before it and throw. */
async function sendAll(parts: Part[], changes: Map<string, number>): Promise<Part[]> {
  const done: { before: Part; after: Part }[] = [];
  try {
    for (const before of parts) {
      const number = changes.get(before.id);
      if (number !== undefined) done.push({ before, after: await setNumber(before, number) });
    }
  } catch (error) {
    for (const { before, after } of done.reverse()) {
      // If somebody has changed the part since, it keeps the new number.
      await setNumber(after, before.billing_order).catch(() => undefined);
    }
    throw error;
  }
  return done.map(({ after }) => after);
}

/** Return the parts in this order. Parts that are not in it come last. */
function inOrder(parts: Part[], ids: string[] | null): Part[] {
  if (ids === null) return parts;
  const place = (part: Part) => (ids.includes(part.id) ? ids.indexOf(part.id) : ids.length);
  return parts.toSorted((a, b) => place(a) - place(b));
}

export function useBilling(movieId: string, parts: Part[]) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState<string[] | null>(null);
  const [saving, setSaving] = useState(false);
  const shown = inOrder(parts, draft);

  async function save(order: string[]): Promise<void> {
    const wanted = inOrder(parts, order).map(({ id }) => id);
    setSaving(true);
    try {
      keep(await sendAll(parts, billingChanges(parts, wanted)), wanted);
    } catch (error) {
      await queries.invalidateQueries({ queryKey: keys.breakdown(movieId) });
      sayFailure(`${explain(error)} The billing is as it was.`);
    }
    setSaving(false);
    setDraft((latest) => (latest === order ? null : latest));
  }

  /** Put what was saved into the cached list, so that nothing jumps. */
  function keep(saved: Part[], order: string[]): void {
    queries.setQueryData<Pages<Part>>(keys.breakdown(movieId), (old) => {
      if (!old) return old;
      const all = old.pages.flatMap((page) => page.items);
      const fresh = all.map((part) => saved.find(({ id }) => id === part.id) ?? part);
      const sorted = inOrder(fresh, order);
      let start = 0;
      const pages = old.pages.map((page) => {
        const items = sorted.slice(start, start + page.items.length);
        start += page.items.length;
        return { ...page, items };
      });
      return { ...old, pages };
    });
    for (const part of saved) {
      queries.setQueryData<Part>(keys.part(part.id), (old) => old && part);
      void queries.invalidateQueries({ queryKey: keys.history("parts", part.id) });
    }
  }

  const latest = useRef({ draft, saving, save });
  useEffect(() => {
    latest.current = { draft, saving, save };
  });
  useEffect(() => {
    if (draft === null || saving) return;
    const timer = setTimeout(() => void latest.current.save(draft), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [draft, saving]);
  // Leaving the screen within the pause saves the order too.
  useEffect(
    () => () => {
      const { draft: unsaved, saving: isSaving, save: saveNow } = latest.current;
      if (unsaved !== null && !isSaving) void saveNow(unsaved);
    },
    [],
  );

  function move(id: string, to: number): void {
    const from = shown.findIndex((part) => part.id === id);
    const place = Math.min(Math.max(to, 0), shown.length - 1);
    const part = shown[from];
    if (!part || from === place) return;
    setDraft(
      moved(
        shown.map((each) => each.id),
        from,
        place,
      ),
    );
    announce(`${part.name} is now ${place + 1} of ${shown.length}.`);
  }

  const changes = billingChanges(
    parts,
    shown.map(({ id }) => id),
  );
  const numberOf = (part: Part) => changes.get(part.id) ?? part.billing_order;
  return { shown, numberOf, move, saving: draft !== null };
}
