import { useCandidacies } from "~/api/queries";
import type { Candidacy } from "~/api/types";
import { showDayOf, showRange, showTime } from "~/domain/dates";
import { DataTable, type Column } from "~/ui/DataTable";
import { LinkTo } from "~/ui/LinkTo";
import { Empty, Failed, Lines, ListEnd } from "~/ui/states";
import { StatusBadge } from "~/ui/StatusBadge";

import classes from "./Actor.module.css";

const COLUMNS: Column<Candidacy>[] = [
  { key: "part", label: "Part", show: (each) => each.part_name },
  {
    key: "movie",
    label: "Movie",
    show: (each) => <LinkTo to={`/movies/${each.movie_id}`}>{each.movie_title}</LinkTo>,
  },
  { key: "status", label: "Status", show: (each) => <StatusBadge status={each.status} /> },
  {
    key: "since",
    label: "Since",
    className: "nowrap",
    show: (each) => showDayOf(each.status_since),
  },
  {
    key: "dates",
    label: "Days of work",
    className: "nowrap",
    show: (each) => showRange(each.work_start, each.work_end) || "–",
  },
  { key: "rating", label: "Rating", className: "number", show: (each) => each.rating ?? "–" },
  {
    key: "audition",
    label: "Audition",
    className: "nowrap",
    show: (each) => showTime(each.audition_at) || "–",
  },
  { key: "note", label: "Note", className: classes.note, show: (each) => each.note ?? "–" },
];

/** The parts that an actor is considered for: engaged, then in selection, then ended. */
export function Candidacies({ id }: { id: string }) {
  const list = useCandidacies(id);
  if (list.isPending) return <Lines />;
  if (list.error && list.items.length === 0)
    return <Failed error={list.error} retry={list.retry} />;
  if (list.items.length === 0 && list.isComplete) {
    return (
      <Empty title="Considered for no part yet">
        Press <kbd>p</kbd> or the button “Add to part” to consider them for one.
      </Empty>
    );
  }
  return (
    <div className="surface">
      <DataTable
        label="Candidacies"
        rows={list.items}
        columns={COLUMNS}
        href={(each) => `/parts/${each.part_id}`}
      />
      <ListEnd list={list} />
    </div>
  );
}
