import {
  draggable,
  dropTargetForElements,
} from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { useEffect, useRef, useState } from "react";

export type Edge = "before" | "after";

const KIND = "part-of-breakdown";

function edgeAt(element: Element, clientY: number): Edge {
  const { top, height } = element.getBoundingClientRect();
  return clientY < top + height / 2 ? "before" : "after";
}

/**
 * Make a row of a table draggable by its handle. `onDrop` is called on the row on which another one
 * is dropped. Return the refs of both, and the edge at which the dragged row would come.
 */
export function useDragRow(
  id: string,
  isEnabled: boolean,
  onDrop: (draggedId: string, edge: Edge) => void,
) {
  const row = useRef<HTMLTableRowElement>(null);
  const handle = useRef<HTMLButtonElement>(null);
  const [edge, setEdge] = useState<Edge | null>(null);
  const drop = useRef(onDrop);
  useEffect(() => {
    drop.current = onDrop;
  });
  useEffect(() => {
    const element = row.current;
    if (!element || !handle.current || !isEnabled) return;
    const cleanups = [
      draggable({
        element,
        dragHandle: handle.current,
        getInitialData: () => ({ kind: KIND, id }),
      }),
      dropTargetForElements({
        element,
        canDrop: ({ source }) => source.data.kind === KIND && source.data.id !== id,
        onDrag: ({ location }) => setEdge(edgeAt(element, location.current.input.clientY)),
        onDragLeave: () => setEdge(null),
        onDrop: ({ source, location }) => {
          setEdge(null);
          drop.current(String(source.data.id), edgeAt(element, location.current.input.clientY));
        },
      }),
    ];
    return () => cleanups.forEach((cleanup) => cleanup());
  }, [id, isEnabled]);
  return { row, handle, edge };
}
