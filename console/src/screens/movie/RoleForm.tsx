import { useQueryClient } from "@tanstack/react-query";

import { api, ifMatch, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import type { NewRoleInMovie, Role, RoleChanges } from "~/api/types";
import { sayDone, useKeyOf } from "~/api/writes";
import type { Values } from "~/forms/fields";
import { RecordForm } from "~/forms/RecordForm";

import { ROLE_FIELDS } from "./roleFields";

const readRole = async (id: string) =>
  (await unwrap(api.GET("/roles/{role_id}", { params: { path: { role_id: id } } }))).role;

const change = async (body: RoleChanges, current: Role) =>
  unwrap(
    api.PATCH("/roles/{role_id}", {
      params: { path: { role_id: current.id }, header: ifMatch(current) },
      body,
    }),
  );

/** The dialog that adds an actor to a movie's cast, or changes whom they play. */
export function RoleForm(props: {
  movieId: string;
  actor: { id: string; name: string };
  /** What is changed, as it was read; null to add the actor. */
  role: Role | null;
  billing: number;
  onClose: () => void;
}) {
  const { movieId, actor, role } = props;
  const queries = useQueryClient();
  const { keyOf, renew } = useKeyOf();

  async function add(body: NewRoleInMovie): Promise<void> {
    await unwrap(
      api.POST("/movies/{movie_id}/actors", {
        params: { path: { movie_id: movieId }, header: { "Idempotency-Key": keyOf(body) } },
        body,
      }),
    );
    renew();
  }

  async function save(values: Values, current: Role | null): Promise<void> {
    if (current === null) await add({ ...values, actor_id: actor.id });
    else await change(values, current);
    const changed = [keys.movie(movieId), keys.movies(), keys.actor(actor.id)];
    await Promise.all(changed.map((queryKey) => queries.invalidateQueries({ queryKey })));
    sayDone(
      current === null ? `${actor.name} is in the cast.` : `The role of ${actor.name} is saved.`,
    );
  }

  return (
    <RecordForm<Role>
      title={role === null ? `Add ${actor.name} to the cast` : `Change the role of ${actor.name}`}
      fields={ROLE_FIELDS}
      base={role}
      initial={{ billing_order: props.billing }}
      submit={role === null ? "Add to the cast" : "Save"}
      save={save}
      {...(role !== null && { reload: () => readRole(role.id) })}
      onClose={props.onClose}
    />
  );
}
