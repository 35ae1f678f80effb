import { Text } from "@mantine/core";

import type { DateRange } from "~/api/types";
import type { Engagement } from "~/domain/calendar";
import { showRange } from "~/domain/dates";
import { RANGE_NAMES, STATUS_NAMES } from "~/domain/words";
import { LinkTo } from "~/ui/LinkTo";

import classes from "./Calendar.module.css";

/** Free, blocked and engaged days in words. */
export function DayList(props: {
  ranges: DateRange[];
  engagements: Engagement[];
  isPending: boolean;
}) {
  if (props.ranges.length + props.engagements.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {props.isPending ? "Loading …" : "No days are known from today on."}
      </Text>
    );
  }
  return (
    <ul className={classes.days} aria-label="Days from today on">
      {props.engagements.map((each) => (
        <li key={`${each.from} ${each.movieId} ${each.name}`}>
          <b>{each.status === null ? "Role" : STATUS_NAMES[each.status]}</b>{" "}
          {showRange(each.from, each.to)}: {each.name},{" "}
          <LinkTo to={`/movies/${each.movieId}`}>{each.movie || "movie"}</LinkTo>
        </li>
      ))}
      {props.ranges.map((range) => (
        <li key={`${range.from} ${range.to} ${range.kind}`}>
          <b>{RANGE_NAMES[range.kind]}</b> {showRange(range.from, range.to)}
        </li>
      ))}
    </ul>
  );
}
