/** The whole cast of a movie, to print and to download. */

import { Button } from "@mantine/core";
import { useMemo, useState } from "react";

import { useCast, useMovie, useRoles } from "~/api/queries";
import type { Movie } from "~/api/types";
import { useShortcuts } from "~/app/shortcuts";
import { joinCast, type CastRow } from "~/domain/cast";
import { fileName, toCsv } from "~/domain/csv";
import { showDay, today as readToday } from "~/domain/dates";
import { PageHead } from "~/ui/PageHead";
import { Empty, Failed, Lines } from "~/ui/states";

import classes from "./CastList.module.css";
import { DOWNLOADED, PRINTED } from "./columns";

function download(movie: Movie, rows: CastRow[]): void {
  const text = toCsv(
    DOWNLOADED.map(({ label }) => label),
    rows.map((row) => DOWNLOADED.map(({ show }) => show(row))),
  );
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName(`${movie.title} - cast`, "csv");
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export default function CastList({ id }: { id: string }) {
  const { data: movie, error: movieError, refetch } = useMovie(id);
  const cast = useCast(id, { whole: true });
  const roles = useRoles(id);
  const rows = useMemo(() => joinCast(cast.items, roles.items), [cast.items, roles.items]);
  const isComplete = cast.isComplete && roles.isComplete && movie !== undefined;
  const error = movieError ?? cast.error ?? roles.error;
  const save = () => {
    if (isComplete) download(movie, rows);
  };
  const print = () => {
    if (isComplete) window.print();
  };
  useShortcuts("Cast list", [
    { keys: "p", label: "Print", run: print },
    { keys: "d", label: "Download as CSV", run: save },
  ]);
  if (error) {
    const retry = () => {
      void refetch();
      cast.retry();
      roles.retry();
    };
    return <Failed error={error} retry={retry} />;
  }
  if (!isComplete) return <Lines />;
  return (
    <>
      <PageHead
        title={`Cast of ${movie.title}`}
        path={[
          { label: "Movies", to: "/movies" },
          { label: movie.title, to: `/movies/${id}/cast` },
        ]}
      >
        <Button variant="default" onClick={save} disabled={rows.length === 0}>
          Download as CSV
        </Button>
        <Button onClick={print} disabled={rows.length === 0}>
          Print
        </Button>
      </PageHead>
      <div className={`surface ${classes.sheet}`}>
        {rows.length === 0 ? (
          <Empty title="Nobody is in the cast yet">
            Cast actors on the boards of the movie’s parts, or add them to the cast.
          </Empty>
        ) : (
          // Nothing in it takes the focus, so the keyboard scrolls the box itself.
          <div className="scroll-x" role="region" aria-label="Cast" tabIndex={0}>
            <Sheet movie={movie} rows={rows} />
          </div>
        )}
      </div>
    </>
  );
}

function Sheet({ movie, rows }: { movie: Movie; rows: CastRow[] }) {
  const [today] = useState(readToday);
  const count = rows.length === 1 ? "1 role" : `${rows.length} roles`;
  const director = movie.director === null ? "" : `Directed by ${movie.director} · `;
  return (
    <table className="data-table" aria-label={`Cast of ${movie.title}`}>
      <caption>
        {director}
        {count} · {showDay(today)}
      </caption>
      <thead>
        <tr>
          {PRINTED.map(({ label, className }) => (
            <th key={label} scope="col" className={className}>
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            {PRINTED.map(({ label, className, show }) => (
              <td key={label} className={className}>
                {show(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
