/** Who plays whom: a movie's cast in billing order. */

import { ActionIcon, Button, Group, Menu, Text } from "@mantine/core";
import { useMemo, useState } from "react";

import { api, ifMatch, unwrap } from "~/api/client";
import { keys, useCast, useRoles } from "~/api/queries";
import type { Movie } from "~/api/types";
import { useShortcuts } from "~/app/shortcuts";
import { nextBilling } from "~/domain/billing";
import { joinCast, type CastRow } from "~/domain/cast";
import { useMay } from "~/session/session";
import { DataTable, type Column } from "~/ui/DataTable";
import { MoreIcon } from "~/ui/icons";
import { LinkTo } from "~/ui/LinkTo";
import { RemoveDialog } from "~/ui/RemoveDialog";
import { ROW_SHORTCUTS } from "~/ui/rowShortcuts";
import { Empty, Failed, Lines, ListEnd } from "~/ui/states";

import { ActorPicker } from "./ActorPicker";
import { CAST_COLUMNS } from "./castColumns";
import { RoleForm } from "./RoleForm";

type Actor = { id: string; name: string };

export function Cast({ movie }: { movie: Movie }) {
  const may = useMay();
  const list = useCast(movie.id);
  const roles = useRoles(movie.id);
  const rows = useMemo(() => joinCast(list.items, roles.items), [list.items, roles.items]);
  const [picking, setPicking] = useState(false);
  const [adding, setAdding] = useState<Actor | null>(null);
  const [editing, setEditing] = useState<CastRow | null>(null);
  const [removing, setRemoving] = useState<CastRow | null>(null);
  const [mayAdd, mayChange, mayRemove] = ["post:roles", "patch:roles", "delete:roles"].map(may);
  useShortcuts("Cast", [
    ...ROW_SHORTCUTS,
    ...(mayAdd === true
      ? [{ keys: "a", label: "Add an actor to the cast", run: () => setPicking(true) }]
      : []),
  ]);
  const columns: Column<CastRow>[] = [
    ...CAST_COLUMNS,
    {
      key: "actions",
      label: "Actions",
      className: "number",
      show: (row) => (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon size="sm" aria-label={`Actions for ${row.name}`}>
              <MoreIcon />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {mayChange === true && (
              <Menu.Item disabled={row.role === null} onClick={() => setEditing(row)}>
                Change the role …
              </Menu.Item>
            )}
            {mayRemove === true && (
              <Menu.Item onClick={() => setRemoving(row)}>Remove from the cast …</Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      ),
    },
  ];
  const addButton = mayAdd === true && (
    <Button variant="default" onClick={() => setPicking(true)}>
      Add an actor
    </Button>
  );
  if (list.isPending) return <Lines />;
  if (list.error && rows.length === 0) return <Failed error={list.error} retry={list.retry} />;
  return (
    <>
      {rows.length === 0 && list.isComplete ? (
        <Empty title="Nobody is in the cast yet">
          <p>
            Casting somebody on the board of a part adds them here. You can also add actors
            directly.
          </p>
          {addButton}
        </Empty>
      ) : (
        <>
          <Group justify="space-between" mb="xs">
            <Text size="sm">
              <LinkTo to={`/movies/${movie.id}/cast-list`}>Cast list to print or download</LinkTo>
            </Text>
            {addButton}
          </Group>
          {roles.error && <Failed error={roles.error} retry={roles.retry} />}
          <div className="surface">
            <DataTable
              label="Cast"
              rows={rows}
              columns={mayChange === true || mayRemove === true ? columns : CAST_COLUMNS}
            />
            <ListEnd list={list} />
          </div>
        </>
      )}
      {picking && (
        <ActorPicker
          title={`Add an actor to ${movie.title}`}
          taken={new Set(rows.map((row) => row.actorId))}
          takenNote="In the cast"
          onPick={(actor) => {
            setPicking(false);
            setAdding(actor);
          }}
          onClose={() => setPicking(false)}
        />
      )}
      {(adding ?? editing?.role) && (
        <RoleForm
          movieId={movie.id}
          actor={adding ?? { id: editing?.actorId ?? "", name: editing?.name ?? "" }}
          role={editing?.role ?? null}
          billing={nextBilling(rows.map((row) => ({ id: row.id, billing_order: row.billing })))}
          onClose={() => {
            setAdding(null);
            setEditing(null);
          }}
        />
      )}
      {removing && <RemoveRole row={removing} movie={movie} onClose={() => setRemoving(null)} />}
    </>
  );
}

function RemoveRole(props: { row: CastRow; movie: Movie; onClose: () => void }) {
  const { row, movie } = props;
  return (
    <RemoveDialog
      title={`Remove ${row.name} from the cast?`}
      action="Remove from the cast"
      done={`${row.name} is no longer in the cast.`}
      send={() =>
        unwrap(
          api.DELETE("/roles/{role_id}", {
            params: { path: { role_id: row.id }, header: ifMatch(row) },
          }),
        )
      }
      changes={[keys.movie(movie.id), keys.movies(), ["parts"], keys.actor(row.actorId)]}
      onClose={props.onClose}
    >
      {row.character === null
        ? `${row.name} leaves ${movie.title}.`
        : `${row.name} no longer plays ${row.character} in ${movie.title}.`}{" "}
      {row.role?.part_ids.length === 0
        ? "They were not cast through a part."
        : "If they were cast through parts, they become released there, and the parts are open again."}
    </RemoveDialog>
  );
}
