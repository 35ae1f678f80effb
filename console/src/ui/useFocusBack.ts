import { useEffect, useState } from "react";

/** The element that has opened a dialog. For an item of a menu, it is the menu's button. */
function opener(): Element | null {
  const menu = document.activeElement?.closest('[role="menu"]');
  return menu
    ? document.querySelector(`[aria-controls="${CSS.escape(menu.id)}"]`)
    : document.activeElement;
}

function focusIfNothingElseIs(element: Element | null): void {
  const current = document.activeElement;
  if (current !== null && current !== document.body) return;
  if (element instanceof HTMLElement) element.focus({ preventScroll: true });
}

/** Give the focus back when a dialog closes, or to the screen if what opened it is gone. */
export function useFocusBack(): void {
  const [before] = useState(opener);
  useEffect(
    () => () => {
      setTimeout(() => {
        if (before?.isConnected === true) focusIfNothingElseIs(before);
      });
      setTimeout(() => focusIfNothingElseIs(document.getElementById("main")), 50);
    },
    [before],
  );
}
