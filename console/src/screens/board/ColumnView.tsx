import { useVirtualizer } from "@tanstack/react-virtual";
import { dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { memo, useEffect, useRef, useState } from "react";

import type { List } from "~/api/lists";
import type { Candidate, Status } from "~/api/types";
import { STATUS_NAMES } from "~/domain/words";
import { Failed, Lines } from "~/ui/states";

import classes from "./Board.module.css";
import { Card } from "./Card";

const CARD_HEIGHT = 56;
const READ_AHEAD = 15;

interface Props {
  status: Status;
  count: number;
  list: List<Candidate>;
  activeId: string | null;
  selected: ReadonlySet<string>;
  mayDrop: (from: Status, to: Status) => boolean;
  onActivate: (id: string) => void;
  onToggle: (id: string) => void;
  onOpen: (id: string) => void;
}

/** One status of the board. Only the cards in view are in the page. */
export const ColumnView = memo(function ColumnView(props: Props) {
  const { status, list, activeId, mayDrop } = props;
  const { items } = list;
  const column = useRef<HTMLElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const [drop, setDrop] = useState<"yes" | "no" | undefined>();

  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => CARD_HEIGHT,
    overscan: 6,
    getItemKey: (index) => items[index]?.id ?? index,
  });

  useEffect(() => {
    if (!column.current) return;
    const fromOf = (data: Record<string | symbol, unknown>) => data.status as Status;
    return dropTargetForElements({
      element: column.current,
      getData: () => ({ status }),
      canDrop: ({ source }) => mayDrop(fromOf(source.data), status),
      onDragEnter: ({ source }) => setDrop(fromOf(source.data) === status ? undefined : "yes"),
      onDragLeave: () => setDrop(undefined),
      onDrop: () => setDrop(undefined),
    });
  }, [status, mayDrop]);

  const activeIndex = items.findIndex((each) => each.id === activeId);
  useEffect(() => {
    if (activeIndex >= 0) virtualizer.scrollToIndex(activeIndex, { align: "auto" });
  }, [activeIndex, virtualizer]);

  const rows = virtualizer.getVirtualItems();
  const lastShown = rows.at(-1)?.index ?? 0;
  useEffect(() => {
    if (!list.isComplete && !list.error && lastShown >= items.length - READ_AHEAD) list.more();
  });

  return (
    <section
      ref={column}
      className={classes.column}
      aria-label={`${STATUS_NAMES[status]}, ${props.count}`}
      data-status={status}
      data-empty={props.count === 0 && items.length === 0 ? true : undefined}
      data-drop={drop}
    >
      <h2 className={classes.columnHead}>
        <span>{STATUS_NAMES[status]}</span>
        <span className={classes.count}>{props.count}</span>
      </h2>
      <div ref={scroller} className={classes.cards}>
        {list.error && items.length === 0 && <Failed error={list.error} retry={list.retry} />}
        {list.isPending && props.count > 0 && <Lines count={Math.min(props.count, 4)} />}
        {items.length > 0 && (
          <ul className={classes.list} style={{ height: virtualizer.getTotalSize() }}>
            {rows.map((row) => {
              const candidate = items[row.index];
              return (
                candidate && (
                  <li
                    key={row.key}
                    className={classes.item}
                    style={{ transform: `translateY(${row.start}px)` }}
                  >
                    <Card
                      candidate={candidate}
                      isActive={candidate.id === activeId}
                      isSelected={props.selected.has(candidate.id)}
                      onActivate={props.onActivate}
                      onToggle={props.onToggle}
                      onOpen={props.onOpen}
                    />
                  </li>
                )
              );
            })}
          </ul>
        )}
      </div>
    </section>
  );
});
