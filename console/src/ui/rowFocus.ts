/** The row of a DataTable that has the keyboard's focus: that of its link. */

import type { Shortcut } from "~/app/shortcuts";

const rows = () => Array.from(document.querySelectorAll<HTMLElement>("tr[data-row]"));

const linkOf = (row: Element | undefined) => row?.querySelector<HTMLElement>("a[href]");

/** Return the id of the row that has the focus, or null. */
export const focusedRow = () =>
  document.activeElement?.closest<HTMLElement>("tr[data-row]")?.dataset.row ?? null;

/** Move the focus by so many rows. Without a focus, it goes to the first row. */
export function moveRowFocus(by: number): void {
  const all = rows();
  const at = all.findIndex((row) => row.dataset.row === focusedRow());
  const next = at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1);
  const link = linkOf(all[next]);
  link?.focus({ preventScroll: true });
  link?.closest("tr")?.scrollIntoView({ block: "nearest" });
}

/** The shortcuts that move through a screen's table and open a row of it. */
export const rowShortcuts: Shortcut[] = [
  { keys: "j", label: "Next row", run: () => moveRowFocus(1) },
  { keys: "k", label: "Row before", run: () => moveRowFocus(-1) },
  { keys: "ArrowDown", label: "Next row", run: () => moveRowFocus(1) },
  { keys: "ArrowUp", label: "Row before", run: () => moveRowFocus(-1) },
  {
    keys: "Enter",
    label: "Open the row",
    run: () => linkOf(rows().find((row) => row.dataset.row === focusedRow()))?.click(),
  },
];
