import { Button, Modal, Stack, Text } from "@mantine/core";

import type { Candidate, Status } from "~/api/types";
import { nextStatuses } from "~/domain/statuses";
import { STATUS_NAMES } from "~/domain/words";
import { useFocusBack } from "~/ui/useFocusBack";

/** The statuses that may follow, to choose with the keyboard. */
export function MoveMenu(props: {
  candidates: Candidate[];
  mayEngage: boolean;
  onMove: (to: Status) => void;
  onClose: () => void;
}) {
  useFocusBack();
  const sets = props.candidates.map((each) => nextStatuses(each.status, props.mayEngage));
  const common = (sets[0] ?? []).filter((status) => sets.every((set) => set.includes(status)));
  const [first] = props.candidates;
  const name =
    props.candidates.length === 1 ? first?.actor_name : `${props.candidates.length} candidates`;
  return (
    <Modal opened onClose={props.onClose} title={`Move ${name ?? ""} to`} size="xs">
      <Stack gap={4}>
        {common.map((status, index) => (
          <Button
            key={status}
            variant="default"
            justify="flex-start"
            data-autofocus={index === 0 || undefined}
            onClick={() => {
              props.onClose();
              props.onMove(status);
            }}
          >
            {STATUS_NAMES[status]}
          </Button>
        ))}
        {common.length === 0 && <Text size="sm">No status can follow for all of them.</Text>}
        {!props.mayEngage && (
          <Text size="xs" c="dimmed">
            A Casting Director can also hold, offer and cast.
          </Text>
        )}
      </Stack>
    </Modal>
  );
}
