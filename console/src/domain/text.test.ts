import { expect, it } from "vitest";

import { beginsWords } from "./text";

it.each([
  ["The Amber Riders – Katarzyna", "rid kat", true],
  ["The Potter's Field", "otter", false],
  ["Amélie", "AMEL", true],
  ["Amber", "", true],
  ["千と千尋の神隠し", "千と", true],
])("of %j begins %j: %j", (text, search, expected) => {
  expect(beginsWords(text, search)).toBe(expected);
});
