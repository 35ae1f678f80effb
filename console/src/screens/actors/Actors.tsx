/** All actors: filters, and what can be done with several of them. The address is the search. */

import { Button } from "@mantine/core";
import { useMemo, useState } from "react";

import { Problem } from "~/api/problem";
import { useActors, usePart } from "~/api/queries";
import { goTo, useQueryParams } from "~/app/location";
import { useShortcuts, type Shortcut } from "~/app/shortcuts";
import { actorQuery, countFilters, filtersFor, NO_FILTERS } from "~/domain/actorFilters";
import { comparisonOf, MAX_COMPARED, MIN_COMPARED } from "~/domain/comparison";
import type { ActorRef } from "~/forms/ActorsInput";
import { AddToPart } from "~/forms/AddToPart";
import { useMay } from "~/session/session";
import { DataTable } from "~/ui/DataTable";
import { LinkTo } from "~/ui/LinkTo";
import { PageHead } from "~/ui/PageHead";
import { ARROW_SHORTCUTS, focusedRow, ROW_SHORTCUTS, SEARCH_SHORTCUT } from "~/ui/rowShortcuts";
import { Empty, Failed, Lines, ListEnd } from "~/ui/states";

import { ActorForm } from "../actor/ActorForm";
import { ChoosePart } from "./ChoosePart";
import { COLUMNS } from "./columns";
import { Filters } from "./Filters";
import { SelectionBar } from "./SelectionBar";
import { useActorSelection } from "./useActorSelection";

export default function Actors() {
  const may = useMay();
  const [params, change] = useQueryParams();
  const query = useMemo(() => actorQuery(params), [params]);
  const list = useActors(query);
  const { selection, actors, clear } = useActorSelection(list.items);
  const [dialog, setDialog] = useState<"new" | "part" | null>(null);
  const [adding, setAdding] = useState<ActorRef[] | null>(null);
  // The part that these actors are looked for, if any.
  const partId = params.get("part") ?? "";
  const part = usePart(partId, { enabled: partId !== "" }).data;
  const filters = countFilters(params);
  const wrong = list.error instanceof Problem && list.error.status === 422 ? list.error : null;
  const mayAdd = may("post:actors");

  const close = () => setDialog(null);
  const compare = () => {
    const { length } = actors;
    if (length >= MIN_COMPARED && length <= MAX_COMPARED) {
      goTo(comparisonOf(actors.map(({ id }) => id)));
    }
  };
  /** Add the selected actors, or the one whose row has the focus. */
  const addToPart = () => {
    const focused = list.items.filter(({ id }) => id === focusedRow());
    const wanted = actors.length > 0 ? actors : focused;
    if (wanted.length > 0) setAdding(wanted);
  };
  const toggleFocused = () => {
    const id = focusedRow();
    if (id !== null) selection.toggle(id);
  };
  const shortcuts: (Shortcut | false)[] = [
    SEARCH_SHORTCUT,
    ...ROW_SHORTCUTS,
    ...ARROW_SHORTCUTS,
    { keys: "x", label: "Select the row", run: toggleFocused },
    { keys: "c", label: "Compare the selected actors", run: compare },
    may("post:candidates") && { keys: "p", label: "Add to a part", run: addToPart },
    mayAdd && { keys: "n", label: "Add an actor", run: () => setDialog("new") },
  ];
  useShortcuts(
    "Actors",
    shortcuts.filter((each) => each !== false),
  );

  return (
    <>
      <PageHead
        title="Actors"
        note={
          part && (
            <>
              For the part <LinkTo to={`/parts/${part.id}`}>{part.name}</LinkTo>.{" "}
              <LinkTo to="/actors">Show all actors</LinkTo>
            </>
          )
        }
      >
        {may("get:parts") && (
          <Button variant="default" onClick={() => setDialog("part")}>
            Find for a part
          </Button>
        )}
        {mayAdd && (
          <Button onClick={() => setDialog("new")} rightSection={<kbd>n</kbd>}>
            Add an actor
          </Button>
        )}
      </PageHead>
      <Filters params={params} change={change} problem={wrong} shown={list.items} />
      <div className="surface" aria-busy={list.isFetching}>
        <SelectionBar
          actors={actors}
          onClear={clear}
          onCompare={compare}
          onAdd={may("post:candidates") ? addToPart : null}
          filters={filters}
          onClearFilters={() => change({ ...NO_FILTERS, part: null })}
        />
        {list.isPending ? (
          <Lines />
        ) : wrong && list.items.length === 0 ? (
          <Empty title="The filters cannot be used like this">
            The message at the filters says what is wrong.
          </Empty>
        ) : list.error && list.items.length === 0 ? (
          <Failed error={list.error} retry={list.retry} />
        ) : list.items.length === 0 && list.isComplete ? (
          <NoActors isFiltered={filters > 0} onAdd={mayAdd ? () => setDialog("new") : null} />
        ) : (
          <>
            {list.items.length > 0 && (
              <DataTable
                label="Actors"
                rows={list.items}
                columns={COLUMNS}
                href={({ id }) => `/actors/${id}`}
                nameOf={({ name }) => name}
                selection={selection}
              />
            )}
            <ListEnd list={list} />
          </>
        )}
      </div>
      {dialog === "new" && <ActorForm actor={null} title="Add an actor" onClose={close} />}
      {dialog === "part" && (
        <ChoosePart
          onChoose={(chosen) => {
            change(filtersFor(chosen));
            close();
          }}
          onClose={close}
        />
      )}
      {adding && (
        <AddToPart actors={adding} part={part} onClose={() => setAdding(null)} onAdded={clear} />
      )}
    </>
  );
}

function NoActors(props: { isFiltered: boolean; onAdd: (() => void) | null }) {
  if (props.isFiltered) {
    return (
      <Empty title="No actor matches">
        All filters must match, and each word must begin a word of a name. Take one away.
      </Empty>
    );
  }
  return (
    <Empty title="There are no actors yet">
      {props.onAdd ? (
        <Button onClick={props.onAdd}>Add the first actor</Button>
      ) : (
        "A casting director adds actors."
      )}
    </Empty>
  );
}
