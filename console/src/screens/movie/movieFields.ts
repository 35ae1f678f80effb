/** The fields of a movie, in the order of its form and of its details. */

import type { Movie } from "~/api/types";
import type { Field } from "~/forms/fields";
import { GENRE_OPTIONS, LANGUAGE_OPTIONS, MOVIE_STATUS_NAMES, optionsOf } from "~/domain/words";

export const MOVIE_FIELDS: Field<Movie>[] = [
  { name: "title", label: "Title", kind: "text", required: true, wide: true },
  {
    name: "release_date",
    label: "Release date",
    kind: "date",
    hint: "Leave it empty if it is not announced.",
  },
  {
    name: "status",
    label: "Status",
    kind: "select",
    options: optionsOf(MOVIE_STATUS_NAMES),
    hint: "How far the production is.",
  },
  { name: "director", label: "Director", kind: "text" },
  { name: "production_company", label: "Production company", kind: "text" },
  { name: "shoot_start", label: "First day of shooting", kind: "date" },
  { name: "shoot_end", label: "Last day of shooting", kind: "date" },
  { name: "shoot_location", label: "Place of shooting", kind: "text" },
  { name: "runtime_minutes", label: "Length in minutes", kind: "number", min: 1, max: 1000 },
  { name: "genres", label: "Genres", kind: "multi", options: GENRE_OPTIONS, wide: true },
  { name: "synopsis", label: "Synopsis", kind: "textarea", wide: true },
  {
    name: "original_language",
    label: "Original language",
    kind: "code",
    options: LANGUAGE_OPTIONS,
    hint: "A BCP 47 code, such as en or pt-BR.",
  },
  { name: "poster_url", label: "Poster", kind: "url", hint: "The https address of a picture." },
  { name: "website", label: "Website", kind: "url", hint: "An https address." },
  { name: "imdb_id", label: "IMDb id", kind: "text", hint: "Such as tt0034583." },
  { name: "tmdb_id", label: "TMDB id", kind: "number", min: 1, max: 2_147_483_647 },
];
