/** The columns of the list of actors. Another column is another entry here. */

import type { Actor, Level } from "~/api/types";
import { ages, countryName, GENDER_NAMES, languageName, LEVEL_NAMES } from "~/domain/words";
import type { Column } from "~/ui/DataTable";
import { Headshot } from "~/ui/Headshot";

import classes from "./Actors.module.css";

/** The best level first. */
const LEVELS = Object.keys(LEVEL_NAMES) as Level[];

function Languages({ languages }: { languages: Actor["languages"] }) {
  const known = Object.entries(languages ?? {}).sort(
    ([, a], [, b]) => LEVELS.indexOf(a) - LEVELS.indexOf(b),
  );
  const levels = known.map(([code, level]) => `${languageName(code)}: ${LEVEL_NAMES[level]}`);
  return (
    <span title={levels.join(", ")}>{known.map(([code]) => languageName(code)).join(", ")}</span>
  );
}

export const COLUMNS: Column<Actor>[] = [
  {
    key: "name",
    label: "Actor",
    show: (actor) => (
      <span className={classes.who}>
        <Headshot name={actor.name} url={actor.headshot_url} width={28} />
        <span>
          {actor.name}
          {actor.stage_name !== null && (
            <span className={classes.stageName}> {actor.stage_name}</span>
          )}
        </span>
      </span>
    ),
  },
  {
    key: "playing_age",
    label: "Plays",
    className: "nowrap",
    show: (actor) => ages(actor.playing_age_min, actor.playing_age_max),
  },
  { key: "gender", label: "Gender", show: (actor) => GENDER_NAMES[actor.gender] },
  {
    key: "languages",
    label: "Languages",
    className: classes.wide,
    show: (actor) => <Languages languages={actor.languages} />,
  },
  {
    key: "skills",
    label: "Skills",
    className: classes.wide,
    show: (actor) => actor.skills?.join(", "),
  },
  {
    key: "unions",
    label: "Unions",
    className: classes.wide,
    show: (actor) => actor.unions?.join(", "),
  },
  {
    key: "base",
    label: "Base",
    show: (actor) =>
      [actor.base_city, actor.base_country && countryName(actor.base_country)]
        .filter(Boolean)
        .join(", "),
  },
  { key: "active", label: "Active", show: (actor) => (actor.active ? "Yes" : <b>No</b>) },
];
