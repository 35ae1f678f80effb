/** Days as `YYYY-MM-DD`, shown as the reader's locale writes them. */

const dayFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
const timeFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const MS_PER_DAY = 86_400_000;

export const toTime = (day: string) => Date.parse(`${day}T00:00:00Z`);
export const toDay = (time: number) => new Date(time).toISOString().slice(0, 10);
export const addDays = (day: string, days: number) => toDay(toTime(day) + days * MS_PER_DAY);

/** Return the day of a time on the reader's calendar. */
export function localDay(time: Date): string {
  return toDay(time.getTime() - time.getTimezoneOffset() * 60_000);
}

export const today = () => localDay(new Date());

export function showDay(day: string | null | undefined): string {
  return day == null ? "" : dayFormat.format(toTime(day));
}

export function showTime(time: string | null | undefined): string {
  return time == null ? "" : timeFormat.format(new Date(time));
}

/** Show the day of a time, as it is where the reader is. */
export const showDayOf = (time: string) => showDay(localDay(new Date(time)));

/** Show a range of days. An open end is left out. */
export function showRange(
  first: string | null | undefined,
  last: string | null | undefined,
): string {
  if (first != null && last != null) {
    return first === last ? showDay(first) : dayFormat.formatRange(toTime(first), toTime(last));
  }
  if (first != null) return `from ${showDay(first)}`;
  return last == null ? "" : `until ${showDay(last)}`;
}

export interface Days {
  from: string;
  to: string;
}

/** Return whether two ranges share a day. */
export const overlap = (a: Days, b: Days) => a.from <= b.to && b.from <= a.to;

/** Return all days of a range, the last included. */
export function daysOf({ from, to }: Days): string[] {
  const count = Math.round((toTime(to) - toTime(from)) / MS_PER_DAY) + 1;
  return Array.from({ length: Math.max(count, 0) }, (_, index) => addDays(from, index));
}

/** Return the value of an `<input type="datetime-local">` for a time, in the reader's zone. */
export function toLocalInput(time: string | null): string {
  if (time === null) return "";
  const date = new Date(time);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Return the time in UTC of an `<input type="datetime-local">`, or null if it is empty. */
export const fromLocalInput = (value: string) =>
  value === "" ? null : new Date(value).toISOString().replace(/\.\d+Z$/, "Z");
