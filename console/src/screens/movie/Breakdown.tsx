/** The parts of a movie in billing order. */

import { Button, Group, Text } from "@mantine/core";
import { useState } from "react";

import { api, ifMatch, received } from "~/api/client";
import { keys, useBreakdown } from "~/api/queries";
import type { Movie, Part } from "~/api/types";
import { untilDone } from "~/api/writes";
import { useShortcuts } from "~/app/shortcuts";
import { nextBilling } from "~/domain/billing";
import { PartForm } from "~/forms/PartForm";
import { useMay } from "~/session/session";
import { RemoveDialog } from "~/ui/RemoveDialog";
import { ROW_SHORTCUTS } from "~/ui/rowShortcuts";
import { Empty, Failed, Lines } from "~/ui/states";

import classes from "./Breakdown.module.css";
import { PartRow, type RowActions } from "./PartRow";
import { useBilling } from "./useBilling";

/** What the form is for: a part, or `new`. */
export type Editing = Part | "new" | null;

export function Breakdown(props: {
  movie: Movie;
  editing: Editing;
  edit: (editing: Editing) => void;
}) {
  const { movie, editing, edit } = props;
  const may = useMay();
  const list = useBreakdown(movie.id);
  const billing = useBilling(movie.id, list.items);
  const [removing, setRemoving] = useState<Part | null>(null);
  const mayChange = may("patch:parts");
  useShortcuts("Breakdown", [
    ...ROW_SHORTCUTS,
    // The rows handle these keys themselves. They are here for the sheet of shortcuts.
    ...(mayChange
      ? [{ keys: "Alt ArrowUp ArrowDown", label: "Move the part in the billing", run: () => {} }]
      : []),
  ]);
  const actions: RowActions = {
    // A part of the list would be moved to a wrong place.
    mayChange: mayChange && list.isComplete,
    mayRemove: may("delete:parts"),
    move: billing.move,
    edit,
    remove: setRemoving,
  };
  const addButton = may("post:parts") && (
    <Button variant="default" onClick={() => edit("new")}>
      Add a part
    </Button>
  );
  return (
    <>
      {list.isPending ? (
        <Lines />
      ) : list.error && list.items.length === 0 ? (
        <Failed error={list.error} retry={list.retry} />
      ) : list.items.length === 0 ? (
        <Empty title="This movie has no parts yet">
          <p>A part is a character that has to be cast. Each part gets its own board.</p>
          {addButton || "A casting director adds parts."}
        </Empty>
      ) : (
        <>
          <Group justify="space-between" mb="xs">
            <Summary parts={list.items} />
            {addButton}
          </Group>
          <div className="surface">
            <Parts parts={billing.shown} numberOf={billing.numberOf} actions={actions} />
            {!list.isComplete && !list.error && <Lines count={2} />}
            {list.error && <Failed error={list.error} retry={list.retry} />}
          </div>
        </>
      )}
      {editing !== null && (
        <PartForm
          movieId={movie.id}
          part={editing === "new" ? null : editing}
          initial={{ billing_order: nextBilling(list.items) }}
          onClose={() => edit(null)}
        />
      )}
      {removing && <RemovePart part={removing} onClose={() => setRemoving(null)} />}
    </>
  );
}

function Parts(props: {
  parts: Part[];
  numberOf: (part: Part) => number | null;
  actions: RowActions;
}) {
  const indexOf = (id: string) => props.parts.findIndex((part) => part.id === id);
  return (
    <div className="scroll-x">
      <table className="data-table" aria-label="Parts in billing order">
        <thead>
          <tr>
            <th scope="col" className="number">
              Billing
            </th>
            <th scope="col">Part</th>
            <th scope="col" className={classes.wide}>
              Work
            </th>
            <th scope="col">Cast</th>
            <th scope="col">Status</th>
            <th scope="col">Candidates</th>
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {props.parts.map((part, index) => (
            <PartRow
              key={part.id}
              part={part}
              index={index}
              isLast={index === props.parts.length - 1}
              billing={props.numberOf(part)}
              indexOf={indexOf}
              actions={props.actions}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Summary({ parts }: { parts: Part[] }) {
  const open = parts.filter(({ status }) => status === "open").length;
  const needed = parts.reduce((sum, part) => sum + part.needed, 0);
  const cast = parts.reduce((sum, part) => sum + part.counts.cast, 0);
  return (
    <Text size="sm" c="dimmed">
      {parts.length === 1 ? "1 part" : `${parts.length} parts`}, {open} open · {cast} of {needed}{" "}
      {needed === 1 ? "person" : "people"} cast
    </Text>
  );
}

function RemovePart({ part, onClose }: { part: Part; onClose: () => void }) {
  const count = part.candidate_count;
  return (
    <RemoveDialog
      title={`Remove ${part.name}?`}
      action="Remove the part"
      done={`${part.name} is removed.`}
      send={() =>
        untilDone(`Removing ${part.name}`, () =>
          received(
            api.DELETE("/parts/{part_id}", {
              params: { path: { part_id: part.id }, header: ifMatch(part) },
            }),
          ),
        )
      }
      changes={[keys.movie(part.movie_id), keys.parts(), ["actors"]]}
      onClose={onClose}
    >
      {count === 0
        ? "It has no candidates."
        : `Its ${count === 1 ? "candidate is" : `${count} candidates are`} removed too.`}
      {part.counts.cast > 0 && " Actors who are cast in it lose the role that it gave them."} This
      cannot be undone.
    </RemoveDialog>
  );
}
