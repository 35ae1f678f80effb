/** One movie. Its tab is in the address. */

import { Button, Tabs } from "@mantine/core";
import { useState } from "react";

import { useMovie } from "~/api/queries";
import { goTo } from "~/app/location";
import { useShortcuts } from "~/app/shortcuts";
import { useMay } from "~/session/session";
import { History } from "~/ui/History";
import { Failed, Lines } from "~/ui/states";

import { Breakdown, type Editing } from "./Breakdown";
import { Cast } from "./Cast";
import { Considered } from "./Considered";
import { Details } from "./Details";
import { MovieForm } from "./MovieForm";
import { MovieHead } from "./MovieHead";

const TABS = [
  { name: "breakdown", label: "Breakdown" },
  { name: "cast", label: "Cast" },
  { name: "considered", label: "Considered" },
  { name: "details", label: "Details" },
  { name: "history", label: "History", permission: "patch:movies" },
];

export default function Movie({ id, tab }: { id: string; tab: string }) {
  const may = useMay();
  const { data: movie, error, refetch } = useMovie(id);
  const [isChanging, setIsChanging] = useState(false);
  const [editing, setEditing] = useState<Editing>(null);
  const tabs = TABS.filter(({ permission }) => permission === undefined || may(permission));
  const shown = tabs.find(({ name }) => name === tab)?.name ?? "breakdown";
  const open = (name: string | null) => goTo(`/movies/${id}/${name ?? "breakdown"}`);
  const addPart = () => {
    open("breakdown");
    setEditing("new");
  };
  useShortcuts("Movie", [
    ...tabs.map(({ name, label }, index) => ({
      keys: String(index + 1),
      label: `Show ${label}`,
      run: () => open(name),
    })),
    ...(may("patch:movies")
      ? [{ keys: "e", label: "Change the movie", run: () => setIsChanging(true) }]
      : []),
    ...(may("post:parts") ? [{ keys: "n", label: "Add a part", run: addPart }] : []),
  ]);
  if (!movie) return error ? <Failed error={error} retry={() => void refetch()} /> : <Lines />;
  return (
    <>
      <MovieHead movie={movie}>
        {may("patch:movies") && (
          <Button variant="default" onClick={() => setIsChanging(true)}>
            Change the movie
          </Button>
        )}
      </MovieHead>
      <Tabs value={shown} onChange={open} keepMounted={false}>
        <Tabs.List mb="sm">
          {tabs.map(({ name, label }) => (
            <Tabs.Tab key={name} value={name}>
              {label}
              {name === "breakdown" && ` (${movie.part_count})`}
              {name === "cast" && ` (${movie.role_count})`}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="breakdown">
          <Breakdown movie={movie} editing={editing} edit={setEditing} />
        </Tabs.Panel>
        <Tabs.Panel value="cast">
          <Cast movie={movie} />
        </Tabs.Panel>
        <Tabs.Panel value="considered">
          <Considered movie={movie} />
        </Tabs.Panel>
        <Tabs.Panel value="details">
          <Details movie={movie} />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <History kind="movies" id={id} />
        </Tabs.Panel>
      </Tabs>
      {isChanging && <MovieForm movie={movie} onClose={() => setIsChanging(false)} />}
    </>
  );
}
