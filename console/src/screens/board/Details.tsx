/** One candidate in full, beside the board: what can be changed, and where else they are wanted. */

import { Button, Drawer, Group, Select, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";

import type { Outcome } from "~/api/candidateWrites";
import { useCandidacies } from "~/api/queries";
import type { Candidate, CandidateChanges, Status } from "~/api/types";
import { fromLocalInput, showRange, showTime, toLocalInput } from "~/domain/dates";
import { nextStatuses } from "~/domain/statuses";
import { ages, STATUS_NAMES } from "~/domain/words";
import { useMay } from "~/session/session";
import { Headshot } from "~/ui/Headshot";
import { History } from "~/ui/History";
import { LinkTo } from "~/ui/LinkTo";
import { StatusBadge } from "~/ui/StatusBadge";
import { Lines, ListEnd } from "~/ui/states";

import { RatingInput } from "./RatingInput";
import { useFocusBack } from "~/ui/useFocusBack";

interface Props {
  candidate: Candidate;
  onChange: (changes: CandidateChanges) => Promise<Outcome>;
  onMove: (status: Status) => void;
  onRemove: () => void;
  onClose: () => void;
}

export function Details({ candidate, onChange, onMove, onRemove, onClose }: Props) {
  useFocusBack();
  const may = useMay();
  // What is typed and not sent yet. Otherwise the inputs show the candidate, whoever changes it.
  const [note, setNote] = useState<string | null>(null);
  const [audition, setAudition] = useState<string | null>(null);
  const [withHistory, setWithHistory] = useState(false);
  const next = nextStatuses(candidate.status, may("post:roles"));
  /** Send what was typed. It is typed again if it was not saved, unless the person is asked. */
  const send = async (changes: CandidateChanges, typeAgain: () => void) => {
    const { saved, asked } = await onChange(changes);
    if (!saved && asked !== true) typeAgain();
  };
  const saveNote = () => {
    if (note === null) return;
    const text = note.trim() === "" ? null : note.trim();
    setNote(null);
    if (text !== candidate.note) void send({ note: text }, () => setNote(note));
  };
  const saveAudition = () => {
    if (audition === null) return;
    const time = fromLocalInput(audition);
    setAudition(null);
    if (audition === toLocalInput(candidate.audition_at)) return;
    void send({ audition_at: time }, () => setAudition(audition));
  };
  return (
    <Drawer
      opened
      onClose={() => {
        saveNote();
        saveAudition();
        onClose();
      }}
      position="right"
      size="md"
      title={candidate.actor_name}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack gap="sm">
        <Group align="flex-start" wrap="nowrap">
          <Headshot name={candidate.actor_name} url={candidate.headshot_url} width={120} />
          <Stack gap={6} style={{ flex: 1 }}>
            <Text size="sm">{ages(candidate.playing_age_min, candidate.playing_age_max)}</Text>
            <StatusBadge status={candidate.status} />
            <Text size="xs" c="dimmed">
              since {showTime(candidate.status_since)}, by {candidate.status_by}
            </Text>
            <LinkTo to={`/actors/${candidate.actor_id}`}>Open the actor</LinkTo>
          </Stack>
        </Group>
        <Select
          size="xs"
          label="Move to"
          placeholder="Choose a status"
          data={next.map((status) => ({ value: status, label: STATUS_NAMES[status] }))}
          value={null}
          onChange={(status) => status !== null && onMove(status)}
        />
        <RatingInput rating={candidate.rating} onChange={(rating) => void onChange({ rating })} />
        <Textarea
          size="xs"
          label="Note"
          autosize
          minRows={2}
          maxLength={2_000}
          value={note ?? candidate.note ?? ""}
          onChange={(event) => setNote(event.currentTarget.value)}
          onBlur={saveNote}
        />
        <TextInput
          size="xs"
          type="datetime-local"
          label="Audition"
          value={audition ?? toLocalInput(candidate.audition_at)}
          // A date that is typed passes through many other dates, so it is sent at the end.
          onChange={(event) => setAudition(event.currentTarget.value)}
          onBlur={saveAudition}
        />
        <Conflicts candidate={candidate} />
        <OtherParts candidate={candidate} />
        <Group>
          <Button variant="default" onClick={() => setWithHistory(!withHistory)}>
            {withHistory ? "Hide the history" : "Show the history"}
          </Button>
          {may("delete:candidates") && (
            <Button variant="subtle" color="red" c="var(--mantine-color-error)" onClick={onRemove}>
              Take from the list
            </Button>
          )}
        </Group>
        {withHistory && <History kind="candidates" id={candidate.id} />}
      </Stack>
    </Drawer>
  );
}

function Conflicts({ candidate }: { candidate: Candidate }) {
  if (candidate.conflicts.length === 0) return null;
  return (
    <section aria-label="Engaged elsewhere">
      <Text size="sm" fw={600} c="var(--mantine-color-error)">
        Engaged elsewhere on these dates
      </Text>
      <ul>
        {candidate.conflicts.map((conflict) => (
          <li key={conflict.part_id}>
            <LinkTo to={`/parts/${conflict.part_id}`}>
              {showRange(conflict.work_start, conflict.work_end)}
            </LinkTo>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The banner of every casting tool: who else wants this person. */
export function OtherParts({ candidate }: { candidate: Candidate }) {
  const list = useCandidacies(candidate.actor_id);
  if (list.isPending) return <Lines count={2} />;
  const others = list.items.filter((each) => each.part_id !== candidate.part_id);
  if (others.length === 0 && list.isComplete) return null;
  return (
    <section aria-label="Considered for other parts">
      <Text size="sm" fw={600}>
        Considered for other parts
      </Text>
      <table className="data-table" aria-label="Other parts">
        <tbody>
          {others.map((other) => (
            <tr key={other.id}>
              <td>
                <LinkTo to={`/parts/${other.part_id}`}>{other.part_name}</LinkTo>
                <Text size="xs" c="dimmed">
                  {[other.movie_title, showRange(other.work_start, other.work_end)]
                    .filter(Boolean)
                    .join(" · ")}
                </Text>
              </td>
              <td>
                <StatusBadge status={other.status} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {!list.isComplete && <ListEnd list={list} />}
    </section>
  );
}
