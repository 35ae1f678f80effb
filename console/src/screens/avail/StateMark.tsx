import type { DayState } from "~/domain/avail";

import classes from "./Avail.module.css";

const SHAPES: Record<DayState, string> = {
  free: "M2 6.5 L5 9.5 L10 3",
  blocked: "M3 3 L9 9 M9 3 L3 9",
  engaged: "M6 2 V10 M2 6 H10",
  unknown: "",
};

/** What tells the states apart without their colours: a tick, a cross, a plus. */
export function StateMark({ state }: { state: DayState }) {
  return (
    <svg
      viewBox="0 0 12 12"
      width="10"
      height="10"
      aria-hidden="true"
      className={classes.mark}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
    >
      <path d={SHAPES[state]} />
    </svg>
  );
}
