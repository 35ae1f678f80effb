import type { DateRange } from "~/api/types";
import { kindOf, weeksOf, type DayKind, type Engagement } from "~/domain/calendar";
import { toTime } from "~/domain/dates";

import classes from "./Calendar.module.css";

const monthFormat = new Intl.DateTimeFormat(undefined, {
  month: "long",
  year: "numeric",
  timeZone: "UTC",
});
const weekdayFormat = new Intl.DateTimeFormat(undefined, { weekday: "narrow", timeZone: "UTC" });
const weekdayNames = new Intl.DateTimeFormat(undefined, { weekday: "long", timeZone: "UTC" });

/** A week that begins on Monday, for the head of a month. */
const WEEK = Array.from({ length: 7 }, (_, index) => Date.UTC(2024, 0, 1 + index));

const WORDS: Record<DayKind, string> = {
  free: "free",
  blocked: "blocked",
  engaged: "engaged",
  clash: "clash",
};

/** One month of a calendar. Each marked day also says in words what it is. */
export function Month(props: {
  month: string;
  today: string;
  ranges: DateRange[];
  engagements: Engagement[];
}) {
  return (
    <table className={classes.month}>
      <caption>{monthFormat.format(toTime(`${props.month}-01`))}</caption>
      <thead>
        <tr>
          {WEEK.map((day) => (
            <th key={day} scope="col" abbr={weekdayNames.format(day)}>
              {weekdayFormat.format(day)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {weeksOf(props.month).map((week, index) => (
          <tr key={index}>
            {week.map((day, weekday) => (
              <td key={weekday}>{day !== null && <Day day={day} {...props} />}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Day(props: {
  day: string;
  today: string;
  ranges: DateRange[];
  engagements: Engagement[];
}) {
  const { day } = props;
  const kind = kindOf(day, props.ranges, props.engagements);
  const work = props.engagements
    .filter((each) => each.from <= day && day <= each.to)
    .map((each) => `${each.name}, ${each.movie}`);
  return (
    <span
      className={classes.day}
      data-kind={kind ?? undefined}
      aria-current={day === props.today ? "date" : undefined}
      title={kind ? [WORDS[kind], ...work].join(": ") : undefined}
    >
      {Number(day.slice(8))}
      {kind && <span className="visually-hidden"> {WORDS[kind]}</span>}
    </span>
  );
}
