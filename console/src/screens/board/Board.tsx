/** The board of a part: its candidates by status, best rated first. */

import { Button, Group, Stack } from "@mantine/core";
import { monitorForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { useCallback, useEffect, useRef, useState } from "react";

import { useCandidateWriter } from "~/api/candidates";
import { usePart } from "~/api/queries";
import type { Candidate, Part, Status } from "~/api/types";
import { useChanger } from "~/api/undo";
import { sayFailure } from "~/api/writes";
import { goTo } from "~/app/location";
import { PartForm } from "~/forms/PartForm";
import { searchFor } from "~/domain/actorFilters";
import { nextStatuses } from "~/domain/statuses";
import { STATUS_NAMES } from "~/domain/words";
import { useMay } from "~/session/session";
import { announce } from "~/ui/announce";
import { OvertakenDialog } from "~/ui/OvertakenDialog";
import { PartHead } from "~/ui/PartHead";
import { Empty, Failed, Lines } from "~/ui/states";
import { useSelection } from "~/ui/useSelection";

import classes from "./Board.module.css";
import { BulkBar } from "./BulkBar";
import { ColumnView } from "./ColumnView";
import { Details } from "./Details";
import { MoveMenu } from "./MoveMenu";
import { RemoveCandidate } from "./RemoveCandidate";
import { useActiveCard, useColumns } from "./useBoard";
import { useBoardKeys } from "./useBoardKeys";

export default function Board({ id }: { id: string }) {
  const part = usePart(id);
  if (part.isPending) return <Lines />;
  if (part.error && !part.data)
    return <Failed error={part.error} retry={() => void part.refetch()} />;
  return <BoardOf part={part.data} />;
}

function BoardOf({ part }: { part: Part }) {
  const may = useMay();
  const mayEngage = may("post:roles");
  const writer = useCandidateWriter(part.id);
  const changer = useChanger(writer);
  const columns = useColumns(part);
  const cards = useActiveCard(columns);
  const selection = useSelection();
  const [openId, setOpenId] = useState<string | null>(null);
  const [choosing, setChoosing] = useState(false);
  const [editing, setEditing] = useState(false);
  const [removing, setRemoving] = useState<Candidate | null>(null);
  const all = columns.flatMap(({ list }) => list.items);
  const selected = all.filter((each) => selection.ids.has(each.id));
  // A candidate who has moved beyond the pages that have been read stays open.
  const opened = all.find((each) => each.id === openId) ?? writer.known(openId);
  const targets = selected.length > 0 ? selected : cards.active ? [cards.active.candidate] : [];

  const nameOf = (candidates: Candidate[]) =>
    candidates.length === 1 ? (candidates[0]?.actor_name ?? "") : `${candidates.length} candidates`;

  const move = (candidates: Candidate[], to: Status) => {
    const possible = candidates.filter((each) => nextStatuses(each.status, mayEngage).includes(to));
    const left = candidates.length - possible.length;
    if (left > 0) sayFailure(`${STATUS_NAMES[to]} cannot follow the status of ${left} of them.`);
    if (possible.length === 0) return;
    const label = `${nameOf(possible)}: ${STATUS_NAMES[to]}`;
    if (possible.some((each) => each.id === cards.activeId)) cards.focus(cards.neighbour());
    selection.clear();
    void changer.move(possible, to, label).then((moved) => {
      if (moved.length > 0) announce(label);
    });
  };
  const rate = (candidates: Candidate[], rating: number | null) => {
    const label = `${nameOf(candidates)}: ${rating === null ? "not rated" : `rated ${rating}`}`;
    void changer.change(candidates, { rating }, label);
  };

  const mayDrop = useCallback(
    (from: Status, to: Status) => from === to || nextStatuses(from, mayEngage).includes(to),
    [mayEngage],
  );
  useDrops((candidateId, to) => {
    const dragged = all.find((each) => each.id === candidateId);
    if (dragged) move(selection.ids.has(candidateId) ? selected : [dragged], to);
  });
  useBoardKeys({
    cards,
    targets,
    mayEngage,
    move: (to) => move(targets, to),
    rate: (rating) => rate(targets, rating),
    choose: () => setChoosing(true),
    open: () => setOpenId(cards.activeId),
    toggle: () => cards.activeId !== null && selection.toggle(cards.activeId),
    clear: selection.clear,
    undo: changer.undo,
    edit: () => may("patch:parts") && setEditing(true),
    triage: () => goTo(`/parts/${part.id}/triage`),
  });

  return (
    <Stack gap="xs" className={classes.screen}>
      <PartHead part={part}>
        <PartLinks part={part} onEdit={may("patch:parts") ? () => setEditing(true) : null} />
      </PartHead>
      {selected.length > 0 && (
        <BulkBar
          candidates={selected}
          mayEngage={mayEngage}
          onMove={(to) => move(selected, to)}
          onRate={(rating) => rate(selected, rating)}
          onCompare={() => goTo(`/compare?ids=${selected.map((each) => each.actor_id).join(",")}`)}
          onClear={selection.clear}
        />
      )}
      {part.candidate_count === 0 && all.length === 0 ? (
        <Empty title="Nobody is considered for this part yet">
          Find actors who fit, select them, and add them to this part.
          <br />
          <a href={`#${searchFor(part)}`}>Find actors who fit</a>
        </Empty>
      ) : (
        <div className={classes.board}>
          {columns.map(({ status, list }) => (
            <ColumnView
              key={status}
              status={status}
              count={part.counts[status]}
              list={list}
              activeId={cards.activeId}
              selected={selection.ids}
              mayDrop={mayDrop}
              onActivate={cards.activate}
              onToggle={selection.toggle}
              onOpen={setOpenId}
            />
          ))}
        </div>
      )}
      {opened && (
        <Details
          key={opened.id}
          candidate={opened}
          onChange={(changes) => writer.change(opened, changes)}
          onMove={(to) => move([opened], to)}
          onRemove={() => setRemoving(opened)}
          onClose={() => setOpenId(null)}
        />
      )}
      {choosing && targets.length > 0 && (
        <MoveMenu
          candidates={targets}
          mayEngage={mayEngage}
          onMove={(to) => move(targets, to)}
          onClose={() => setChoosing(false)}
        />
      )}
      {removing && (
        <RemoveCandidate
          candidate={writer.current(removing)}
          writer={writer}
          onClose={() => setRemoving(null)}
          onRemoved={() => setOpenId(null)}
        />
      )}
      {editing && (
        <PartForm movieId={part.movie_id} part={part} onClose={() => setEditing(false)} />
      )}
      <OvertakenDialog writer={writer} />
    </Stack>
  );
}

function PartLinks({ part, onEdit }: { part: Part; onEdit: (() => void) | null }) {
  const link = (screen: string, label: string) => (
    <Button component="a" variant="default" href={`#/parts/${part.id}/${screen}`}>
      {label}
    </Button>
  );
  return (
    <Group gap={6}>
      {link("triage", "Triage")}
      {link("contact-sheet", "Contact sheet")}
      {link("avail", "Availability")}
      {onEdit && (
        <Button variant="default" onClick={onEdit}>
          Edit the part
        </Button>
      )}
      <Button component="a" href={`#${searchFor(part)}`}>
        Find candidates
      </Button>
    </Group>
  );
}

/** Call `onDrop` when a card is dropped on a column. */
function useDrops(onDrop: (candidateId: string, to: Status) => void): void {
  const latest = useRef(onDrop);
  useEffect(() => {
    latest.current = onDrop;
  });
  useEffect(
    () =>
      monitorForElements({
        onDrop: ({ source, location: place }) => {
          const target = place.current.dropTargets[0];
          const { candidateId, status } = source.data;
          if (!target || target.data.status === status || typeof candidateId !== "string") return;
          latest.current(candidateId, target.data.status as Status);
        },
      }),
    [],
  );
}
