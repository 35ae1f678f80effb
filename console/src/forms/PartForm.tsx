import { useQueryClient } from "@tanstack/react-query";

import { api, ifMatch, unwrap } from "~/api/client";
import { keys } from "~/api/queries";
import type { NewPart, Part, PartChanges } from "~/api/types";
import { sayDone, useKeyOf } from "~/api/writes";

import type { Values } from "./fields";
import { NEW_PART, partFields } from "./partFields";
import { RecordForm } from "./RecordForm";

const readPart = async (id: string) =>
  (await unwrap(api.GET("/parts/{part_id}", { params: { path: { part_id: id } } }))).part;

/** The dialog that adds a part to a movie, or changes one. */
export function PartForm(props: {
  movieId: string;
  /** What is changed, as it was read; null to add one. */
  part: Part | null;
  /** What a new part begins with besides what the API sets, such as its place in the billing. */
  initial?: Partial<Part>;
  onSaved?: (part: Part) => void;
  onClose: () => void;
}) {
  const { movieId, part } = props;
  const queries = useQueryClient();
  const { keyOf, renew } = useKeyOf();

  async function add(body: NewPart): Promise<Part> {
    const answer = await unwrap(
      api.POST("/movies/{movie_id}/parts", {
        params: { path: { movie_id: movieId }, header: { "Idempotency-Key": keyOf(body) } },
        body,
      }),
    );
    renew();
    return answer.part;
  }

  async function change(body: PartChanges, current: Part): Promise<Part> {
    const answer = await unwrap(
      api.PATCH("/parts/{part_id}", {
        params: { path: { part_id: current.id }, header: ifMatch(current) },
        body,
      }),
    );
    return answer.part;
  }

  async function save(values: Values, current: Part | null): Promise<void> {
    const saved =
      current === null ? await add(values as unknown as NewPart) : await change(values, current);
    // The part's own key also covers its candidates, whose conflicts depend on the part's dates.
    const changed = [keys.movie(movieId), keys.part(saved.id), keys.parts()];
    await Promise.all(changed.map((queryKey) => queries.invalidateQueries({ queryKey })));
    sayDone(current === null ? `${saved.name} is added.` : `${saved.name} is saved.`);
    props.onSaved?.(saved);
  }

  return (
    <RecordForm<Part>
      title={part === null ? "Add a part" : `Change ${part.name}`}
      fields={partFields(part)}
      base={part}
      initial={{ ...NEW_PART, ...props.initial }}
      submit={part === null ? "Add the part" : "Save"}
      save={save}
      {...(part !== null && { reload: () => readPart(part.id) })}
      onClose={props.onClose}
    />
  );
}
