/** When an actor is free, blocked or engaged: a calendar, and the same in words. */

import { Button, Group, Text } from "@mantine/core";
import { useState } from "react";

import type { Actor } from "~/api/types";
import { useQueryParams } from "~/app/location";
import { addMonths, upcoming } from "~/domain/calendar";
import { today as readToday } from "~/domain/dates";
import { useMay } from "~/session/session";
import { Failed } from "~/ui/states";

import { ACTOR_FIELDS } from "./actorFields";
import { ActorForm } from "./ActorForm";
import classes from "./Calendar.module.css";
import { DayList } from "./DayList";
import { Month } from "./Month";
import { useEngagements } from "./useEngagements";

const MONTHS = 12;
const RANGES = ACTOR_FIELDS.filter(({ name }) => name === "availability");

const LEGEND = [
  { kind: "free", label: "Free" },
  { kind: "blocked", label: "Blocked" },
  { kind: "engaged", label: "Engaged" },
  { kind: "clash", label: "Clash: engaged and blocked, or in two movies" },
];

export function Availability({ actor }: { actor: Actor }) {
  const may = useMay();
  const [params, change] = useQueryParams();
  const [editing, setEditing] = useState(false);
  const { engagements, error, isPending, retry } = useEngagements(actor.id);
  const today = readToday();
  const asked = params.get("from") ?? "";
  const start = /^\d{4}-(0[1-9]|1[0-2])$/.test(asked) ? asked : today.slice(0, 7);
  const ranges = actor.availability ?? [];
  const go = (by: number) => change({ from: addMonths(start, by) });
  return (
    <div className={`surface ${classes.availability}`}>
      <Group justify="space-between" mb="xs" gap="xs">
        <Group gap={6}>
          <Button variant="default" onClick={() => go(-MONTHS / 2)} aria-label="Earlier months">
            ‹
          </Button>
          <Button variant="default" onClick={() => change({ from: null })}>
            Today
          </Button>
          <Button variant="default" onClick={() => go(MONTHS / 2)} aria-label="Later months">
            ›
          </Button>
        </Group>
        <ul className={classes.legend} aria-label="Legend">
          {LEGEND.map(({ kind, label }) => (
            <li key={kind}>
              <span className={classes.day} data-kind={kind} aria-hidden="true">
                1
              </span>
              {label}
            </li>
          ))}
        </ul>
        {may("patch:actors") && (
          <Button variant="default" onClick={() => setEditing(true)}>
            Edit the ranges
          </Button>
        )}
      </Group>
      {error && <Failed error={error} retry={retry} />}
      <DayList
        ranges={upcoming(ranges, today)}
        engagements={upcoming(engagements, today)}
        isPending={isPending}
      />
      <div className={classes.months}>
        {Array.from({ length: MONTHS }, (_, index) => (
          <Month
            key={index}
            month={addMonths(start, index)}
            today={today}
            ranges={ranges}
            engagements={engagements}
          />
        ))}
      </div>
      <Text size="xs" c="dimmed" mt="xs">
        A day without a mark is not known. Filters for available days leave out only who is blocked.
      </Text>
      {editing && (
        <ActorForm
          actor={actor}
          title={`Availability of ${actor.name}`}
          fields={RANGES}
          onClose={() => setEditing(false)}
        />
      )}
    </div>
  );
}
