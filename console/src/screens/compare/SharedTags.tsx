import { commonFirst } from "~/domain/shared";

import classes from "./Compare.module.css";

/** Values of one actor, first those that the others have, too. Those say how many have them. */
export function SharedTags(props: {
  values: string[];
  /** The same values of all who are compared. */
  all: string[][];
  show?: (value: string) => string;
}) {
  const { values, all } = props;
  if (values.length === 0) return "–";
  return (
    <ul className={classes.tags}>
      {commonFirst(all)
        .filter(([value]) => values.includes(value))
        .map(([value, count]) => (
          <li key={value} data-shared={count > 1}>
            {props.show?.(value) ?? value}
            {count > 1 && (
              <b>
                {" "}
                {count === all.length
                  ? count === 2
                    ? "both"
                    : "all"
                  : `${count} of ${all.length}`}
              </b>
            )}
          </li>
        ))}
    </ul>
  );
}
