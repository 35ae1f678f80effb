/** Two to four actors side by side. The address says who: `#/compare?ids=a,b,c`. */

import { ActionIcon, Button, Skeleton } from "@mantine/core";
import { useState } from "react";

import { explain } from "~/api/problem";
import { useActorsById } from "~/api/queries";
import type { Actor } from "~/api/types";
import { useQueryParams } from "~/app/location";
import { useShortcuts } from "~/app/shortcuts";
import { comparedIds, MAX_COMPARED, MIN_COMPARED } from "~/domain/comparison";
import { ActorsInput } from "~/forms/ActorsInput";
import { AddToPart } from "~/forms/AddToPart";
import { useMay } from "~/session/session";
import { Headshot } from "~/ui/Headshot";
import { LinkTo } from "~/ui/LinkTo";
import { PageHead } from "~/ui/PageHead";
import { Empty } from "~/ui/states";

import classes from "./Compare.module.css";
import { ROWS } from "./rows";

export default function Compare() {
  const mayAdd = useMay()("post:candidates");
  const [params, change] = useQueryParams();
  const ids = comparedIds(params.get("ids"));
  const [adding, setAdding] = useState(false);
  const reads = useActorsById(ids);
  const columns = ids.map((id, index) => ({
    id,
    actor: reads[index]?.data ?? null,
    error: reads[index]?.error ?? null,
  }));
  const actors = columns.flatMap(({ actor }) => actor ?? []);
  const set = (next: string[]) => change({ ids: next.join(",") });
  useShortcuts(
    "Compare",
    mayAdd && actors.length > 0
      ? [{ keys: "p", label: "Add them to a part", run: () => setAdding(true) }]
      : [],
  );
  return (
    <>
      <PageHead title="Compare actors" path={[{ label: "Actors", to: "/actors" }]}>
        {mayAdd && actors.length > 0 && (
          <Button onClick={() => setAdding(true)} rightSection={<kbd>p</kbd>}>
            Add to part
          </Button>
        )}
      </PageHead>
      {ids.length < MAX_COMPARED && (
        <div className={classes.picker}>
          <ActorsInput
            label="Add somebody to the comparison"
            value={[]}
            onChange={(chosen) => set([...ids, ...chosen.map(({ id }) => id)])}
          />
        </div>
      )}
      {ids.length < MIN_COMPARED && (
        <Empty title={`Compare ${MIN_COMPARED} to ${MAX_COMPARED} actors`}>
          Add them here, or select them in the <LinkTo to="/actors">list of actors</LinkTo>.
        </Empty>
      )}
      {ids.length > 0 && (
        <div className="surface scroll-x">
          <table
            className={classes.comparison}
            style={{ minWidth: `${6 + 9 * ids.length}rem` }}
            aria-label="Comparison"
          >
            <thead>
              <tr>
                <td className={classes.label} />
                {columns.map(({ id, actor, error }) => (
                  <th key={id} scope="col">
                    <Head
                      actor={actor}
                      error={error}
                      onRemove={() => set(ids.filter((each) => each !== id))}
                    />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {ROWS.map(({ label, show }) => (
                <tr key={label}>
                  <th scope="row" className={classes.label}>
                    {label}
                  </th>
                  {columns.map(({ id, actor, error }) => (
                    <td key={id}>
                      {actor ? show(actor, actors) || "–" : error ? "–" : <Skeleton height={16} />}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {adding && <AddToPart actors={actors} onClose={() => setAdding(false)} />}
    </>
  );
}

function Head(props: { actor: Actor | null; error: Error | null; onRemove: () => void }) {
  const { actor, error } = props;
  const name = actor?.name ?? (error ? "Not found" : "Loading");
  return (
    <div className={classes.head}>
      <div className={classes.picture}>
        {actor && <Headshot name={actor.name} url={actor.headshot_url} width="100%" />}
        <ActionIcon
          className={classes.remove}
          variant="default"
          aria-label={`Take ${name} out of the comparison`}
          onClick={props.onRemove}
        >
          ×
        </ActionIcon>
      </div>
      {actor ? <LinkTo to={`/actors/${actor.id}`}>{actor.name}</LinkTo> : name}
      {actor?.stage_name != null && <span className={classes.note}>{actor.stage_name}</span>}
      {error && <span className={classes.note}>{explain(error)}</span>}
    </div>
  );
}
