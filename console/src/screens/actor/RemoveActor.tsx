import { List, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";

import { api, ifMatch, received } from "~/api/client";
import { keys } from "~/api/queries";
import type { Actor } from "~/api/types";
import { untilDone } from "~/api/writes";
import { goTo } from "~/app/location";
import { RemoveDialog } from "~/ui/RemoveDialog";

const counted = (count: number, one: string, many: string) =>
  count === 1 ? `1 ${one}` : `${count} ${many}`;

/** Ask whether to remove an actor with all that hangs on them, and do it. */
export function RemoveActor({ actor, onClose }: { actor: Actor; onClose: () => void }) {
  const queries = useQueryClient();
  return (
    <RemoveDialog
      title={`Remove ${actor.name}?`}
      action="Remove"
      done={`${actor.name} is removed.`}
      send={() =>
        untilDone(`Removing ${actor.name}`, () =>
          received(
            api.DELETE("/actors/{actor_id}", {
              params: { path: { actor_id: actor.id }, header: ifMatch(actor) },
            }),
          ),
        )
      }
      // Roles and candidacies of this actor are shown in movies and parts.
      changes={[keys.actors(), ["movies"], ["parts"]]}
      subject={keys.actor(actor.id)}
      onRemoved={() => {
        goTo("/actors", { replace: true });
        // Not before this screen is gone, which would read the actor again.
        setTimeout(() => queries.removeQueries({ queryKey: keys.actor(actor.id) }));
      }}
      onClose={onClose}
    >
      This cannot be taken back. These are removed, too:
      <List size="sm" mt={4}>
        <List.Item>{counted(actor.role_count, "role in a movie", "roles in movies")}</List.Item>
        <List.Item>{counted(actor.candidate_count, "candidacy", "candidacies")}</List.Item>
      </List>
      <Text size="sm" mt="xs">
        Parts that they were cast in become open again.
      </Text>
    </RemoveDialog>
  );
}
