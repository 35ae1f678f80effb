/** A dialog that finds one actor. */

import { Modal, Text } from "@mantine/core";
import { useState } from "react";

import { useActors } from "~/api/queries";
import type { Actor } from "~/api/types";
import { ages } from "~/domain/words";
import { Headshot } from "~/ui/Headshot";
import { SearchInput } from "~/ui/SearchInput";
import { Failed, Lines, ListEnd } from "~/ui/states";

import classes from "./ActorPicker.module.css";
import { useFocusBack } from "~/ui/useFocusBack";

export function ActorPicker(props: {
  title: string;
  /** The ids of those who cannot be picked, and why. */
  taken: ReadonlySet<string>;
  takenNote: string;
  onPick: (actor: Actor) => void;
  onClose: () => void;
}) {
  useFocusBack();
  const [search, setSearch] = useState("");
  const list = useActors({ search }, { enabled: search !== "" });
  return (
    <Modal opened onClose={props.onClose} title={props.title} size="md" centered={false}>
      <SearchInput
        data-autofocus
        label="Find an actor"
        placeholder="Beginnings of the name"
        value={search}
        onSearch={setSearch}
      />
      {search === "" ? (
        <Text size="xs" c="dimmed" mt="xs">
          Each word that you type must begin a word of the name. Case and accents do not matter.
        </Text>
      ) : list.isPending ? (
        <Lines count={4} />
      ) : list.error && list.items.length === 0 ? (
        <Failed error={list.error} retry={list.retry} />
      ) : (
        <>
          <ul className={classes.hits} aria-label="Actors">
            {list.items.map((actor) => (
              <li key={actor.id}>
                <button
                  type="button"
                  className={classes.hit}
                  disabled={props.taken.has(actor.id)}
                  onClick={() => props.onPick(actor)}
                >
                  <Headshot name={actor.name} url={actor.headshot_url} width={26} />
                  <span className={classes.name}>{actor.name}</span>
                  <span className={classes.note}>
                    {props.taken.has(actor.id)
                      ? props.takenNote
                      : ages(actor.playing_age_min, actor.playing_age_max)}
                  </span>
                </button>
              </li>
            ))}
          </ul>
          {list.items.length === 0 && list.isComplete ? (
            <Text size="sm" c="dimmed" role="status">
              No actor’s name begins with these words.
            </Text>
          ) : (
            <ListEnd list={list} />
          )}
        </>
      )}
    </Modal>
  );
}
