/** The dialog that adds actors to a part. The actors, the part or both may be given. */

import { Alert, Button, Group, Modal, Progress, Stack, Text } from "@mantine/core";
import { useState } from "react";

import { explain } from "~/api/problem";
import { goTo } from "~/app/location";

import { ActorsInput, type ActorRef } from "./ActorsInput";
import { AdditionOutcome } from "./AdditionOutcome";
import { PartPicker } from "./PartPicker";
import { useAdditions } from "./useAdditions";
import { useFocusBack } from "~/ui/useFocusBack";

export interface PartRef {
  id: string;
  name: string;
  movie_id: string;
}

/** More names are counted instead of listed. */
const NAMED = 6;

const people = (count: number) => (count === 1 ? "1 actor" : `${count} actors`);

function namesOf(actors: ActorRef[]): string {
  const names = actors.slice(0, NAMED).map(({ name }) => name);
  const rest = actors.length - names.length;
  return rest > 0 ? `${names.join(", ")} and ${rest} more` : names.join(", ");
}

export function AddToPart(props: {
  /** Whom to add. Without them, the dialog asks for their names. */
  actors?: ActorRef[];
  /** Where to add them. Without it, the dialog asks for an open part. */
  part?: PartRef;
  onClose: () => void;
  /** Called when the dialog closes after all of them were sent. */
  onAdded?: () => void;
}) {
  const { isBusy, isDone, ...additions } = useAdditions();
  useFocusBack();
  const [chosenPart, setPart] = useState<Parameters<typeof PartPicker>[0]["value"]>(null);
  const [chosenActors, setActors] = useState<ActorRef[]>([]);
  const part = props.part ?? chosenPart;
  const actors = props.actors ?? chosenActors;
  const ids = actors.map(({ id }) => id);
  const close = () => {
    if (isBusy) return;
    props.onClose();
    if (isDone) props.onAdded?.();
  };
  const title = props.part
    ? `Add candidates for ${props.part.name}`
    : `Add ${people(actors.length)} to a part`;
  return (
    <Modal opened onClose={close} title={title} size="lg" closeOnClickOutside={!isBusy}>
      <Stack
        component="form"
        gap="sm"
        onSubmit={(event) => {
          event.preventDefault();
          if (part && actors.length > 0 && !isBusy && !isDone) void additions.run(part, ids);
        }}
      >
        {props.actors && !isDone && <Text size="sm">{namesOf(actors)}</Text>}
        {!props.actors && !isDone && (
          <ActorsInput
            label="Actors"
            value={actors}
            disabled={isBusy || additions.total > 0}
            onChange={setActors}
          />
        )}
        {!props.part && !isDone && (
          <PartPicker
            value={chosenPart}
            disabled={isBusy}
            onChange={(next) => {
              additions.reset();
              setPart(next);
            }}
          />
        )}
        {isBusy && additions.total > 1 && (
          <Progress
            value={(100 * additions.done) / additions.total}
            aria-label={`Added ${additions.done} of ${additions.total}`}
          />
        )}
        {additions.error && (
          <Alert color="red" variant="outline" role="alert">
            <Text size="sm">{explain(additions.error)}</Text>
            {additions.done > 0 && (
              <Text size="sm">
                {people(additions.done)} of {additions.total} are through. Try again to go on.
              </Text>
            )}
          </Alert>
        )}
        {isDone && part && (
          <AdditionOutcome outcome={additions.outcome} actors={actors} part={part.name} />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={close} disabled={isBusy}>
            {isDone ? "Close" : "Cancel"}
          </Button>
          {isDone && part ? (
            <Button
              data-autofocus
              onClick={() => {
                close();
                goTo(`/parts/${part.id}`);
              }}
            >
              Open the board
            </Button>
          ) : (
            <Button
              type="submit"
              data-autofocus={props.actors && props.part ? true : undefined}
              loading={isBusy}
              disabled={part === null || actors.length === 0}
            >
              {additions.error ? "Try again" : `Add ${people(actors.length)}`}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}
