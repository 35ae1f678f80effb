import type { Actor, Candidate } from "~/api/types";
import { countDays, monthsOf, slotState, type DayState, type Slot } from "~/domain/avail";
import { showRange, toTime, type Days } from "~/domain/dates";
import { LinkTo } from "~/ui/LinkTo";
import { StatusBadge } from "~/ui/StatusBadge";

import classes from "./Avail.module.css";
import { StateMark } from "./StateMark";

export const STATE_NAMES: Record<DayState, string> = {
  free: "Free",
  blocked: "Blocked",
  engaged: "Engaged elsewhere",
  unknown: "Not said",
};

/** Return a row's sum, such as "12 free, 3 blocked". */
function summary(counts: Record<DayState, number>): string {
  const parts = (Object.keys(STATE_NAMES) as DayState[])
    .filter((state) => counts[state] > 0)
    .map((state) => `${counts[state]} ${STATE_NAMES[state].toLowerCase()}`);
  return parts.join(", ");
}

export function Grid(props: {
  range: Days;
  slots: Slot[];
  rows: { candidate: Candidate; actor: Actor | undefined }[];
}) {
  const { slots, range } = props;
  return (
    <div className="surface scroll-x" tabIndex={0} role="region" aria-label="Availability">
      <table className={`data-table ${classes.grid}`}>
        <caption className="visually-hidden">
          Days on which each candidate is free, blocked or engaged elsewhere
        </caption>
        <thead>
          <tr>
            <th rowSpan={2} scope="col" className={classes.person}>
              Candidate
            </th>
            <th rowSpan={2} scope="col">
              Days
            </th>
            {monthsOf(slots).map((month) => (
              <th key={month.label} scope="colgroup" colSpan={month.columns}>
                {month.label}
              </th>
            ))}
          </tr>
          <tr>
            {slots.map((slot) => (
              <th
                key={slot.from}
                scope="col"
                className={classes.day}
                title={showRange(slot.from, slot.to)}
              >
                {new Date(toTime(slot.from)).getUTCDate()}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map(({ candidate, actor }) => {
            const availability = actor?.availability ?? [];
            return (
              <tr key={candidate.id}>
                <th scope="row" className={classes.person}>
                  <LinkTo to={`/actors/${candidate.actor_id}/availability`}>
                    {candidate.actor_name}
                  </LinkTo>
                  <StatusBadge status={candidate.status} />
                </th>
                <td className="nowrap">
                  {actor ? summary(countDays(range, availability, candidate.conflicts)) : "…"}
                </td>
                {slots.map((slot) => {
                  const state = actor
                    ? slotState(slot, availability, candidate.conflicts)
                    : "unknown";
                  return (
                    <td
                      key={slot.from}
                      className={classes.cell}
                      data-state={state}
                      title={`${showRange(slot.from, slot.to)}: ${STATE_NAMES[state]}`}
                    >
                      <StateMark state={state} />
                      <span className="visually-hidden">{STATE_NAMES[state]}</span>
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
