import { useQueryClient } from "@tanstack/react-query";

import { api, ifMatch, received, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import type { Movie, MovieChanges, NewMovie } from "~/api/types";
import { sayDone, untilDone, useKeyOf } from "~/api/writes";
import type { Values } from "~/forms/fields";
import { RecordForm } from "~/forms/RecordForm";

import { MOVIE_FIELDS } from "./movieFields";

const readMovie = async (id: string) =>
  (await unwrap(api.GET("/movies/{movie_id}", { params: { path: { movie_id: id } } }))).movie;

/** Send a change. A new title is copied to roles, which may go on in steps. */
async function change(body: MovieChanges, current: Movie): Promise<Movie> {
  const last = await untilDone(`Renaming ${current.title}`, (etag) =>
    received(
      api.PATCH("/movies/{movie_id}", {
        params: {
          path: { movie_id: current.id },
          header: etag === null ? ifMatch(current) : { "If-Match": etag },
        },
        body,
      }),
    ),
  );
  return last?.body.movie ?? readMovie(current.id);
}

/** The dialog that adds a movie, or changes one. */
export function MovieForm(props: {
  /** What is changed, as it was read; null to add one. */
  movie: Movie | null;
  onSaved?: (movie: Movie) => void;
  onClose: () => void;
}) {
  const { movie } = props;
  const queries = useQueryClient();
  const { keyOf, renew } = useKeyOf();

  async function add(body: NewMovie): Promise<Movie> {
    const answer = await unwrap(
      api.POST("/movies", { params: { header: { "Idempotency-Key": keyOf(body) } }, body }),
    );
    renew();
    return answer.movie;
  }

  async function save(values: Values, current: Movie | null): Promise<void> {
    const saved =
      current === null
        ? // A new movie must say whether its release is announced.
          await add({ release_date: null, ...values } as unknown as NewMovie)
        : await change(values, current);
    queries.setQueryData(keys.movie(saved.id), saved);
    // The desk, the search and its actors' movies and candidacies show its title.
    const others = [["search"], ["actors"], keys.history("movies", saved.id)];
    const changed = [keys.movies(), keys.parts(), ...others];
    await Promise.all(changed.map((queryKey) => queries.invalidateQueries({ queryKey })));
    sayDone(current === null ? `${saved.title} is added.` : `${saved.title} is saved.`);
    props.onSaved?.(saved);
  }

  return (
    <RecordForm<Movie>
      title={movie === null ? "Add a movie" : `Change ${movie.title}`}
      fields={MOVIE_FIELDS}
      base={movie}
      submit={movie === null ? "Add the movie" : "Save"}
      save={save}
      {...(movie !== null && { reload: () => readMovie(movie.id) })}
      onClose={props.onClose}
    />
  );
}
