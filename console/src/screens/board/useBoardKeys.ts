import { useShortcuts, type Shortcut } from "~/app/shortcuts";
import type { Candidate, Status } from "~/api/types";
import { BEST_RATING } from "~/api/rules";

import type { useActiveCard } from "./useBoard";

interface Keys {
  cards: ReturnType<typeof useActiveCard>;
  targets: Candidate[];
  mayEngage: boolean;
  move: (to: Status) => void;
  rate: (rating: number | null) => void;
  choose: () => void;
  open: () => void;
  toggle: () => void;
  clear: () => void;
  undo: () => void;
  edit: () => void;
  triage: () => void;
}

/** The board by keyboard: go from card to card, rate, move, select. */
export function useBoardKeys(keys: Keys): void {
  const { cards } = keys;
  const whenChosen = (run: () => void) => () => keys.targets.length > 0 && run();
  const ratings: Shortcut[] = Array.from({ length: BEST_RATING }, (_, index) => ({
    keys: String(index + 1),
    label: `Rate ${index + 1}`,
    run: whenChosen(() => keys.rate(index + 1)),
  }));
  useShortcuts("Board", [
    { keys: "ArrowDown", label: "Next card", run: () => cards.step(1) },
    { keys: "ArrowUp", label: "Card before", run: () => cards.step(-1) },
    { keys: "ArrowRight", label: "Next column", run: () => cards.stepColumn(1) },
    { keys: "ArrowLeft", label: "Column before", run: () => cards.stepColumn(-1) },
    { keys: "Enter", label: "Open the candidate", run: keys.open },
    { keys: " ", label: "Select the card", run: keys.toggle },
    { keys: "Escape", label: "Clear the selection", run: keys.clear },
    ...ratings,
    { keys: "0", label: "Remove the rating", run: whenChosen(() => keys.rate(null)) },
    { keys: "s", label: "Shortlist", run: whenChosen(() => keys.move("shortlisted")) },
    { keys: "x", label: "Pass", run: whenChosen(() => keys.move("passed")) },
    { keys: "m", label: "Move to …", run: whenChosen(keys.choose) },
    { keys: "u", label: "Undo", run: keys.undo },
    { keys: "e", label: "Edit the part", run: keys.edit },
    { keys: "t", label: "Triage", run: keys.triage },
  ]);
}
