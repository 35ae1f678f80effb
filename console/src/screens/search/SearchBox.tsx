/** One search box for everything: movies and actors, by the beginnings of words. */

import { Loader, Modal, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState, type KeyboardEvent } from "react";

import { api, unwrap } from "~/api/client";
import { goTo } from "~/app/location";
import { showDay } from "~/domain/dates";
import { ages } from "~/domain/words";
import { Headshot } from "~/ui/Headshot";

import classes from "./SearchBox.module.css";
import { useFocusBack } from "~/ui/useFocusBack";

const SHOWN = 6;

interface Hit {
  to: string;
  kind: string;
  name: string;
  note: string;
  picture: string | null;
}

async function find(search: string): Promise<Hit[]> {
  const query = { search, limit: SHOWN };
  const [{ movies }, { actors }] = await Promise.all([
    unwrap(api.GET("/movies", { params: { query } })),
    unwrap(api.GET("/actors", { params: { query } })),
  ]);
  return [
    ...movies.map((movie) => ({
      to: `/movies/${movie.id}`,
      kind: "Movie",
      name: movie.title,
      note: showDay(movie.release_date),
      picture: movie.poster_url,
    })),
    ...actors.map((actor) => ({
      to: `/actors/${actor.id}`,
      kind: "Actor",
      name: actor.name,
      note: ages(actor.playing_age_min, actor.playing_age_max),
      picture: actor.headshot_url,
    })),
  ];
}

export function SearchBox({ onClose }: { onClose: () => void }) {
  useFocusBack();
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const [search] = useDebouncedValue(text.trim(), 150);
  const { data, isFetching, isError } = useQuery({
    queryKey: ["search", search],
    queryFn: () => find(search),
    enabled: search !== "",
    placeholderData: (previous) => previous,
  });
  const hits = search === "" ? [] : (data ?? []);
  const open = (hit: Hit | undefined) => {
    if (!hit) return;
    onClose();
    goTo(hit.to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") open(hits[active]);
    else if (event.key === "ArrowDown") setActive(Math.min(active + 1, hits.length - 1));
    else if (event.key === "ArrowUp") setActive(Math.max(active - 1, 0));
    else return;
    event.preventDefault();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      centered={false}
      title={<span className="visually-hidden">Search</span>}
      padding="xs"
      size="lg"
    >
      <TextInput
        data-autofocus
        size="sm"
        role="combobox"
        aria-label="Search movies and actors"
        aria-expanded={hits.length > 0}
        aria-controls="search-hits"
        aria-activedescendant={hits[active] ? `hit-${active}` : undefined}
        placeholder="A title or a name, such as “pot fie” or “lucja”"
        value={text}
        maxLength={200}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
        rightSection={isFetching ? <Loader size="xs" /> : null}
      />
      <ul id="search-hits" role="listbox" aria-label="Results" className={classes.hits}>
        {hits.map((hit, index) => (
          <li
            key={hit.to}
            id={`hit-${index}`}
            role="option"
            aria-selected={index === active}
            className={classes.hit}
            onMouseEnter={() => setActive(index)}
            onClick={() => open(hit)}
          >
            <Headshot name={hit.name} url={hit.picture} width={26} />
            <span className={classes.name}>{hit.name}</span>
            <span className={classes.note}>
              {hit.kind}
              {hit.note && ` · ${hit.note}`}
            </span>
          </li>
        ))}
      </ul>
      <Text size="xs" c="dimmed" role="status" p={4}>
        {isError
          ? "The search failed. Try again."
          : search === ""
            ? "Each word that you type must begin a word. Case and accents do not matter."
            : !isFetching && hits.length === 0
              ? "Nothing begins with these words."
              : "Arrows to choose, Enter to open, Esc to close"}
      </Text>
    </Modal>
  );
}
