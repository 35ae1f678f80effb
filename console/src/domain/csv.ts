/** Tables as CSV files (RFC 4180) that spreadsheets open without surprises. */

/** A spreadsheet would read a cell that begins with one of these as a formula. */
const FORMULA = /^[=+\-@\t\r\n]/;
const NEEDS_QUOTES = /[",;\r\n]/;

/** Excel reads UTF-8 only after this mark. */
const BYTE_ORDER_MARK = "\uFEFF";

function cell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  if (FORMULA.test(value)) return quoted(`'${value}`);
  return NEEDS_QUOTES.test(value) ? quoted(value) : value;
}

/** Return a CSV file. Text that looks like a formula gets an apostrophe, which shows it as text. */
export function toCsv(header: string[], rows: (string | number | null)[][]): string {
  const lines = [header, ...rows].map((row) => row.map(cell).join(","));
  return BYTE_ORDER_MARK + lines.map((line) => `${line}\r\n`).join("");
}

/** Return a name for a file: without what file systems do not allow. */
export function fileName(name: string, suffix: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is replaced
  const safe = name.replace(/[\u0000-\u001f\u007f<>:"/\\|?*]/g, " ").replace(/\s+/g, " ");
  return `${safe.replace(/^[ .]+|[ .]+$/g, "").slice(0, 100) || "table"}.${suffix}`;
}
