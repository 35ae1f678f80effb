import { memo, useEffect, useRef, type MouseEvent } from "react";
import { draggable } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";

import type { Candidate } from "~/api/types";
import { ages } from "~/domain/words";
import { Headshot } from "~/ui/Headshot";
import { Rating } from "~/ui/Rating";

import classes from "./Board.module.css";

interface Props {
  candidate: Candidate;
  isActive: boolean;
  isSelected: boolean;
  onActivate: (id: string) => void;
  onToggle: (id: string) => void;
  onOpen: (id: string) => void;
}

export const Card = memo(function Card(props: Props) {
  const { candidate, isActive, isSelected } = props;
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!element.current) return;
    return draggable({
      element: element.current,
      getInitialData: () => ({ candidateId: candidate.id, status: candidate.status }),
    });
  }, [candidate.id, candidate.status]);
  const onClick = (event: MouseEvent) => {
    props.onActivate(candidate.id);
    if (event.shiftKey || event.ctrlKey || event.metaKey) props.onToggle(candidate.id);
  };
  const years = ages(candidate.playing_age_min, candidate.playing_age_max);
  return (
    <div
      ref={element}
      id={`card-${candidate.id}`}
      role="button"
      data-shortcuts
      tabIndex={isActive ? 0 : -1}
      className={classes.card}
      aria-pressed={isSelected}
      data-active={isActive || undefined}
      onClick={onClick}
      onFocus={() => props.onActivate(candidate.id)}
      onDoubleClick={() => props.onOpen(candidate.id)}
    >
      <Headshot name={candidate.actor_name} url={candidate.headshot_url} width={34} />
      <span className={classes.cardText}>
        <span className={classes.name}>{candidate.actor_name}</span>
        <span className={classes.facts}>
          {years && <span>{years}</span>}
          {candidate.conflicts.length > 0 && (
            <span className={classes.busy}>Engaged elsewhere</span>
          )}
          {candidate.note !== null && <span title={candidate.note}>Note</span>}
        </span>
      </span>
      <Rating rating={candidate.rating} />
    </div>
  );
});
