/** Everybody who is considered for a movie, by part. With a status, only those who have it. */

import { Button, Group, Select, Text } from "@mantine/core";

import { useBreakdown, useColumn, useConsidered } from "~/api/queries";
import type { Candidate, Movie, Part, Status } from "~/api/types";
import { useQueryParams } from "~/app/location";
import { useShortcuts } from "~/app/shortcuts";
import { BOARD } from "~/domain/statuses";
import { STATUS_NAMES } from "~/domain/words";
import { ROW_SHORTCUTS } from "~/ui/rowShortcuts";
import { Empty, Failed, Lines, ListEnd } from "~/ui/states";

import { CandidatesOfPart } from "./CandidatesOfPart";

/** Up to so many candidates are read at once, to show the parts in billing order. */
const MOST_SORTED = 500;

export function Considered({ movie }: { movie: Movie }) {
  const [params, change] = useQueryParams();
  const status = BOARD.find((each) => each === params.get("status")) ?? null;
  const parts = useBreakdown(movie.id);
  useShortcuts("Considered", ROW_SHORTCUTS);
  if (parts.isPending) return <Lines />;
  if (parts.error && parts.items.length === 0) {
    return <Failed error={parts.error} retry={parts.retry} />;
  }
  const total = (each: Status) => parts.items.reduce((sum, part) => sum + part.counts[each], 0);
  return (
    <>
      <Group mb="sm">
        <Select
          size="xs"
          w="14rem"
          label="Status"
          placeholder="All"
          clearable
          data={BOARD.filter((each) => total(each) > 0 || each === status).map((each) => ({
            value: each,
            label: `${STATUS_NAMES[each]} (${total(each)})`,
          }))}
          value={status}
          onChange={(value) => change({ status: value })}
        />
      </Group>
      {status === null ? (
        <Everybody movieId={movie.id} parts={parts.items} />
      ) : (
        <WithStatus parts={parts.items} status={status} />
      )}
    </>
  );
}

/** Return runs of candidates for the same part, in the order of the list. */
function byPart(candidates: Candidate[]): { partId: string; candidates: Candidate[] }[] {
  const groups: { partId: string; candidates: Candidate[] }[] = [];
  for (const candidate of candidates) {
    const last = groups.at(-1);
    if (last?.partId === candidate.part_id) last.candidates.push(candidate);
    else groups.push({ partId: candidate.part_id, candidates: [candidate] });
  }
  return groups;
}

function Everybody({ movieId, parts }: { movieId: string; parts: Part[] }) {
  const total = parts.reduce((sum, part) => sum + part.candidate_count, 0);
  // The API lists parts in the order of their ids. A list that is read whole can be sorted.
  const isWhole = total <= MOST_SORTED;
  const list = useConsidered(movieId, { whole: isWhole });
  if (list.isPending || (isWhole && !list.isComplete && !list.error)) return <Lines />;
  if (list.error && list.items.length === 0) {
    return <Failed error={list.error} retry={list.retry} />;
  }
  if (list.items.length === 0 && list.isComplete) {
    return (
      <Empty title="Nobody is considered yet">
        Open the board of a part and add actors to it, or find actors first and put them on a part.
      </Empty>
    );
  }
  const groups = byPart(list.items);
  const place = (partId: string) => parts.findIndex(({ id }) => id === partId);
  if (isWhole) groups.sort((a, b) => place(a.partId) - place(b.partId));
  return (
    <>
      {groups.map(({ partId, candidates }) => (
        <CandidatesOfPart
          key={partId}
          partId={partId}
          part={parts.find(({ id }) => id === partId) ?? null}
          candidates={candidates}
        />
      ))}
      <ListEnd list={list} />
    </>
  );
}

function WithStatus({ parts, status }: { parts: Part[]; status: Status }) {
  const filled = parts.filter((part) => part.counts[status] > 0);
  if (filled.length === 0)
    return <Empty title={`Nobody is ${STATUS_NAMES[status].toLowerCase()}`} />;
  return filled.map((part) => <OneColumn key={part.id} part={part} status={status} />);
}

/** Those of one part with one status, which are a column of its board. */
function OneColumn({ part, status }: { part: Part; status: Status }) {
  const list = useColumn(part.id, status);
  if (list.isPending) return <Lines count={3} />;
  return (
    <>
      <CandidatesOfPart partId={part.id} part={part} candidates={list.items} />
      {list.error ? (
        <Failed error={list.error} retry={list.retry} />
      ) : (
        !list.isComplete && (
          <Group justify="center" mb="md">
            <Text size="xs" c="dimmed">
              {list.items.length} of {part.counts[status]}
            </Text>
            <Button variant="default" loading={list.isFetching} onClick={list.more}>
              Show more of {part.name}
            </Button>
          </Group>
        )
      )}
    </>
  );
}
