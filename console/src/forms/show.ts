/** A field's value as text, for forms' conflicts, histories and details. */

import { showDay, showRange, showTime } from "~/domain/dates";
import {
  GENDER_NAMES,
  genreName,
  languageName,
  LEVEL_NAMES,
  MOVIE_STATUS_NAMES,
  PART_STATUS_NAMES,
  PART_TYPE_NAMES,
  RANGE_NAMES,
  STATUS_NAMES,
} from "~/domain/words";

const NAMES: Record<string, string> = {
  ...MOVIE_STATUS_NAMES,
  ...PART_STATUS_NAMES,
  ...STATUS_NAMES,
  ...PART_TYPE_NAMES,
  ...GENDER_NAMES,
};
const WITH_NAMES = new Set(["status", "gender", "part_type", "role_type"]);
const DAY = /(^|_)(date|start|end)$|^date_of_birth$/;
const TIME = /_(at|since)$/;
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Return a value of the field `name` as a person reads it; "–" if there is none. */
export function showValue(name: string, value: unknown): string {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") {
    if (WITH_NAMES.has(name)) return NAMES[value] ?? value;
    // By their names: a title may look like a date.
    if (DAY.test(name)) return showDay(value);
    if (TIME.test(name)) return showTime(value);
    return name === "original_language" ? languageName(value) : value;
  }
  if (Array.isArray(value)) return value.map((each) => showItem(name, each)).join(", ") || "–";
  return isRecord(value) ? showMembers(name, value) : JSON.stringify(value);
}

function showItem(name: string, item: unknown): string {
  if (isRecord(item) && typeof item.from === "string" && typeof item.to === "string") {
    const kind = item.kind === "free" || item.kind === "blocked" ? RANGE_NAMES[item.kind] : "";
    return `${kind} ${showRange(item.from, item.to)}`.trim();
  }
  if (name === "genres" && typeof item === "string") return genreName(item);
  return showValue(name, item);
}

function showMembers(name: string, value: Record<string, unknown>): string {
  const members = Object.entries(value).filter(([, each]) => each !== null);
  if (name === "languages") {
    return members.map(([code, level]) => `${languageName(code)} (${levelName(level)})`).join(", ");
  }
  return members.map(([, each]) => String(each)).join(", ") || "–";
}

const levelName = (level: unknown) =>
  typeof level === "string" && level in LEVEL_NAMES
    ? LEVEL_NAMES[level as keyof typeof LEVEL_NAMES].toLowerCase()
    : String(level);
