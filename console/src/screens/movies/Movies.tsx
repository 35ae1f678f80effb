/** All movies: search, filters, and adding one. The address is the saved search. */

import { Button, Group, Text } from "@mantine/core";
import { useMemo, useState } from "react";

import { useMovies } from "~/api/queries";
import { goTo, useQueryParams } from "~/app/location";
import { useShortcuts } from "~/app/shortcuts";
import { isFiltered, movieQuery } from "~/domain/movieQuery";
import { useMay } from "~/session/session";
import { DataTable } from "~/ui/DataTable";
import { PageHead } from "~/ui/PageHead";
import { ROW_SHORTCUTS, SEARCH_SHORTCUT } from "~/ui/rowShortcuts";
import { Empty, Failed, Lines, ListEnd } from "~/ui/states";

import { MovieForm } from "../movie/MovieForm";
import { COLUMNS } from "./columns";
import { Filters } from "./Filters";

const NO_FILTERS = {
  search: "",
  status: "",
  genre: [],
  undated: "",
  released_from: "",
  released_to: "",
};

export default function Movies() {
  const [params, change] = useQueryParams();
  const query = useMemo(() => movieQuery(params), [params]);
  const list = useMovies(query);
  const mayAdd = useMay()("post:movies");
  const [adding, setAdding] = useState(false);
  useShortcuts("Movies", [
    SEARCH_SHORTCUT,
    ...ROW_SHORTCUTS,
    ...(mayAdd ? [{ keys: "n", label: "Add a movie", run: () => setAdding(true) }] : []),
  ]);
  const filtered = isFiltered(query);
  return (
    <>
      <PageHead title="Movies">
        {mayAdd && <Button onClick={() => setAdding(true)}>Add a movie</Button>}
      </PageHead>
      <Filters query={query} change={change} />
      {filtered && (
        <Group gap="xs" mb={4} mih="1.9rem">
          <Text size="xs" c="dimmed">
            {query.search !== undefined
              ? "A search lists movies in the order of its words, and with a status or genres by release date."
              : "A filtered list is in the order of release dates. It cannot be ordered by title."}
          </Text>
          <Button variant="subtle" size="compact-xs" onClick={() => change(NO_FILTERS)}>
            Clear the filters
          </Button>
        </Group>
      )}
      <div className="surface" aria-busy={list.isFetching}>
        {list.isPending ? (
          <Lines />
        ) : list.error && list.items.length === 0 ? (
          <Failed error={list.error} retry={list.retry} />
        ) : (
          <>
            {list.items.length > 0 && (
              <DataTable
                label="Movies"
                rows={list.items}
                columns={COLUMNS}
                href={(movie) => `/movies/${movie.id}`}
              />
            )}
            {list.items.length === 0 && list.isComplete ? (
              <NoMovies filtered={filtered} onAdd={mayAdd ? () => setAdding(true) : null} />
            ) : (
              <ListEnd list={list} />
            )}
          </>
        )}
      </div>
      {adding && (
        <MovieForm
          movie={null}
          onSaved={(movie) => goTo(`/movies/${movie.id}`)}
          onClose={() => setAdding(false)}
        />
      )}
    </>
  );
}

function NoMovies(props: { filtered: boolean; onAdd: (() => void) | null }) {
  if (props.filtered) {
    return (
      <Empty title="No movie matches">
        Each word must begin a word of the title, and all filters must match. Take one away.
      </Empty>
    );
  }
  return (
    <Empty title="There are no movies yet">
      {props.onAdd ? (
        <Button onClick={props.onAdd}>Add the first movie</Button>
      ) : (
        "An executive producer adds movies. Their parts and candidates come next."
      )}
    </Empty>
  );
}
