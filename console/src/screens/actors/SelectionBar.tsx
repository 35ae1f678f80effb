import { Button } from "@mantine/core";

import type { ActorRef } from "~/forms/ActorsInput";
import { MAX_COMPARED, MIN_COMPARED } from "~/domain/comparison";

import classes from "./Actors.module.css";

/** What can be done with the selected actors, and with the filters. */
export function SelectionBar(props: {
  actors: ActorRef[];
  onClear: () => void;
  onCompare: () => void;
  /** Null for those who may not add candidates. */
  onAdd: (() => void) | null;
  filters: number;
  onClearFilters: () => void;
}) {
  const { actors, filters } = props;
  const count = actors.length;
  return (
    <div className={classes.bar} role="group" aria-label="Selected actors">
      {count === 0 ? (
        <span className={classes.hint}>
          Select actors to compare them or to add them to a part: <kbd>x</kbd> selects the row that
          has the focus.
        </span>
      ) : (
        <>
          <b title={actors.map(({ name }) => name).join(", ")}>{count} selected</b>
          <Button variant="subtle" onClick={props.onClear}>
            Clear the selection
          </Button>
          {props.onAdd && (
            <Button onClick={props.onAdd} rightSection={<kbd>p</kbd>}>
              Add to part
            </Button>
          )}
          <Button
            variant="default"
            onClick={props.onCompare}
            disabled={count < MIN_COMPARED || count > MAX_COMPARED}
            rightSection={<kbd>c</kbd>}
          >
            Compare
          </Button>
          {count > MAX_COMPARED && (
            <span className={classes.note}>Up to {MAX_COMPARED} can be compared.</span>
          )}
        </>
      )}
      <span className={classes.spread} />
      {filters > 0 && (
        <>
          <span role="status">{filters === 1 ? "1 filter" : `${filters} filters`}</span>
          <Button variant="subtle" onClick={props.onClearFilters}>
            Clear the filters
          </Button>
        </>
      )}
    </div>
  );
}
