/** Tables as CSV files (RFC 4180) that spreadsheets open without surprises. */

/** A spreadsheet would read a cell that begins with one of these as a formula. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
/** It also begins a cell after a semicolon or a tab, where these separate cells. */
const FORMULA_INSIDE = /((?:;|(?!^)\t)\s*"?)(?=[=+\-@＝＋－＠])/g;
const NEEDS_QUOTES = /[",;\r\n]/;

/** Excel reads UTF-8 only after this mark. */
const BYTE_ORDER_MARK = "\uFEFF";

function cell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const text = value.replace(FORMULA_INSIDE, "$1'");
  if (FORMULA.test(text)) return quoted(`'${text}`);
  return NEEDS_QUOTES.test(text) ? quoted(text) : text;
}

/** Return a CSV file. Text that looks like a formula gets an apostrophe, which shows it as text. */
export function toCsv(header: string[], rows: (string | number | null)[][]): string {
  const lines = [header, ...rows].map((row) => row.map(cell).join(","));
  return BYTE_ORDER_MARK + lines.map((line) => `${line}\r\n`).join("");
}

/** What file systems do not allow, and what turns the direction of text and could hide the suffix. */
// eslint-disable-next-line no-control-regex -- control characters are what is replaced
const UNSAFE = /[\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069<>:"/\\|?*]/g;

/** Return a name for a file. */
export function fileName(name: string, suffix: string): string {
  const safe = name.replace(UNSAFE, " ").replace(/\s+/g, " ");
  return `${safe.replace(/^[ .]+|[ .]+$/g, "").slice(0, 100) || "table"}.${suffix}`;
}
