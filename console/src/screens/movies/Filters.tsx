import { MultiSelect, Select, TextInput } from "@mantine/core";

import type { MovieQuery } from "~/api/types";
import { sortsOf, type MovieSort } from "~/domain/movieQuery";
import { GENRE_OPTIONS, MOVIE_STATUS_NAMES, optionsOf } from "~/domain/words";
import { SearchInput } from "~/ui/SearchInput";

import classes from "./Filters.module.css";

const SORT_NAMES: Record<MovieSort, string> = {
  title: "Title, A to Z",
  "-title": "Title, Z to A",
  release_date: "Release, oldest first",
  "-release_date": "Release, newest first",
};

/** The search, filters and order of the list of movies. All of it is in the address. */
export function Filters(props: {
  query: MovieQuery;
  change: (changes: Record<string, unknown>) => void;
}) {
  const { query, change } = props;
  const sorts = sortsOf(query);
  return (
    <search className={classes.filters} aria-label="Movies">
      <SearchInput
        className={classes.search}
        label="Search"
        placeholder="Beginnings of words, such as “pot fie”"
        value={query.search ?? ""}
        onSearch={(search) => change({ search })}
      />
      <Select
        size="xs"
        className={classes.narrow}
        label="Status"
        placeholder="Any"
        clearable
        data={optionsOf(MOVIE_STATUS_NAMES)}
        value={query.status ?? null}
        onChange={(status) => change({ status })}
      />
      <MultiSelect
        size="xs"
        className={classes.genres}
        label="Genres"
        placeholder={query.genre ? "" : "Any; several must all match"}
        searchable
        clearable
        maxValues={8}
        data={GENRE_OPTIONS}
        value={query.genre ?? []}
        onChange={(genre) => change({ genre })}
      />
      <Select
        size="xs"
        className={classes.narrow}
        label="Release date"
        placeholder="Any"
        clearable
        data={[
          { value: "false", label: "Announced" },
          { value: "true", label: "Not announced" },
        ]}
        value={query.undated === undefined ? null : String(query.undated)}
        // A movie without a date is in no range of dates.
        onChange={(undated) =>
          change({ undated, ...(undated === "true" && { released_from: "", released_to: "" }) })
        }
      />
      {(["released_from", "released_to"] as const).map((name) => (
        <TextInput
          key={name}
          size="xs"
          type="date"
          className={classes.narrow}
          label={name === "released_from" ? "Released from" : "Released to"}
          disabled={query.undated === true}
          value={query[name] ?? ""}
          onChange={(event) => change({ [name]: event.currentTarget.value })}
        />
      ))}
      <Select
        size="xs"
        className={classes.order}
        label="Order"
        data={sorts.map((value) => ({ value, label: SORT_NAMES[value] }))}
        value={query.sort ?? null}
        placeholder="By the words"
        disabled={sorts.length === 0}
        allowDeselect={false}
        onChange={(sort) => change({ sort })}
      />
    </search>
  );
}
