/** Search in what is on the screen already, by the same rule as the API's search. */

const fold = (text: string) =>
  text
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase();

/** Return whether each word of `search` begins a word of `text`. Case and accents do not matter. */
export function beginsWords(text: string, search: string): boolean {
  const words = fold(text).split(/[^\p{L}\p{N}]+/u);
  const wanted = fold(search).split(/[^\p{L}\p{N}]+/u);
  return wanted.every((start) => words.some((word) => word.startsWith(start)));
}
