import { Text } from "@mantine/core";

import { api, ifMatch, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import type { Candidate } from "~/api/types";
import { sayDone, useWrite } from "~/api/writes";
import { Confirm } from "~/ui/Confirm";

/** Take a candidate from a part's list, after a question. */
export function RemoveCandidate(props: {
  candidate: Candidate;
  onClose: () => void;
  onRemoved: () => void;
}) {
  const { candidate } = props;
  const remove = useWrite({
    send: () =>
      unwrap(
        api.DELETE("/candidates/{candidate_id}", {
          params: { path: { candidate_id: candidate.id }, header: ifMatch(candidate) },
        }),
      ),
    changes: () => [keys.part(candidate.part_id), keys.candidacies(candidate.actor_id)],
    done: () => {
      sayDone(`${candidate.actor_name} is no longer on the list.`);
      props.onRemoved();
      props.onClose();
    },
    failed: () => {
      props.onClose();
      return false;
    },
  });
  return (
    <Confirm
      title={`Take ${candidate.actor_name} from the list?`}
      action="Take from the list"
      busy={remove.isPending}
      onConfirm={() => remove.mutate(undefined)}
      onClose={props.onClose}
    >
      <Text size="sm">
        The rating and the note go too. The history stays. To keep them, move to Passed instead.
      </Text>
    </Confirm>
  );
}
