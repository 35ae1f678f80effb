/** One actor: the profile, the days, the parts and the movies. */

import { Button, Tabs, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { useActor } from "~/api/queries";
import type { Actor as ActorRecord } from "~/api/types";
import { goTo } from "~/app/location";
import { useShortcuts } from "~/app/shortcuts";
import { ages, GENDER_NAMES } from "~/domain/words";
import { AddToPart } from "~/forms/AddToPart";
import { useMay } from "~/session/session";
import { History } from "~/ui/History";
import { PageHead } from "~/ui/PageHead";
import { Failed, Lines } from "~/ui/states";

import classes from "./Actor.module.css";
import { ActorForm } from "./ActorForm";
import { Availability } from "./Availability";
import { Candidacies } from "./Candidacies";
import { Filmography } from "./Filmography";
import { Profile } from "./Profile";
import { RemoveActor } from "./RemoveActor";

interface Tab {
  value: string;
  label: string;
  show: (actor: ActorRecord) => ReactNode;
  /** The permission that it needs besides that of the screen. */
  needs?: string;
}

const TABS: Tab[] = [
  { value: "profile", label: "Profile", show: (actor) => <Profile actor={actor} /> },
  { value: "availability", label: "Availability", show: (actor) => <Availability actor={actor} /> },
  {
    value: "candidacies",
    label: "Candidacies",
    show: ({ id }) => <Candidacies id={id} />,
    needs: "get:candidates",
  },
  { value: "movies", label: "Movies", show: ({ id }) => <Filmography id={id} /> },
  {
    value: "history",
    label: "History",
    show: ({ id }) => <History kind="actors" id={id} />,
    needs: "patch:actors",
  },
];

type Dialog = "edit" | "add" | "remove" | null;

export default function Actor({ id, tab }: { id: string; tab: string }) {
  const may = useMay();
  const { data: actor, error, refetch } = useActor(id);
  const [dialog, setDialog] = useState<Dialog>(null);
  const tabs = TABS.filter(({ needs }) => needs === undefined || may(needs));
  const current = tabs.find(({ value }) => value === tab) ?? tabs[0];
  const show = (value: string) => goTo(`/actors/${id}/${value}`);
  useShortcuts("Actor", [
    ...(may("patch:actors") ? [{ keys: "e", label: "Edit", run: () => setDialog("edit") }] : []),
    ...(may("post:candidates")
      ? [{ keys: "p", label: "Add to a part", run: () => setDialog("add") }]
      : []),
    ...tabs.map(({ value, label }, index) => ({
      keys: `${index + 1}`,
      label,
      run: () => show(value),
    })),
  ]);
  if (error && !actor) return <Failed error={error} retry={() => void refetch()} />;
  if (!actor) return <Lines />;
  const close = () => setDialog(null);
  return (
    <>
      <PageHead title={actor.name} path={[{ label: "Actors", to: "/actors" }]} note={noteOf(actor)}>
        {may("post:candidates") && (
          <Button onClick={() => setDialog("add")} rightSection={<kbd>p</kbd>}>
            Add to part
          </Button>
        )}
        {may("patch:actors") && (
          <Button variant="default" onClick={() => setDialog("edit")} rightSection={<kbd>e</kbd>}>
            Edit
          </Button>
        )}
        {may("delete:actors") && (
          <Button variant="default" onClick={() => setDialog("remove")}>
            Remove
          </Button>
        )}
      </PageHead>
      <Tabs value={current?.value ?? null} onChange={(value) => value !== null && show(value)}>
        <Tabs.List mb="sm" aria-label="About this actor">
          {tabs.map(({ value, label }) => (
            <Tabs.Tab key={value} value={value} className={classes.tab}>
              {label}
              {value === "candidacies" && ` ${actor.candidate_count || ""}`}
              {value === "movies" && ` ${actor.role_count || ""}`}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {tabs.map(({ value }) => (
          <Tabs.Panel key={value} value={value} tabIndex={-1}>
            {value === current?.value && current.show(actor)}
          </Tabs.Panel>
        ))}
      </Tabs>
      {dialog === "edit" && (
        <ActorForm actor={actor} title={`Edit ${actor.name}`} onClose={close} />
      )}
      {dialog === "add" && <AddToPart actors={[actor]} onClose={close} />}
      {dialog === "remove" && <RemoveActor actor={actor} onClose={close} />}
    </>
  );
}

function noteOf(actor: ActorRecord): ReactNode {
  const playing = ages(actor.playing_age_min, actor.playing_age_max);
  const words = [
    actor.stage_name === null ? "" : `Works as ${actor.stage_name}`,
    GENDER_NAMES[actor.gender],
    playing && `plays ${playing}`,
    actor.base_city ?? "",
  ].filter(Boolean);
  return (
    <>
      {words.join(" · ")}
      {!actor.active && (
        <Text span size="sm" fw={600}>
          {" · "}Not active: cannot be cast
        </Text>
      )}
    </>
  );
}
