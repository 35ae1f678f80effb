import type { Candidate, Part } from "~/api/types";
import { BEST_RATING } from "~/api/rules";
import { showDayOf, showTime } from "~/domain/dates";
import { ages } from "~/domain/words";
import { CountsLine } from "~/ui/CountsLine";
import { DataTable, type Column } from "~/ui/DataTable";
import { Headshot } from "~/ui/Headshot";
import { LinkTo } from "~/ui/LinkTo";
import { StatusBadge } from "~/ui/StatusBadge";

import classes from "./CandidatesOfPart.module.css";

const COLUMNS: Column<Candidate>[] = [
  {
    key: "actor",
    label: "Actor",
    className: classes.actor,
    show: (candidate) => (
      <span className={classes.person}>
        <Headshot name={candidate.actor_name} url={candidate.headshot_url} width={24} />
        <LinkTo to={`/actors/${candidate.actor_id}`}>{candidate.actor_name}</LinkTo>
      </span>
    ),
  },
  {
    key: "age",
    label: "Playing age",
    className: `nowrap ${classes.short}`,
    show: (candidate) => ages(candidate.playing_age_min, candidate.playing_age_max),
  },
  {
    key: "status",
    label: "Status",
    className: classes.status,
    show: ({ status }) => <StatusBadge status={status} />,
  },
  {
    key: "rating",
    label: "Rating",
    className: `nowrap ${classes.short}`,
    show: ({ rating }) => rating !== null && `${rating} of ${BEST_RATING}`,
  },
  {
    key: "since",
    label: "Since",
    className: `nowrap ${classes.wide} ${classes.since}`,
    show: (candidate) => showDayOf(candidate.status_since),
  },
  {
    key: "audition",
    label: "Audition",
    className: `nowrap ${classes.wide} ${classes.audition}`,
    show: (candidate) => showTime(candidate.audition_at),
  },
  {
    key: "conflicts",
    label: "Conflicts",
    className: `${classes.wide} ${classes.conflicts}`,
    show: ({ conflicts }) =>
      conflicts.length === 0
        ? ""
        : conflicts.length === 1
          ? "1 other engagement"
          : `${conflicts.length} other engagements`,
  },
  {
    key: "note",
    label: "Note",
    className: classes.wide,
    show: ({ note }) => (
      <div className={classes.note} title={note ?? undefined}>
        {note}
      </div>
    ),
  },
];

/** Candidates for one part, under its name. */
export function CandidatesOfPart(props: {
  partId: string;
  /** Null if it was added after the breakdown was read. */
  part: Part | null;
  candidates: Candidate[];
}) {
  const { part, partId } = props;
  const name = part?.name ?? "A new part";
  return (
    <section className={`surface ${classes.part}`} aria-label={name}>
      <div className={classes.head}>
        <h2 className="anywhere">
          <LinkTo to={`/parts/${partId}`}>{name}</LinkTo>
        </h2>
        {part && <CountsLine counts={part.counts} />}
      </div>
      <DataTable label={`Candidates for ${name}`} rows={props.candidates} columns={COLUMNS} />
    </section>
  );
}
