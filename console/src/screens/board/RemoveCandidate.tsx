import type { CandidateWriter } from "~/api/candidates";
import { api, ifMatch, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import type { Candidate } from "~/api/types";
import { RemoveDialog } from "~/ui/RemoveDialog";

/** Take a candidate from a part's list, after a question. */
export function RemoveCandidate(props: {
  candidate: Candidate;
  writer: CandidateWriter;
  onClose: () => void;
  onRemoved: () => void;
}) {
  const { candidate } = props;
  return (
    <RemoveDialog
      title={`Take ${candidate.actor_name} from the list?`}
      action="Take from the list"
      done={`${candidate.actor_name} is no longer on the list.`}
      send={() =>
        unwrap(
          api.DELETE("/candidates/{candidate_id}", {
            params: { path: { candidate_id: candidate.id }, header: ifMatch(candidate) },
          }),
        )
      }
      changes={[keys.part(candidate.part_id), keys.candidacies(candidate.actor_id)]}
      onRemoved={() => {
        props.writer.forget(candidate);
        props.onRemoved();
      }}
      onClose={props.onClose}
    >
      The rating and the note go too. The history stays. To keep them, move to Passed instead.
    </RemoveDialog>
  );
}
