import type { Counts } from "~/api/types";
import { BOARD } from "~/domain/statuses";

import classes from "./CountsLine.module.css";
import { StatusBadge } from "./StatusBadge";

/** How many candidates a part has in each status. A status of nobody is left out. */
export function CountsLine({ counts }: { counts: Counts }) {
  const filled = BOARD.filter((status) => counts[status] > 0);
  if (filled.length === 0) return <span className={classes.none}>No candidates</span>;
  return (
    <span className={classes.line}>
      {filled.map((status) => (
        <span key={status} className={classes.count}>
          <StatusBadge status={status} /> <b>{counts[status]}</b>
        </span>
      ))}
    </span>
  );
}
