/** The fields of a part's form. */

import type { Part } from "~/api/types";
import { GENDER_NAMES, optionsOf, PART_STATUS_NAMES, PART_TYPE_NAMES } from "~/domain/words";

import type { Field, Values } from "./fields";

/** What a new part begins with, which is what the API would set. */
export const NEW_PART: Values = { needed: 1, status: "open" };

/**
 * Return the fields of a part that can be set. The status `cast` cannot: it follows from `needed`
 * and from who is cast. It is in the menu only for a part that has it.
 */
export function partFields(part: Part | null): Field<Part>[] {
  const statuses = optionsOf(PART_STATUS_NAMES).filter(({ value }) =>
    part?.status === "cast" ? value !== "open" : value !== "cast",
  );
  return [
    { name: "name", label: "Character", kind: "text", required: true, wide: true },
    { name: "description", label: "Description", kind: "textarea", wide: true },
    { name: "part_type", label: "Type", kind: "select", options: optionsOf(PART_TYPE_NAMES) },
    {
      name: "billing_order",
      label: "Place in the billing",
      kind: "number",
      min: 1,
      max: 9999,
    },
    { name: "gender", label: "Gender", kind: "select", options: optionsOf(GENDER_NAMES) },
    {
      name: "needed",
      label: "People needed",
      kind: "number",
      min: 1,
      max: 80,
      required: true,
    },
    { name: "playing_age_min", label: "Playing age from", kind: "number", min: 0, max: 150 },
    { name: "playing_age_max", label: "Playing age to", kind: "number", min: 0, max: 150 },
    { name: "work_start", label: "First day of work", kind: "date" },
    { name: "work_end", label: "Last day of work", kind: "date" },
    {
      name: "status",
      label: "Status",
      kind: "select",
      options: statuses,
      required: true,
      hint: "It becomes Cast by itself when everybody needed is cast.",
      wide: true,
    },
    { name: "languages", label: "Languages", kind: "languages", wide: true },
    { name: "skills", label: "Skills", kind: "tags", hint: "Separate them with commas." },
    { name: "unions", label: "Unions", kind: "tags", hint: "Such as SAG-AFTRA." },
  ];
}
