/** A table of resources. A column is an entry of its screen's `columns`. */

import { Checkbox } from "@mantine/core";
import type { ReactNode } from "react";

import { LinkTo } from "./LinkTo";

export interface Column<T> {
  key: string;
  label: string;
  show: (row: T) => ReactNode;
  className?: string;
}

export interface Selection {
  ids: ReadonlySet<string>;
  toggle: (id: string) => void;
  /** Select all of these, or none of them. */
  setAll: (ids: string[], selected: boolean) => void;
}

export function DataTable<T extends { id: string }>(props: {
  label: string;
  rows: T[];
  columns: Column<T>[];
  /** The address of a row, to which its first column leads. */
  href?: (row: T) => string;
  /** How a row is called when it is selected. */
  nameOf?: (row: T) => string;
  selection?: Selection;
}) {
  const { rows, columns, selection, href } = props;
  const ids = rows.map((row) => row.id);
  const selected = selection ? ids.filter((id) => selection.ids.has(id)).length : 0;
  return (
    <div className="scroll-x">
      <table className="data-table" aria-label={props.label}>
        <thead>
          <tr>
            {selection && (
              <th scope="col">
                <Checkbox
                  size="xs"
                  aria-label="Select all that are shown"
                  checked={selected > 0 && selected === ids.length}
                  indeterminate={selected > 0 && selected < ids.length}
                  onChange={(event) => selection.setAll(ids, event.currentTarget.checked)}
                />
              </th>
            )}
            {columns.map((column) => (
              <th key={column.key} scope="col" className={column.className}>
                {column.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id} data-row={row.id} aria-selected={selection?.ids.has(row.id)}>
              {selection && (
                <td>
                  <Checkbox
                    size="xs"
                    aria-label={`Select ${props.nameOf?.(row) ?? row.id}`}
                    checked={selection.ids.has(row.id)}
                    onChange={() => selection.toggle(row.id)}
                  />
                </td>
              )}
              {columns.map((column, index) => (
                <td key={column.key} className={column.className}>
                  {index === 0 && href ? (
                    <LinkTo to={href(row)}>{column.show(row)}</LinkTo>
                  ) : (
                    column.show(row)
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
