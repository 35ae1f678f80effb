import type { CastRow } from "~/domain/cast";
import { showRange } from "~/domain/dates";
import { PART_TYPE_NAMES } from "~/domain/words";
import type { Column } from "~/ui/DataTable";
import { LinkTo } from "~/ui/LinkTo";

/** The columns of a cast. */
export const CAST_COLUMNS: Column<CastRow>[] = [
  { key: "billing", label: "Billing", className: "number", show: ({ billing }) => billing ?? "–" },
  {
    key: "name",
    label: "Actor",
    show: ({ actorId, name }) => <LinkTo to={`/actors/${actorId}`}>{name}</LinkTo>,
  },
  { key: "character", label: "Character", show: ({ character }) => character },
  {
    key: "type",
    label: "Type",
    show: ({ role }) => role?.role_type && PART_TYPE_NAMES[role.role_type],
  },
  {
    key: "work",
    label: "Work",
    className: "nowrap",
    show: ({ role }) => role && showRange(role.work_start, role.work_end),
  },
];
