import type { CastRow } from "~/domain/cast";
import { showRange } from "~/domain/dates";
import { PART_TYPE_NAMES } from "~/domain/words";

interface CastListColumn {
  label: string;
  className?: string;
  /** What is printed. */
  show: (row: CastRow) => string | number | null;
}

const typeOf = ({ role }: CastRow) => (role?.role_type ? PART_TYPE_NAMES[role.role_type] : null);

export const PRINTED: CastListColumn[] = [
  { label: "Billing", className: "number", show: (row) => row.billing },
  { label: "Character", show: (row) => row.character },
  { label: "Actor", show: (row) => row.name },
  { label: "Type", show: typeOf },
  {
    label: "Work",
    className: "nowrap",
    show: ({ role }) => role && showRange(role.work_start, role.work_end),
  },
];

/** The file has days as `YYYY-MM-DD`, so that spreadsheets can sort them. */
export const DOWNLOADED: CastListColumn[] = [
  ...PRINTED.slice(0, -1),
  { label: "First day of work", show: ({ role }) => role && role.work_start },
  { label: "Last day of work", show: ({ role }) => role && role.work_end },
];
