/** Shortcuts of screens that are lists: through the rows of their tables, and to their search. */

import type { Shortcut } from "~/app/shortcuts";

const MAIN = document.getElementsByTagName("main");

/** Move the focus to another row: to its first link, so that Enter opens it. */
function step(by: 1 | -1): void {
  const rows = [...(MAIN[0]?.querySelectorAll("tbody tr") ?? [])];
  const links = rows.flatMap((row) => row.querySelector("a") ?? []);
  const current = links.findIndex((link) => link.closest("tr")?.contains(document.activeElement));
  const next = current === -1 ? (by === 1 ? 0 : links.length - 1) : current + by;
  const link = links[next];
  link?.focus({ preventScroll: true });
  link?.closest("tr")?.scrollIntoView({ block: "nearest" });
}

export const ROW_SHORTCUTS: Shortcut[] = [
  { keys: "j", label: "Go to the next row; Enter opens it", run: () => step(1) },
  { keys: "k", label: "Go to the row before", run: () => step(-1) },
];

export const SEARCH_SHORTCUT: Shortcut = {
  keys: "f",
  label: "Search in the list",
  run: () => MAIN[0]?.querySelector<HTMLElement>('input[type="search"]')?.focus(),
};
