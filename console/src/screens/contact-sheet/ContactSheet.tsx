/** The contact sheet: headshots to look at together, or to print. */

import { Button, Text } from "@mantine/core";

import { usePart } from "~/api/queries";
import type { Part } from "~/api/types";
import { useShortcuts } from "~/app/shortcuts";
import { ages, STATUS_NAMES } from "~/domain/words";
import { Headshot } from "~/ui/Headshot";
import { PartHead } from "~/ui/PartHead";
import { Empty, Failed, Lines } from "~/ui/states";
import { StatusFilter, useStatuses } from "~/ui/StatusFilter";
import { useCandidatesOf } from "~/ui/useCandidatesOf";

import classes from "./ContactSheet.module.css";

export default function ContactSheet({ id }: { id: string }) {
  const part = usePart(id);
  if (part.isPending) return <Lines />;
  if (part.error && !part.data) return <Failed error={part.error} />;
  return <Sheet part={part.data} />;
}

function Sheet({ part }: { part: Part }) {
  const [statuses, setStatuses] = useStatuses(["shortlisted", "callback", "on_avail", "on_hold"]);
  const { candidates, isComplete, error, retry } = useCandidatesOf(part, statuses);
  const print = () => window.print();
  useShortcuts("Contact sheet", [{ keys: "p", label: "Print", run: print }]);
  return (
    <>
      <PartHead part={part} screen="Contact sheet">
        <StatusFilter value={statuses} onChange={setStatuses} />
        <Button onClick={print} disabled={!isComplete}>
          Print
        </Button>
      </PartHead>
      {error && <Failed error={error} retry={retry} />}
      {!error && !isComplete && <Lines count={2} />}
      {isComplete && candidates.length === 0 && (
        <Empty title="Nobody to show">Choose other statuses above.</Empty>
      )}
      <ul className={classes.sheet} aria-label="Candidates">
        {candidates.map((candidate) => (
          <li key={candidate.id} className={classes.entry}>
            <a href={`#/actors/${candidate.actor_id}`} className={classes.link}>
              <Headshot name={candidate.actor_name} url={candidate.headshot_url} width="100%" />
              <span className={classes.name}>{candidate.actor_name}</span>
            </a>
            <Text size="xs" c="dimmed">
              {[
                ages(candidate.playing_age_min, candidate.playing_age_max),
                STATUS_NAMES[candidate.status],
                candidate.rating !== null && `rated ${candidate.rating}`,
              ]
                .filter(Boolean)
                .join(" · ")}
            </Text>
          </li>
        ))}
      </ul>
    </>
  );
}
