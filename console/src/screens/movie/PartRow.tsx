import { ActionIcon, Menu } from "@mantine/core";
import type { KeyboardEvent } from "react";

import type { Part } from "~/api/types";
import { showRange } from "~/domain/dates";
import { requirements } from "~/domain/requirements";
import { PART_STATUS_NAMES } from "~/domain/words";
import { CountsLine } from "~/ui/CountsLine";
import { GripIcon, MoreIcon } from "~/ui/icons";
import { LinkTo } from "~/ui/LinkTo";

import classes from "./Breakdown.module.css";
import { useDragRow } from "./useDragRow";

export interface RowActions {
  mayChange: boolean;
  mayRemove: boolean;
  /** Move a part to another place, counted from 0. */
  move: (id: string, to: number) => void;
  edit: (part: Part) => void;
  remove: (part: Part) => void;
}

/** One part of a breakdown: what it asks for and how far its casting is. */
export function PartRow(props: {
  part: Part;
  index: number;
  isLast: boolean;
  billing: number | null;
  indexOf: (id: string) => number;
  actions: RowActions;
}) {
  const { part, index, actions } = props;
  const { row, handle, edge } = useDragRow(part.id, actions.mayChange, (draggedId, at) => {
    const to = at === "before" ? index : index + 1;
    // The dragged row leaves its own place first.
    actions.move(draggedId, props.indexOf(draggedId) < to ? to - 1 : to);
  });

  function onKeyDown(event: KeyboardEvent): void {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!event.altKey || step === undefined || !actions.mayChange) return;
    event.preventDefault();
    actions.move(part.id, index + step);
    // The row moves in the page, and the browser takes the focus away from what moves.
    const focused = document.activeElement;
    requestAnimationFrame(() => {
      if (focused instanceof HTMLElement) focused.focus();
    });
  }

  return (
    <tr ref={row} className={classes.row} data-edge={edge} onKeyDown={onKeyDown}>
      <td className="number">
        <span className={classes.place}>
          {actions.mayChange && (
            <ActionIcon
              ref={handle}
              size="sm"
              className={classes.handle}
              aria-label={`Move ${part.name}`}
              aria-description="Drag it, or press Alt and an arrow key"
              title="Drag it, or press Alt+↑ or Alt+↓"
            >
              <GripIcon />
            </ActionIcon>
          )}
          {props.billing ?? "–"}
        </span>
      </td>
      <td>
        <span className={classes.name}>
          <LinkTo to={`/parts/${part.id}`}>{part.name}</LinkTo>
        </span>
        <span className={classes.asked}>{requirements(part)}</span>
      </td>
      <td className={`nowrap ${classes.wide}`}>{showRange(part.work_start, part.work_end)}</td>
      <td className="nowrap">
        {part.counts.cast} of {part.needed}
      </td>
      <td>{PART_STATUS_NAMES[part.status]}</td>
      <td>
        <CountsLine counts={part.counts} />
      </td>
      <td>
        <span className={classes.links}>
          <LinkTo to={`/parts/${part.id}/triage`} label={`Triage of ${part.name}`}>
            Triage
          </LinkTo>
          <LinkTo to={`/parts/${part.id}/contact-sheet`} label={`Contact sheet of ${part.name}`}>
            Contact sheet
          </LinkTo>
          {(actions.mayChange || actions.mayRemove) && <PartMenu {...props} />}
        </span>
      </td>
    </tr>
  );
}

function PartMenu(props: { part: Part; index: number; isLast: boolean; actions: RowActions }) {
  const { part, index, isLast, actions } = props;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon size="sm" aria-label={`Actions for ${part.name}`}>
          <MoreIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {actions.mayChange && (
          <>
            <Menu.Item onClick={() => actions.edit(part)}>Change …</Menu.Item>
            <Menu.Item disabled={index === 0} onClick={() => actions.move(part.id, index - 1)}>
              Move up
            </Menu.Item>
            <Menu.Item disabled={isLast} onClick={() => actions.move(part.id, index + 1)}>
              Move down
            </Menu.Item>
          </>
        )}
        {actions.mayRemove && <Menu.Item onClick={() => actions.remove(part)}>Remove …</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}
