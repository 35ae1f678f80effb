/** Keyboard shortcuts: each screen registers its own, and `?` shows all that work now. */

import { useEffect, useRef } from "react";

import { createStore } from "./store";

export interface Shortcut {
  /** A key such as `a`, `Escape` or `ArrowDown`, or two keys in a row such as `g m`. */
  keys: string;
  label: string;
  run: () => void;
}

export interface ShortcutGroup {
  title: string;
  shortcuts: Shortcut[];
}

export const shortcutGroups = createStore<ShortcutGroup[]>([]);

const SEQUENCE_MS = 900;
let first = { key: "", at: 0 };

/**
 * Enter and Space belong to the button, link or checkbox that has the focus, except to what
 * `data-shortcuts` marks.
 */
const isPressing = (event: KeyboardEvent) =>
  (event.key === "Enter" || event.key === " ") &&
  event.target instanceof Element &&
  event.target.matches(
    "a[href], button, input, summary, [role=button]:not([data-shortcuts]), [role=tab]",
  );

/** Inputs that take no letters: shortcuts work while one has the focus. */
const WITHOUT_TEXT = ["checkbox", "radio", "button", "submit", "range"];

function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return !WITHOUT_TEXT.includes(target.type);
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["TEXTAREA", "SELECT"].includes(target.tagName))
  );
}

/** A dialog or an open menu has the keyboard for itself. Closed menus stay in the page, hidden. */
const isCovered = () =>
  [...document.querySelectorAll('[aria-modal="true"], [role="menu"], [role="listbox"]')].some(
    (element) => element.checkVisibility(),
  );

function handle(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target) || isPressing(event) || isCovered()) return;
  const sequence = Date.now() - first.at < SEQUENCE_MS ? `${first.key} ${event.key}` : "";
  const shortcuts = shortcutGroups.get().flatMap((group) => group.shortcuts);
  const match =
    shortcuts.findLast((shortcut) => shortcut.keys === sequence) ??
    shortcuts.findLast((shortcut) => shortcut.keys === event.key);
  first = { key: event.key, at: Date.now() };
  if (!match) return;
  event.preventDefault();
  // A key that is held down must not judge everybody. It may go through a list.
  if (event.repeat && !event.key.startsWith("Arrow")) return;
  match.run();
}

document.addEventListener("keydown", handle);

/** Register shortcuts while a component is on the screen. */
export function useShortcuts(title: string, shortcuts: Shortcut[]): void {
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  const names = shortcuts.map(({ keys, label }) => `${keys}\n${label}`).join("\t");
  useEffect(() => {
    const group: ShortcutGroup = {
      title,
      shortcuts: names
        .split("\t")
        .filter(Boolean)
        .map((name, index) => {
          const [keys = "", label = ""] = name.split("\n");
          return { keys, label, run: () => latest.current[index]?.run() };
        }),
    };
    shortcutGroups.set([...shortcutGroups.get(), group]);
    return () => shortcutGroups.set(shortcutGroups.get().filter((each) => each !== group));
  }, [title, names]);
}
