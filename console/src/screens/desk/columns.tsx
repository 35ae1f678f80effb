import type { Counts, PartOfMovie } from "~/api/types";
import { showRange } from "~/domain/dates";
import { showSoon } from "~/domain/soon";
import { STATUS_NAMES } from "~/domain/words";
import type { Column } from "~/ui/DataTable";
import { LinkTo } from "~/ui/LinkTo";

const COUNTED = ["submitted", "shortlisted", "on_avail", "on_hold", "cast"] as const;

const count = (status: keyof Counts): Column<PartOfMovie> => ({
  key: status,
  label: STATUS_NAMES[status],
  className: "number",
  show: ({ counts }) => counts[status] || "–",
});

/** The columns of the desk: a part, when it works and how far its casting is. */
export const COLUMNS: Column<PartOfMovie>[] = [
  { key: "name", label: "Part", show: ({ name }) => name },
  {
    key: "movie",
    label: "Movie",
    show: ({ movie_id, movie_title }) => <LinkTo to={`/movies/${movie_id}`}>{movie_title}</LinkTo>,
  },
  {
    key: "work",
    label: "Work",
    className: "nowrap",
    show: ({ work_start, work_end }) =>
      [showRange(work_start, work_end) || "No dates yet", showSoon(work_start)]
        .filter(Boolean)
        .join(", "),
  },
  { key: "needed", label: "Needed", className: "number", show: ({ needed }) => needed },
  ...COUNTED.map(count),
  {
    key: "triage",
    label: "Actions",
    show: ({ id, name }) => (
      <LinkTo to={`/parts/${id}/triage`} label={`Triage of ${name}`}>
        Triage
      </LinkTo>
    ),
  },
];
