import type { Actor } from "~/api/types";
import { createStore, useStore } from "~/app/store";
import type { ActorRef } from "~/forms/ActorsInput";
import type { Selection } from "~/ui/DataTable";

/** Who is selected. It stays while the filters change, and while an actor's own screen is shown. */
const chosen = createStore<ReadonlyMap<string, ActorRef>>(new Map());

export function useActorSelection(shown: Actor[]): {
  selection: Selection;
  actors: ActorRef[];
  clear: () => void;
} {
  const selected = useStore(chosen);
  const set = (ids: string[], isSelected: (id: string) => boolean) => {
    const next = new Map(chosen.get());
    for (const id of ids) {
      const actor = shown.find((each) => each.id === id);
      if (!isSelected(id)) next.delete(id);
      else if (actor) next.set(id, { id, name: actor.name });
    }
    chosen.set(next);
  };
  return {
    selection: {
      ids: new Set(selected.keys()),
      toggle: (id) => set([id], () => !chosen.get().has(id)),
      setAll: (ids, value) => set(ids, () => value),
    },
    actors: [...selected.values()],
    clear: () => chosen.set(new Map()),
  };
}
