/** The rows of a comparison. Another row is another entry here. */

import type { ReactNode } from "react";

import type { Actor } from "~/api/types";
import { ages, countryName, GENDER_NAMES, languageName, LEVEL_NAMES } from "~/domain/words";

import { CurrentCandidacies } from "./CurrentCandidacies";
import { NextDays } from "./NextDays";
import { SharedTags } from "./SharedTags";

interface Row {
  label: string;
  /** Show the value of one actor. `all` are all who are compared. */
  show: (actor: Actor, all: Actor[]) => ReactNode;
}

export const ROWS: Row[] = [
  { label: "Playing age", show: (actor) => ages(actor.playing_age_min, actor.playing_age_max) },
  { label: "Gender", show: (actor) => GENDER_NAMES[actor.gender] },
  { label: "Height", show: (actor) => actor.height_cm !== null && `${actor.height_cm} cm` },
  {
    label: "Languages",
    show: (actor, all) => (
      <SharedTags
        values={Object.keys(actor.languages ?? {})}
        all={all.map(({ languages }) => Object.keys(languages ?? {}))}
        show={(code) => {
          const level = actor.languages?.[code];
          return `${languageName(code)}${level ? `, ${LEVEL_NAMES[level].toLowerCase()}` : ""}`;
        }}
      />
    ),
  },
  {
    label: "Skills",
    show: (actor, all) => (
      <SharedTags values={actor.skills ?? []} all={all.map(({ skills }) => skills ?? [])} />
    ),
  },
  {
    label: "Unions",
    show: (actor, all) => (
      <SharedTags values={actor.unions ?? []} all={all.map(({ unions }) => unions ?? [])} />
    ),
  },
  {
    label: "Base",
    show: (actor) =>
      [actor.base_city, actor.base_country && countryName(actor.base_country)]
        .filter(Boolean)
        .join(", "),
  },
  { label: "Can be cast", show: (actor) => (actor.active ? "Yes" : <b>No: not active</b>) },
  { label: "Movies", show: (actor) => String(actor.role_count) },
  { label: "Availability", show: (actor) => <NextDays actor={actor} /> },
  { label: "Considered for", show: (actor) => <CurrentCandidacies id={actor.id} /> },
];
