import { Text } from "@mantine/core";
import type { ReactNode } from "react";

import type { Outcome } from "~/domain/additions";
import { StatusBadge } from "~/ui/StatusBadge";

import classes from "./AdditionOutcome.module.css";
import type { ActorRef } from "./ActorsInput";

/** What became of each actor who was to be added to a part. */
export function AdditionOutcome(props: { outcome: Outcome; actors: ActorRef[]; part: string }) {
  const { added, existing, refused } = props.outcome;
  const names = new Map(props.actors.map(({ id, name }) => [id, name]));
  return (
    // It scrolls, so the keyboard must reach it.
    <div className={classes.outcome} role="group" aria-label="Outcome" tabIndex={0}>
      <Text size="sm" fw={600} role="status">
        {props.part}: {added.length} added
        {existing.length > 0 && `, ${existing.length} there already`}
        {refused.length > 0 && `, ${refused.length} refused`}
      </Text>
      <Names title="Refused">
        {refused.map(({ actor_id, detail }) => (
          <li key={actor_id}>
            {names.get(actor_id) ?? actor_id}: {detail}
          </li>
        ))}
      </Names>
      <Names title="There already, as they were">
        {existing.map((each) => (
          <li key={each.id}>
            {each.actor_name} <StatusBadge status={each.status} />
          </li>
        ))}
      </Names>
      <Names title="Added">
        {added.map((each) => (
          <li key={each.id}>{each.actor_name}</li>
        ))}
      </Names>
    </div>
  );
}

function Names({ title, children }: { title: string; children: ReactNode[] }) {
  if (children.length === 0) return null;
  return (
    <section aria-label={title}>
      <Text size="xs" c="dimmed">
        {title}
      </Text>
      <ul>{children}</ul>
    </section>
  );
}
