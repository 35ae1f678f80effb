/** Whether somebody can work on a day: what they have said, and where they are engaged. */

import type { Candidate, DateRange } from "~/api/types";

import { addDays, daysOf, overlap, toTime, type Days } from "./dates";

export type DayState = "free" | "blocked" | "engaged" | "unknown";

type Conflicts = Candidate["conflicts"];

/** Return the state of a day. An engagement counts most, then a blocked range. */
export function dayState(
  day: string,
  availability: readonly DateRange[],
  conflicts: Conflicts,
): DayState {
  const at: Days = { from: day, to: day };
  const engaged = conflicts.some(({ work_start, work_end }) =>
    overlap(at, { from: work_start, to: work_end }),
  );
  if (engaged) return "engaged";
  const kinds = availability.filter((range) => overlap(at, range)).map((range) => range.kind);
  if (kinds.includes("blocked")) return "blocked";
  return kinds.includes("free") ? "free" : "unknown";
}

/** A column of the grid: one day, or several when the range is long. */
export interface Slot extends Days {
  label: string;
}

export const MAX_DAYS = 62;
const DAYS_PER_WEEK = 7;

/** Return the columns for a range of days: each day, or each week when there are many. */
export function slotsOf(range: Days): Slot[] {
  const days = daysOf(range);
  if (days.length <= MAX_DAYS) return days.map((day) => ({ from: day, to: day, label: day }));
  const slots: Slot[] = [];
  for (let from = range.from; from <= range.to; from = addDays(from, DAYS_PER_WEEK)) {
    const end = addDays(from, DAYS_PER_WEEK - 1);
    slots.push({ from, to: end < range.to ? end : range.to, label: from });
  }
  return slots;
}

const RANK: DayState[] = ["engaged", "blocked", "unknown", "free"];

/** Return the worst state of the days of a slot. */
export function slotState(
  slot: Days,
  availability: readonly DateRange[],
  conflicts: Conflicts,
): DayState {
  const states = daysOf(slot).map((day) => dayState(day, availability, conflicts));
  return RANK.find((state) => states.includes(state)) ?? "unknown";
}

/** Return how many days of a range have each state. */
export function countDays(
  range: Days,
  availability: readonly DateRange[],
  conflicts: Conflicts,
): Record<DayState, number> {
  const counts = { free: 0, blocked: 0, engaged: 0, unknown: 0 };
  for (const day of daysOf(range)) counts[dayState(day, availability, conflicts)] += 1;
  return counts;
}

const monthFormat = new Intl.DateTimeFormat(undefined, {
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});

/** Return the months of the slots, and how many columns each has. */
export function monthsOf(slots: Slot[]): { label: string; columns: number }[] {
  const months: { label: string; columns: number }[] = [];
  for (const slot of slots) {
    const label = monthFormat.format(toTime(slot.from));
    const last = months.at(-1);
    if (last?.label === label) last.columns += 1;
    else months.push({ label, columns: 1 });
  }
  return months;
}
