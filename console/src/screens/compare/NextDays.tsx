import type { Actor } from "~/api/types";
import { upcoming } from "~/domain/calendar";
import { today } from "~/domain/dates";
import { LinkTo } from "~/ui/LinkTo";

import { DayList } from "../actor/DayList";
import { useEngagements } from "../actor/useEngagements";

const SHOWN = 5;

/** The next days on which an actor is free, blocked or engaged. */
export function NextDays({ actor }: { actor: Actor }) {
  const { engagements, isPending } = useEngagements(actor.id);
  const from = today();
  const next = upcoming(engagements, from);
  const ranges = upcoming(actor.availability ?? [], from);
  return (
    <>
      <DayList
        engagements={next.slice(0, SHOWN)}
        ranges={ranges.slice(0, SHOWN)}
        isPending={isPending}
      />
      <LinkTo to={`/actors/${actor.id}/availability`}>Calendar</LinkTo>
    </>
  );
}
