import type { Movie } from "~/api/types";
import { showDay } from "~/domain/dates";
import { genreName, MOVIE_STATUS_NAMES } from "~/domain/words";
import type { Column } from "~/ui/DataTable";

/** The columns of the list of movies. */
export const COLUMNS: Column<Movie>[] = [
  { key: "title", label: "Title", show: (movie) => movie.title },
  {
    key: "status",
    label: "Status",
    className: "nowrap",
    show: (movie) => movie.status && MOVIE_STATUS_NAMES[movie.status],
  },
  {
    key: "release_date",
    label: "Release",
    className: "nowrap",
    show: (movie) => showDay(movie.release_date) || "Not announced",
  },
  { key: "director", label: "Director", show: (movie) => movie.director },
  { key: "genres", label: "Genres", show: (movie) => movie.genres?.map(genreName).join(", ") },
  { key: "parts", label: "Parts", className: "number", show: (movie) => movie.part_count },
  { key: "cast", label: "Cast", className: "number", show: (movie) => movie.role_count },
];
