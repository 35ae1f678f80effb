import { Loader, MultiSelect } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, unwrap } from "~/api/client";

export interface ActorRef {
  id: string;
  name: string;
}

const SHOWN = 12;

/** Choose actors by typing the beginnings of their names. */
export function ActorsInput(props: {
  label: string;
  value: ActorRef[];
  max?: number;
  disabled?: boolean;
  onChange: (actors: ActorRef[]) => void;
}) {
  const [text, setText] = useState("");
  const [search] = useDebouncedValue(text.trim(), 150);
  const { data, isFetching, isError } = useQuery({
    queryKey: ["actors", "list", "picker", search],
    queryFn: async () => {
      const query = { search, limit: SHOWN };
      return (await unwrap(api.GET("/actors", { params: { query } }))).actors;
    },
    enabled: search !== "",
    placeholderData: (previous) => previous,
  });
  const found = search === "" ? [] : (data ?? []);
  const known = new Map([...props.value, ...found].map(({ id, name }) => [id, { id, name }]));
  const message = isError
    ? "The search failed. Try again."
    : text.trim() === ""
      ? undefined // the menu stays closed
      : isFetching || text.trim() !== search
        ? "Searching …"
        : "No name begins with these words";
  return (
    <MultiSelect
      label={props.label}
      placeholder="Type a name"
      data-autofocus
      size="sm"
      searchable
      hidePickedOptions
      clearSearchOnChange
      maxValues={props.max ?? Infinity}
      disabled={props.disabled ?? false}
      data={[...known.values()].map(({ id, name }) => ({ value: id, label: name }))}
      // The API has searched already. It knows stage names, too.
      filter={({ options }) =>
        options.filter(
          (option) => "value" in option && found.some((each) => each.id === option.value),
        )
      }
      searchValue={text}
      onSearchChange={setText}
      nothingFoundMessage={message}
      value={props.value.map(({ id }) => id)}
      onChange={(ids) => props.onChange(ids.flatMap((id) => known.get(id) ?? []))}
      rightSection={isFetching ? <Loader size="xs" /> : undefined}
    />
  );
}
