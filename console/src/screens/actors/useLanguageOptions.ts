import { useState } from "react";

import { LANGUAGE_OPTIONS, languageName, type Option } from "~/domain/words";

const CODE = /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i;

function labelOf(code: string): string {
  const name = languageName(code);
  return name === code ? code : `${name} (${code})`;
}

/** The menu of languages: the usual ones, those that are chosen, and a code that is typed. */
export function useLanguageOptions(chosen: string[]): {
  options: Option[];
  onSearch: (text: string) => void;
} {
  const [typed, setTyped] = useState("");
  const usual = new Set(LANGUAGE_OPTIONS.map(({ value }) => value));
  const code = typed.trim();
  const others = new Set([...chosen, ...(CODE.test(code) ? [code] : [])]);
  const extra = [...others]
    .filter((each) => !usual.has(each))
    .map((value) => ({ value, label: labelOf(value) }));
  return { options: [...LANGUAGE_OPTIONS, ...extra], onSearch: setTyped };
}
