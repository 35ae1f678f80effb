import { expect, test } from "vitest";

import { fileName, toCsv } from "./csv";

const body = (rows: (string | number | null)[][]) => toCsv(["h"], rows).slice("\uFEFFh\r\n".length);

test("a file begins with a byte order mark and ends each line with CRLF", () => {
  expect(toCsv(["Actor", "Billing"], [["Ingrid Bergman", 2]])).toBe(
    "\uFEFFActor,Billing\r\nIngrid Bergman,2\r\n",
  );
});

test.each([
  ["plain", "plain"],
  ["a,b", '"a,b"'],
  ["a;b", '"a;b"'],
  ['"Rick"', '"""Rick"""'],
  ["two\nlines", '"two\nlines"'],
  ["千尋", "千尋"],
])("%j is written as %j", (value, written) => {
  expect(body([[value]])).toBe(`${written}\r\n`);
});

test.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])(
  "%j is not a formula",
  (value) => {
    expect(body([[value]])).toBe(`"'${value}"\r\n`);
  },
);

test.each([
  ["Rick;=1+1;x", `"Rick;'=1+1;x"`],
  [";@SUM(A1)", `";'@SUM(A1)"`],
  ["a;b - c", `"a;b - c"`],
  ["＝1+1", `"'＝1+1"`],
])("%j is not a formula where semicolons separate cells", (value, written) => {
  expect(body([[value]])).toBe(`${written}\r\n`);
});

test("quotes in a formula are doubled", () => {
  expect(body([['=HYPERLINK("x")']])).toBe(`"'=HYPERLINK(""x"")"\r\n`);
});

test("numbers stay numbers, and null is empty", () => {
  expect(body([[-3, null, ""]])).toBe("-3,,\r\n");
});

test.each([
  ["Casablanca – cast", "Casablanca – cast.csv"],
  ['What/If: "No"?', "What If No.csv"],
  ["...", "table.csv"],
  ["Casablanca\u202evsc.exe", "Casablanca vsc.exe.csv"],
])("%j becomes the file %j", (name, file) => {
  expect(fileName(name, "csv")).toBe(file);
});
