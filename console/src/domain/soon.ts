/** How far a day is away. */

import { today as readToday, toTime } from "./dates";

const MS_PER_DAY = 86_400_000;
const FAR_DAYS = 60;
const format = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

/** Return the days until a day; they are negative when it is over. */
export const daysUntil = (day: string, today = readToday()) =>
  Math.round((toTime(day) - toTime(today)) / MS_PER_DAY);

/** Return how far a day is away in words, such as `in 12 days`, or nothing if it is far. */
export function showSoon(day: string | null, today = readToday()): string {
  if (day === null) return "";
  const days = daysUntil(day, today);
  return Math.abs(days) > FAR_DAYS ? "" : format.format(days, "day");
}
