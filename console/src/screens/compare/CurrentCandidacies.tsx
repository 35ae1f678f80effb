import { Skeleton } from "@mantine/core";

import { explain } from "~/api/problem";
import { useCandidacies } from "~/api/queries";
import { ENDED } from "~/api/rules";
import { LinkTo } from "~/ui/LinkTo";
import { StatusBadge } from "~/ui/StatusBadge";

import classes from "./Compare.module.css";

const SHOWN = 8;

/** The parts that an actor is engaged or considered for now. */
export function CurrentCandidacies({ id }: { id: string }) {
  const { items, isPending, error } = useCandidacies(id);
  if (isPending) return <Skeleton height={16} />;
  if (error && items.length === 0) return explain(error);
  const current = items.filter(({ status }) => !ENDED.includes(status) && status !== "passed");
  if (current.length === 0) return "–";
  return (
    <ul className={classes.lines}>
      {current.slice(0, SHOWN).map((each) => (
        <li key={each.id}>
          <StatusBadge status={each.status} />{" "}
          <LinkTo to={`/parts/${each.part_id}`}>{each.part_name}</LinkTo>, {each.movie_title}
        </li>
      ))}
      {current.length > SHOWN && (
        <li>
          <LinkTo to={`/actors/${id}/candidacies`}>More</LinkTo>
        </li>
      )}
    </ul>
  );
}
