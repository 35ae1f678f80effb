/** The order of a triage: who was there when it began, then who is read later. It never jumps. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { useColumn } from "~/api/queries";
import type { Candidate, Status } from "~/api/types";

const READ_AHEAD = 40;
const PICTURES_AHEAD = 4;

export function useTriage(partId: string, status: Status) {
  const list = useColumn(partId, status);
  const queries = useQueryClient();
  const [order, setOrder] = useState<Candidate[]>([]);
  const [index, setIndex] = useState(0);

  // Candidates leave the column when they are judged, but stay here, to go back to.
  const known = new Set(order.map((each) => each.id));
  const more = list.items.filter((each) => !known.has(each.id));
  if (more.length > 0) setOrder([...order, ...more]);

  /** The newest of what is known: from this list, or from the last change. */
  const latest = (candidate: Candidate | undefined) =>
    candidate &&
    [
      queries.getQueryData<Candidate>(["candidates", candidate.id]),
      list.items.find(({ id }) => id === candidate.id),
      candidate,
    ].reduce((best, each) => (each && each.version > (best?.version ?? 0) ? each : best));

  const { isComplete, isFetching, error } = list;
  useEffect(() => {
    if (!isComplete && !isFetching && !error && order.length - index < READ_AHEAD) list.more();
  });

  useEffect(() => {
    for (const next of order.slice(index + 1, index + 1 + PICTURES_AHEAD)) {
      if (next.headshot_url === null) continue;
      const picture = new Image();
      picture.referrerPolicy = "no-referrer";
      picture.src = next.headshot_url;
    }
  }, [order, index]);

  return {
    list,
    index,
    count: order.length,
    current: latest(order[index]),
    show: (id: string) => {
      const at = order.findIndex((each) => each.id === id);
      if (at >= 0) setIndex(at);
    },
    go: (by: number) => setIndex((old) => Math.min(Math.max(old + by, 0), order.length)),
  };
}
