import { Group, Stack, Text, Title } from "@mantine/core";

import type { Candidate } from "~/api/types";
import { showRange } from "~/domain/dates";
import { ages } from "~/domain/words";
import { Headshot } from "~/ui/Headshot";
import { LinkTo } from "~/ui/LinkTo";
import { Rating } from "~/ui/Rating";
import { StatusBadge } from "~/ui/StatusBadge";

import classes from "./Portrait.module.css";

/** One candidate, large. */
export function Portrait({ candidate }: { candidate: Candidate }) {
  const years = ages(candidate.playing_age_min, candidate.playing_age_max);
  return (
    <div className={`${classes.portrait} surface`} data-candidate={candidate.id}>
      <div className={classes.picture}>
        <Headshot
          key={candidate.id}
          name={candidate.actor_name}
          url={candidate.headshot_url}
          width="100%"
        />
      </div>
      <Stack gap="xs" className={classes.facts}>
        <Title order={2} fz="xl">
          {candidate.actor_name}
        </Title>
        <Group gap="sm">
          <Rating rating={candidate.rating} />
          <StatusBadge status={candidate.status} />
          {years && <Text size="sm">Playing age {years}</Text>}
        </Group>
        {candidate.conflicts.length > 0 && (
          <Text size="sm" c="var(--mantine-color-error)" fw={600}>
            Engaged elsewhere:{" "}
            {candidate.conflicts
              .map((each) => showRange(each.work_start, each.work_end))
              .join(", ")}
          </Text>
        )}
        {candidate.note !== null && (
          <Text size="sm" className={classes.note}>
            {candidate.note}
          </Text>
        )}
        <Text size="sm">
          <LinkTo to={`/actors/${candidate.actor_id}`}>All about {candidate.actor_name}</LinkTo>
        </Text>
      </Stack>
    </div>
  );
}
