import { Button, Group, Modal, Stack, Text } from "@mantine/core";

import type { CandidateWriter } from "~/api/candidates";
import { overtaken } from "~/api/candidateWrites";
import { useStore } from "~/app/store";
import { NEXT } from "~/api/rules";
import { fieldLabel } from "~/domain/words";
import { showValue } from "~/forms/show";

/** Asks what to do with a change when somebody else has changed the candidate before. */
export function OvertakenDialog({ writer }: { writer: CandidateWriter }) {
  const waiting = useStore(overtaken);
  // Those of another part wait until its screen is shown again.
  const first = waiting.find(({ theirs }) => theirs.part_id === writer.partId);
  if (!first) return null;
  const { changes, theirs, before } = first;
  const done = () => overtaken.set(waiting.filter((each) => each !== first));
  const names = Object.keys(changes) as (keyof typeof changes & keyof typeof theirs)[];
  const wanted = changes.status;
  const isPossible =
    wanted === undefined || wanted === theirs.status || NEXT[theirs.status].includes(wanted);
  return (
    <Modal opened onClose={done} title={`${theirs.actor_name} was changed meanwhile`} size="md">
      <Stack>
        <Text size="sm">
          {theirs.status === before.status
            ? "Somebody else has changed this candidate. Nothing of yours was saved yet."
            : `${theirs.status_by} has set the status. Nothing of yours was saved yet.`}
        </Text>
        <table className="data-table" aria-label="Both versions">
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Yours</th>
              <th scope="col">Theirs</th>
            </tr>
          </thead>
          <tbody>
            {names.map((name) => (
              <tr key={name}>
                <th scope="row">{fieldLabel(name)}</th>
                <td>{showValue(name, changes[name])}</td>
                <td>{showValue(name, theirs[name])}</td>
              </tr>
            ))}
            {theirs.status !== before.status && wanted === undefined && (
              <tr>
                <th scope="row">Status</th>
                <td>{showValue("status", before.status)}</td>
                <td>{showValue("status", theirs.status)}</td>
              </tr>
            )}
          </tbody>
        </table>
        {!isPossible && (
          <Text size="sm">
            The status {showValue("status", wanted)} cannot follow{" "}
            {showValue("status", theirs.status)}.
          </Text>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={done} data-autofocus>
            Keep theirs
          </Button>
          <Button
            disabled={!isPossible}
            onClick={() => {
              done();
              void writer.change(theirs, changes);
            }}
          >
            Save mine
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
