import type { Role } from "~/api/types";
import { optionsOf, PART_TYPE_NAMES } from "~/domain/words";
import type { Field } from "~/forms/fields";

/** The fields of a role, which says whom an actor plays. */
export const ROLE_FIELDS: Field<Role>[] = [
  {
    name: "character_name",
    label: "Character",
    kind: "text",
    hint: "Every character that the actor plays, such as The President / Dr. Strangelove.",
    wide: true,
  },
  { name: "billing_order", label: "Place in the billing", kind: "number", min: 1, max: 9999 },
  { name: "role_type", label: "Type", kind: "select", options: optionsOf(PART_TYPE_NAMES) },
  { name: "work_start", label: "First day of work", kind: "date" },
  { name: "work_end", label: "Last day of work", kind: "date" },
];
