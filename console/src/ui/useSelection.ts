import { useMemo, useState } from "react";

import type { Selection } from "./DataTable";

/** The rows that somebody has selected, and `clear`. */
export function useSelection(): Selection & { clear: () => void } {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  return useMemo(
    () => ({
      ids,
      toggle: (id) =>
        setIds((old) => {
          const next = new Set(old);
          if (!next.delete(id)) next.add(id);
          return next;
        }),
      setAll: (all, selected) =>
        setIds((old) => {
          const next = new Set(old);
          for (const id of all) {
            if (selected) next.add(id);
            else next.delete(id);
          }
          return next;
        }),
      clear: () => setIds(new Set()),
    }),
    [ids],
  );
}
