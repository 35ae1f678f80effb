import { MultiSelect } from "@mantine/core";

import { useQueryParams } from "~/app/location";
import type { Status } from "~/api/types";
import { BOARD } from "~/domain/statuses";
import { STATUS_NAMES } from "~/domain/words";

/** The statuses that the address names, or these. */
export function useStatuses(fallback: readonly Status[]): [Status[], (statuses: string[]) => void] {
  const [params, setParams] = useQueryParams();
  const named = BOARD.filter((each) => params.getAll("status").includes(each));
  return [named.length > 0 ? named : [...fallback], (statuses) => setParams({ status: statuses })];
}

/** Chooses which candidates a screen shows. */
export function StatusFilter(props: { value: Status[]; onChange: (value: string[]) => void }) {
  return (
    <MultiSelect
      size="xs"
      miw="16rem"
      aria-label="Statuses"
      data={BOARD.map((status) => ({ value: status, label: STATUS_NAMES[status] }))}
      value={props.value}
      onChange={props.onChange}
    />
  );
}
