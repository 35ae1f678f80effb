/** All fields of an actor, as the form lists them. */

import { Text } from "@mantine/core";
import type { ReactNode } from "react";

import type { Actor } from "~/api/types";
import { showTime } from "~/domain/dates";
import { countryName } from "~/domain/words";
import type { Field } from "~/forms/fields";
import { showValue } from "~/forms/show";
import { useMay } from "~/session/session";
import { Headshot } from "~/ui/Headshot";

import { ACTOR_FIELDS } from "./actorFields";
import classes from "./Profile.module.css";

/** Shown elsewhere on the screen. */
const ELSEWHERE: ReadonlySet<string> = new Set(["name", "headshot_url", "availability"]);

const SHOWN: Partial<Record<keyof Actor, (actor: Actor) => ReactNode>> = {
  base_country: ({ base_country }) => base_country && countryName(base_country),
  imdb_id: ({ imdb_id }) =>
    imdb_id && <Out to={`https://www.imdb.com/name/${imdb_id}/`}>{imdb_id}</Out>,
  tmdb_id: ({ tmdb_id }) =>
    tmdb_id && <Out to={`https://www.themoviedb.org/person/${tmdb_id}`}>{tmdb_id}</Out>,
  notes: ({ notes }) => notes && <span className={classes.lines}>{notes}</span>,
};

function Out({ to, children }: { to: string; children: ReactNode }) {
  return (
    <a href={to} target="_blank" rel="noreferrer">
      {children}
    </a>
  );
}

export function Profile({ actor }: { actor: Actor }) {
  const maySeePersonal = useMay()("patch:actors");
  const fields = ACTOR_FIELDS.filter(({ name }) => !ELSEWHERE.has(name));
  const shown = fields.filter(({ personal }) => personal !== true || maySeePersonal);
  const hidden = fields.filter(({ personal }) => personal === true && !maySeePersonal);
  return (
    <div className={`surface ${classes.profile}`}>
      <div className={classes.picture}>
        <Headshot name={actor.name} url={actor.headshot_url} width="100%" />
      </div>
      <div className={classes.all}>
        <dl className={classes.fields}>
          {shown.map((field) => (
            <Entry key={field.name} field={field} actor={actor} />
          ))}
        </dl>
        {hidden.length > 0 && (
          <Text size="sm" c="dimmed" mt="sm">
            Hidden from your role, because it is personal data:{" "}
            {hidden.map(({ label }) => label.toLowerCase()).join(", ")}.
          </Text>
        )}
        <Text size="xs" c="dimmed" mt="sm">
          Added {showTime(actor.created_at)}, changed {showTime(actor.updated_at)}
        </Text>
      </div>
    </div>
  );
}

function Entry({ field, actor }: { field: Field<Actor>; actor: Actor }) {
  const { name, label } = field;
  const value = actor[name];
  const text = value === null ? "–" : (SHOWN[name]?.(actor) ?? showValue(name, value));
  return (
    <div className={field.wide === true ? classes.wide : undefined}>
      <dt>{label}</dt>
      <dd>{text}</dd>
    </div>
  );
}
