import type { Status } from "~/api/types";
import { STATUS_NAMES } from "~/domain/words";

import classes from "./StatusBadge.module.css";

/** A candidate's status as a word with a colour. */
export function StatusBadge({ status }: { status: Status }) {
  return (
    <span className={classes.badge} data-status={status}>
      {STATUS_NAMES[status]}
    </span>
  );
}
