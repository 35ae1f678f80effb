/** The form of an actor, to add one or to change all fields or some of them. */

import { useQueryClient } from "@tanstack/react-query";

import { api, ifMatch, received, unwrap } from "~/api/client";
import { keys, readActor } from "~/api/queries";
import type { Actor, ActorChanges, NewActor } from "~/api/types";
import { sayDone, untilDone, useKeyOf } from "~/api/writes";
import { goTo } from "~/app/location";
import { withAge } from "~/domain/ages";
import type { Field, Values } from "~/forms/fields";
import { RecordForm } from "~/forms/RecordForm";

import { ACTOR_FIELDS } from "./actorFields";

export function ActorForm(props: {
  /** Who is changed; null to add somebody. */
  actor: Actor | null;
  title: string;
  fields?: Field<Actor>[];
  onClose: () => void;
}) {
  const queries = useQueryClient();
  const { keyOf, renew } = useKeyOf();

  async function add(values: Values): Promise<void> {
    const body = withAge(values, null) as unknown as NewActor;
    const { actor } = await unwrap(
      api.POST("/actors", { params: { header: { "Idempotency-Key": keyOf(body) } }, body }),
    );
    renew();
    queries.setQueryData(keys.actor(actor.id), actor);
    void queries.invalidateQueries({ queryKey: keys.actors() });
    sayDone(`${actor.name} is added.`);
    goTo(`/actors/${actor.id}`);
  }

  async function change(values: Values, current: Actor): Promise<void> {
    const body = withAge(values, current) as ActorChanges;
    const path = { actor_id: current.id };
    const step = await untilDone("Updating the roles", (etag) => {
      const header = etag === null ? ifMatch(current) : { "If-Match": etag };
      return received(api.PATCH("/actors/{actor_id}", { params: { path, header }, body }));
    });
    if (step) queries.setQueryData(keys.actor(current.id), step.body.actor);
    // Lists, casts and boards show it, too, and its history has one more entry.
    queries.removeQueries({ queryKey: ["candidates"], type: "inactive" });
    const shown = [keys.actors(), keys.history("actors", current.id), ["movies"], ["parts"]];
    for (const queryKey of [...shown, ["search"]]) void queries.invalidateQueries({ queryKey });
  }

  return (
    <RecordForm<Actor>
      title={props.title}
      fields={props.fields ?? ACTOR_FIELDS}
      base={props.actor}
      initial={{ active: true }}
      submit={props.actor === null ? "Add" : "Save"}
      save={(values, current) => (current === null ? add(values) : change(values, current))}
      reload={() => readActor(props.actor?.id ?? "")}
      onClose={props.onClose}
    />
  );
}
