/** All fields of a movie. */

import { Button, Group, Text } from "@mantine/core";
import { useState } from "react";

import { api, ifMatch, received } from "~/api/client";
import { keys } from "~/api/queries";
import type { Movie } from "~/api/types";
import { untilDone } from "~/api/writes";
import { goTo } from "~/app/location";
import { showTime } from "~/domain/dates";
import { genreName } from "~/domain/words";
import { showValue } from "~/forms/show";
import { useMay } from "~/session/session";
import { RemoveDialog } from "~/ui/RemoveDialog";

import classes from "./Details.module.css";
import { MOVIE_FIELDS } from "./movieFields";

/** Return the address that a field leads to, if it leads anywhere. */
function addressOf(name: keyof Movie, movie: Movie): string | null {
  switch (name) {
    case "website":
    case "poster_url":
      return movie[name];
    case "imdb_id":
      return movie.imdb_id === null ? null : `https://www.imdb.com/title/${movie.imdb_id}/`;
    case "tmdb_id":
      return movie.tmdb_id === null ? null : `https://www.themoviedb.org/movie/${movie.tmdb_id}`;
    default:
      return null;
  }
}

function textOf(name: keyof Movie, movie: Movie): string {
  if (name === "release_date" && movie.release_date === null) return "Not announced";
  if (name === "genres" && movie.genres) return movie.genres.map(genreName).join(", ");
  return showValue(name, movie[name]);
}

export function Details({ movie }: { movie: Movie }) {
  const may = useMay();
  const [removing, setRemoving] = useState(false);
  return (
    <>
      {may("delete:movies") && (
        <Group mb="xs" justify="flex-end">
          <Button variant="default" onClick={() => setRemoving(true)}>
            Remove the movie …
          </Button>
        </Group>
      )}
      <div className="surface">
        <dl className={classes.list}>
          {MOVIE_FIELDS.map((field) => {
            const address = addressOf(field.name, movie);
            const text = textOf(field.name, movie);
            return (
              <div key={field.name} className={field.wide === true ? classes.wide : undefined}>
                <dt>{field.label}</dt>
                <dd>
                  {address === null ? (
                    text
                  ) : (
                    <a href={address} target="_blank" rel="noreferrer">
                      {text}
                    </a>
                  )}
                </dd>
              </div>
            );
          })}
        </dl>
      </div>
      <Text size="xs" c="dimmed" mt="xs">
        Added {showTime(movie.created_at)} · last changed {showTime(movie.updated_at)}
      </Text>
      {removing && <RemoveMovie movie={movie} onClose={() => setRemoving(false)} />}
    </>
  );
}

function RemoveMovie({ movie, onClose }: { movie: Movie; onClose: () => void }) {
  return (
    <RemoveDialog
      title={`Remove ${movie.title}?`}
      action="Remove the movie"
      done={`${movie.title} is removed.`}
      typed={movie.title}
      send={() =>
        untilDone(`Removing ${movie.title}`, () =>
          received(
            api.DELETE("/movies/{movie_id}", {
              params: { path: { movie_id: movie.id }, header: ifMatch(movie) },
            }),
          ),
        )
      }
      changes={[keys.movies(), ["parts"], ["actors"], ["search"]]}
      subject={keys.movie(movie.id)}
      onRemoved={() => goTo("/movies", { replace: true })}
      onClose={onClose}
    >
      {movie.part_count > 0 &&
        `Its ${movie.part_count === 1 ? "part is" : `${movie.part_count} parts are`} removed too, with all candidates. `}
      {movie.role_count > 0 &&
        `Its ${movie.role_count === 1 ? "role is" : `${movie.role_count} roles are`} removed too. `}
      This cannot be undone.
    </RemoveDialog>
  );
}
