/** The head of every screen of a part: its movie, what it asks for, and its other screens. */

import { useMovie } from "~/api/queries";
import type { Part } from "~/api/types";
import { showRange } from "~/domain/dates";
import { requirements } from "~/domain/requirements";
import { PART_STATUS_NAMES } from "~/domain/words";
import type { ReactNode } from "react";

import { PageHead } from "./PageHead";

export function PartHead(props: { part: Part; screen?: string; children?: ReactNode }) {
  const { part, screen } = props;
  const movie = useMovie(part.movie_id);
  const path = [
    { label: "Movies", to: "/movies" },
    { label: movie.data?.title ?? "…", to: `/movies/${part.movie_id}` },
    ...(screen === undefined ? [] : [{ label: part.name, to: `/parts/${part.id}` }]),
  ];
  const cast = `${part.counts.cast} of ${part.needed} cast`;
  return (
    <PageHead
      title={screen === undefined ? part.name : `${part.name}: ${screen}`}
      path={path}
      note={[
        PART_STATUS_NAMES[part.status],
        cast,
        requirements(part),
        showRange(part.work_start, part.work_end),
      ]
        .filter(Boolean)
        .join(" · ")}
    >
      {props.children}
    </PageHead>
  );
}
