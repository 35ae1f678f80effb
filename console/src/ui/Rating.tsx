import { BEST_RATING } from "~/api/rules";

import classes from "./Rating.module.css";

/** A rating from 1 to 6 as a number, or a dash. */
export function Rating({ rating }: { rating: number | null }) {
  return (
    <span
      className={classes.rating}
      data-rating={rating ?? 0}
      title={rating === null ? "Not rated" : `Rated ${rating} of ${BEST_RATING}`}
    >
      <span className="visually-hidden">{rating === null ? "not rated" : "rated "}</span>
      {rating ?? <span aria-hidden="true">–</span>}
    </span>
  );
}
