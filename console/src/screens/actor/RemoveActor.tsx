import { List, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";

import { api, ifMatch, received } from "~/api/client";
import { Problem } from "~/api/problem";
import { keys } from "~/api/queries";
import type { Actor } from "~/api/types";
import { sayDone, untilDone, useWrite } from "~/api/writes";
import { goTo } from "~/app/location";
import { Confirm } from "~/ui/Confirm";
import { sayReadAgain } from "~/ui/readAgain";

const counted = (count: number, one: string, many: string) =>
  count === 1 ? `1 ${one}` : `${count} ${many}`;

/** Ask whether to remove an actor with all that hangs on them, and do it. */
export function RemoveActor({ actor, onClose }: { actor: Actor; onClose: () => void }) {
  const queries = useQueryClient();
  const remove = useWrite({
    send: () =>
      untilDone(`Removing ${actor.name}`, () =>
        received(
          api.DELETE("/actors/{actor_id}", {
            params: { path: { actor_id: actor.id }, header: ifMatch(actor) },
          }),
        ),
      ),
    // Roles and candidacies of this actor are shown in movies and parts.
    changes: () => [keys.actors(), ["movies"], ["parts"]],
    done: () => {
      sayDone(`${actor.name} is removed.`);
      onClose();
      goTo("/actors", { replace: true });
      // Not before this screen is gone, which would read the actor again.
      setTimeout(() => queries.removeQueries({ queryKey: keys.actor(actor.id) }));
    },
    failed: (error) => {
      if (!(error instanceof Problem) || error.status !== 412) return false;
      void queries.invalidateQueries({ queryKey: keys.actor(actor.id) });
      sayReadAgain(actor.name);
      onClose();
      return true;
    },
  });
  return (
    <Confirm
      title={`Remove ${actor.name}?`}
      action="Remove"
      busy={remove.isPending}
      onConfirm={() => remove.mutate(undefined)}
      onClose={onClose}
    >
      <Text size="sm">This cannot be taken back. These are removed, too:</Text>
      <List size="sm" mt={4}>
        <List.Item>{counted(actor.role_count, "role in a movie", "roles in movies")}</List.Item>
        <List.Item>{counted(actor.candidate_count, "candidacy", "candidacies")}</List.Item>
      </List>
      <Text size="sm" mt="xs">
        Parts that they were cast in become open again.
      </Text>
    </Confirm>
  );
}
