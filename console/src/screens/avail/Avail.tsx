/** The avail grid: who of a part's shortlist can work on which days. */

import { Group, Text, TextInput } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { useState } from "react";

import { keys, readActor, useMovie, usePart } from "~/api/queries";
import type { Part } from "~/api/types";
import { slotsOf } from "~/domain/avail";
import { toTime, type Days } from "~/domain/dates";
import { PartHead } from "~/ui/PartHead";
import { Empty, Failed, Lines } from "~/ui/states";
import { StatusFilter, useStatuses } from "~/ui/StatusFilter";
import { useCandidatesOf } from "~/ui/useCandidatesOf";

import { Grid } from "./Grid";
import { Legend } from "./Legend";

const MAX_ROWS = 60;
const MAX_RANGE_MS = 2 * 366 * 86_400_000;

export default function Avail({ id }: { id: string }) {
  const part = usePart(id);
  if (part.isPending) return <Lines />;
  if (part.error && !part.data) return <Failed error={part.error} />;
  return <AvailOf part={part.data} />;
}

function AvailOf({ part }: { part: Part }) {
  const movie = useMovie(part.movie_id);
  const [chosen, setChosen] = useState<Partial<Days>>({});
  const from = chosen.from ?? part.work_start ?? movie.data?.shoot_start ?? "";
  const to = chosen.to ?? part.work_end ?? movie.data?.shoot_end ?? "";
  const [statuses, setStatuses] = useStatuses(["shortlisted", "callback", "on_avail", "on_hold"]);
  const { candidates, isComplete, error, retry } = useCandidatesOf(part, statuses);
  const shown = candidates.slice(0, MAX_ROWS);
  const actors = useQueries({
    queries: shown.map((candidate) => ({
      queryKey: keys.actor(candidate.actor_id),
      queryFn: () => readActor(candidate.actor_id),
    })),
  });
  const isInOrder = from !== "" && to !== "" && from <= to;
  // A year that is being typed begins with year 2: two thousand years are too many columns.
  const isShort = isInOrder && toTime(to) - toTime(from) < MAX_RANGE_MS;
  const isValid = isInOrder && isShort;
  return (
    <>
      <PartHead part={part} screen="Availability">
        <StatusFilter value={statuses} onChange={setStatuses} />
        <TextInput
          size="xs"
          type="date"
          aria-label="First day"
          value={from}
          onChange={(event) => setChosen({ ...chosen, from: event.currentTarget.value })}
        />
        <TextInput
          size="xs"
          type="date"
          aria-label="Last day"
          value={to}
          onChange={(event) => setChosen({ ...chosen, to: event.currentTarget.value })}
        />
      </PartHead>
      {error && <Failed error={error} retry={retry} />}
      {!isValid && (
        <Empty
          title={
            isInOrder
              ? "More than two years"
              : from > to && to !== ""
                ? "The last day is before the first"
                : "No dates yet"
          }
        >
          Choose the first and the last day above, or give the part its work dates.
        </Empty>
      )}
      {!error && !isComplete && <Lines />}
      {isComplete && shown.length === 0 && (
        <Empty title="Nobody to show">Choose other statuses above.</Empty>
      )}
      {isValid && shown.length > 0 && (
        <>
          <Grid
            range={{ from, to }}
            slots={slotsOf({ from, to })}
            rows={shown.map((candidate, index) => ({ candidate, actor: actors[index]?.data }))}
          />
          <Group justify="space-between" mt="xs">
            <Legend />
            {candidates.length > MAX_ROWS && (
              <Text size="sm" c="dimmed">
                The first {MAX_ROWS} of {candidates.length}. Choose fewer statuses.
              </Text>
            )}
          </Group>
        </>
      )}
    </>
  );
}
