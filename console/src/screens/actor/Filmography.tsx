import { useFilmography } from "~/api/queries";
import type { Credit } from "~/api/types";
import { showDay } from "~/domain/dates";
import { DataTable, type Column } from "~/ui/DataTable";
import { Empty, Failed, Lines, ListEnd } from "~/ui/states";

const COLUMNS: Column<Credit>[] = [
  { key: "title", label: "Movie", show: (credit) => credit.title },
  {
    key: "release_date",
    label: "Release",
    className: "nowrap",
    show: (credit) => showDay(credit.release_date) || "Not announced",
  },
  { key: "character", label: "Character", show: (credit) => credit.character_name ?? "–" },
  {
    key: "billing",
    label: "Billing",
    className: "number",
    show: (credit) => credit.billing_order ?? "–",
  },
];

/** The movies of an actor, newest first. */
export function Filmography({ id }: { id: string }) {
  const list = useFilmography(id);
  if (list.isPending) return <Lines />;
  if (list.error && list.items.length === 0)
    return <Failed error={list.error} retry={list.retry} />;
  if (list.items.length === 0 && list.isComplete) {
    return (
      <Empty title="In no movie yet">
        Who is cast in a part gets a role in its movie. It is then listed here.
      </Empty>
    );
  }
  return (
    <div className="surface">
      <DataTable
        label="Movies"
        rows={list.items}
        columns={COLUMNS}
        href={(credit) => `/movies/${credit.id}`}
      />
      <ListEnd list={list} />
    </div>
  );
}
