/** What a board shows, and which card the keyboard is on. */

import { useCallback, useRef, useState } from "react";

import type { List } from "~/api/lists";
import { useColumn } from "~/api/queries";
import type { Candidate, Part, Status } from "~/api/types";
import { BOARD } from "~/domain/statuses";

export interface Place {
  status: Status;
  index: number;
  candidate: Candidate;
}

/** Read each column that has candidates. The number of columns is constant, as hooks require. */
export function useColumns(part: Part): { status: Status; list: List<Candidate> }[] {
  const lists = BOARD.map((status) =>
    // eslint-disable-next-line react-hooks/rules-of-hooks -- BOARD never changes
    useColumn(part.id, status, { enabled: part.counts[status] > 0 }),
  );
  return BOARD.map((status, index) => ({ status, list: lists[index] as List<Candidate> }));
}

export function useActiveCard(columns: { status: Status; list: List<Candidate> }[]) {
  const [activeId, setActiveId] = useState<string | null>(null);
  const wanted = useRef<string | null>(null);
  let active: Place | null = null;
  for (const { status, list } of columns) {
    const index = list.items.findIndex((each) => each.id === activeId);
    const candidate = list.items[index];
    if (candidate) active = { status, index, candidate };
  }
  const activate = useCallback((id: string) => {
    wanted.current = id;
    setActiveId(id);
  }, []);

  /** Go to another card, and put the focus on it once it is in the page. */
  const focus = (candidate: Candidate | undefined) => {
    if (!candidate) return;
    wanted.current = candidate.id;
    setActiveId(candidate.id);
    const focusCard = () => {
      // Not a card that has been left since: the focus would make it the active one again.
      if (wanted.current !== candidate.id) return;
      document.getElementById(`card-${candidate.id}`)?.focus();
    };
    requestAnimationFrame(() => requestAnimationFrame(focusCard));
  };

  const first = () => columns.find(({ list }) => list.items.length > 0)?.list.items[0];

  const step = (by: number) => {
    const list = columns.find(({ status }) => status === active?.status)?.list;
    focus(active && list ? list.items[active.index + by] : first());
  };

  const stepColumn = (by: number) => {
    const at = columns.findIndex(({ status }) => status === active?.status);
    if (!active || at < 0) {
      focus(first());
      return;
    }
    for (let index = at + by; index >= 0 && index < columns.length; index += by) {
      const items = columns[index]?.list.items ?? [];
      if (items.length > 0) {
        focus(items[Math.min(active.index, items.length - 1)]);
        return;
      }
    }
  };

  /** The card that comes after this one when it leaves its column. */
  const neighbour = (): Candidate | undefined => {
    const items = columns.find(({ status }) => status === active?.status)?.list.items ?? [];
    return active ? (items[active.index + 1] ?? items[active.index - 1]) : undefined;
  };

  return {
    active,
    activeId: active?.candidate.id ?? null,
    activate,
    focus,
    step,
    stepColumn,
    neighbour,
  };
}
