import { Group } from "@mantine/core";
import type { ReactNode } from "react";

import type { Movie } from "~/api/types";
import { showDay, showRange } from "~/domain/dates";
import { MOVIE_STATUS_NAMES } from "~/domain/words";
import { Headshot } from "~/ui/Headshot";
import { PageHead } from "~/ui/PageHead";

/** What a movie is, in two lines. */
export function MovieHead({ movie, children }: { movie: Movie; children: ReactNode }) {
  const shoot = showRange(movie.shoot_start, movie.shoot_end);
  const facts = [
    movie.status && MOVIE_STATUS_NAMES[movie.status],
    movie.release_date === null
      ? "Release not announced"
      : `Release ${showDay(movie.release_date)}`,
    movie.director && `Directed by ${movie.director}`,
    shoot && `Shoot ${shoot}${movie.shoot_location ? `, ${movie.shoot_location}` : ""}`,
  ];
  return (
    <Group wrap="nowrap" align="flex-start" gap="sm">
      <Headshot name={movie.title} url={movie.poster_url} width={48} ratio={2 / 3} />
      <div style={{ flex: 1, minWidth: 0, overflowWrap: "anywhere" }}>
        <PageHead
          title={movie.title}
          path={[{ label: "Movies", to: "/movies" }]}
          note={facts.filter(Boolean).join(" · ")}
        >
          {children}
        </PageHead>
      </div>
    </Group>
  );
}
