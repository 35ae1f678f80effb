import { useColumn } from "~/api/queries";
import type { Candidate, Part, Status } from "~/api/types";
import { BOARD } from "~/domain/statuses";

/** Read all candidates of a part that have one of these statuses, in the board's order. */
export function useCandidatesOf(part: Part, statuses: readonly Status[]) {
  const lists = BOARD.map((status) =>
    // eslint-disable-next-line react-hooks/rules-of-hooks -- BOARD never changes
    useColumn(part.id, status, {
      enabled: statuses.includes(status) && part.counts[status] > 0,
      whole: true,
    }),
  );
  const shown = lists.filter((_, index) => {
    const status = BOARD[index];
    return status !== undefined && statuses.includes(status) && part.counts[status] > 0;
  });
  return {
    candidates: shown.flatMap((list): Candidate[] => list.items),
    isComplete: shown.every((list) => list.isComplete),
    error: shown.find((list) => list.error)?.error ?? null,
    retry: () => {
      for (const list of shown) if (list.error) list.retry();
    },
  };
}
