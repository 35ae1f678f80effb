/** Triage: one candidate at a time, judged with one key each. */

import { Button, Group, Progress, Select, Stack, Text } from "@mantine/core";

import { useCandidateWriter } from "~/api/candidates";
import { usePart } from "~/api/queries";
import { BEST_RATING } from "~/api/rules";
import type { Candidate, CandidateChanges, Part, Status } from "~/api/types";
import { useChanger } from "~/api/undo";
import { goTo, useQueryParams } from "~/app/location";
import { useShortcuts } from "~/app/shortcuts";
import { BOARD, isSelection, nextStatuses } from "~/domain/statuses";
import { STATUS_NAMES } from "~/domain/words";
import { useMay } from "~/session/session";
import { announce } from "~/ui/announce";
import { LinkTo } from "~/ui/LinkTo";
import { OvertakenDialog } from "~/ui/OvertakenDialog";
import { PartHead } from "~/ui/PartHead";
import { Empty, Failed, Lines } from "~/ui/states";

import { Portrait } from "./Portrait";
import { useTriage } from "./useTriage";

export default function Triage({ id }: { id: string }) {
  const part = usePart(id);
  const [params, setParams] = useQueryParams();
  const wanted = params.get("status");
  if (part.isPending) return <Lines />;
  if (part.error && !part.data) return <Failed error={part.error} />;
  const status = BOARD.find((each) => each === wanted) ?? "submitted";
  return (
    <TriageOf
      key={status}
      part={part.data}
      status={status}
      onStatus={(next) => setParams({ status: next })}
    />
  );
}

function TriageOf(props: { part: Part; status: Status; onStatus: (status: Status) => void }) {
  const { part, status } = props;
  const writer = useCandidateWriter(part.id);
  const changer = useChanger(writer);
  const triage = useTriage(part.id, status);
  const mayEngage = useMay()("post:roles");
  const { current, index, list } = triage;
  const total = Math.max(triage.count, part.counts[status] + (list.isComplete ? 0 : index));

  /** Judge the candidate on the screen, and go to the next one at once. */
  const judge = (candidate: Candidate, changes: CandidateChanges, label: string) => {
    const to = changes.status;
    if (to && to !== candidate.status && !nextStatuses(candidate.status, mayEngage).includes(to)) {
      return;
    }
    triage.go(1);
    announce(`${candidate.actor_name}: ${label}`);
    void changer.change([candidate], changes, `${candidate.actor_name}: ${label}`);
  };
  const withCurrent = (run: (candidate: Candidate) => void) => () => current && run(current);
  const rate = (rating: number | null) =>
    withCurrent((each) =>
      judge(each, { rating }, rating === null ? "not rated" : `rated ${rating}`),
    );
  const shortlist = withCurrent((each) => judge(each, { status: "shortlisted" }, "shortlisted"));
  const pass = withCurrent((each) => judge(each, { status: "passed" }, "passed"));

  useShortcuts("Triage", [
    ...Array.from({ length: BEST_RATING }, (_, at) => ({
      keys: String(at + 1),
      label: `Rate ${at + 1}, and go on`,
      run: rate(at + 1),
    })),
    { keys: "0", label: "Remove the rating, and go on", run: rate(null) },
    { keys: "s", label: "Shortlist, and go on", run: shortlist },
    { keys: "x", label: "Pass, and go on", run: pass },
    { keys: "ArrowRight", label: "Next candidate", run: () => triage.go(1) },
    { keys: "ArrowLeft", label: "Candidate before", run: () => triage.go(-1) },
    {
      keys: "u",
      label: "Undo, and go back",
      run: () => {
        const undone = changer.undo();
        if (undone !== null) triage.show(undone);
      },
    },
    { keys: "b", label: "Board", run: () => goTo(`/parts/${part.id}`) },
  ]);

  return (
    <Stack gap="xs">
      <PartHead part={part} screen="Triage">
        <Select
          size="xs"
          aria-label="Which candidates"
          data={BOARD.filter(isSelection).map((each) => ({
            value: each,
            label: `${STATUS_NAMES[each]} (${part.counts[each]})`,
          }))}
          value={status}
          allowDeselect={false}
          onChange={(next) => next !== null && props.onStatus(next)}
        />
      </PartHead>
      {list.error && triage.count === 0 && <Failed error={list.error} retry={list.retry} />}
      {list.isPending && <Lines />}
      {!list.isPending && !current && (
        <Empty
          title={
            index === 0 && list.isComplete
              ? `Nobody is ${STATUS_NAMES[status].toLowerCase()}`
              : list.isComplete
                ? `You have seen all ${index}`
                : "Loading the next candidates"
          }
        >
          <LinkTo to={`/parts/${part.id}`}>Go to the board</LinkTo>
        </Empty>
      )}
      {current && (
        <>
          <Group gap="sm" wrap="nowrap">
            <Progress
              value={(100 * index) / Math.max(total, 1)}
              aria-label="Progress"
              style={{ flex: 1 }}
            />
            <Text size="sm" className="number" data-testid="position">
              {index + 1} of {total}
            </Text>
          </Group>
          <Portrait candidate={current} />
          <Group gap="xs" justify="center" role="group" aria-label="Judge">
            <Button variant="default" onClick={() => triage.go(-1)} disabled={index === 0}>
              Before
            </Button>
            {Array.from({ length: BEST_RATING }, (_, at) => (
              <Button
                key={at}
                variant={current.rating === at + 1 ? "filled" : "default"}
                aria-label={`Rate ${at + 1}`}
                onClick={rate(at + 1)}
              >
                {at + 1}
              </Button>
            ))}
            <Button onClick={shortlist} rightSection={<kbd>s</kbd>}>
              Shortlist
            </Button>
            <Button variant="default" onClick={pass} rightSection={<kbd>x</kbd>}>
              Pass
            </Button>
            <Button variant="default" onClick={() => triage.go(1)}>
              Next
            </Button>
          </Group>
        </>
      )}
      <OvertakenDialog writer={writer} />
    </Stack>
  );
}
