import { Button, Group, Select, Text } from "@mantine/core";

import type { Candidate, Status } from "~/api/types";
import { nextStatuses } from "~/domain/statuses";
import { STATUS_NAMES } from "~/domain/words";

import { RatingInput } from "./RatingInput";

/** What can be done with all selected candidates at once. */
export function BulkBar(props: {
  candidates: Candidate[];
  mayEngage: boolean;
  onMove: (status: Status) => void;
  onRate: (rating: number | null) => void;
  onCompare: () => void;
  onClear: () => void;
}) {
  const { candidates } = props;
  const sets = candidates.map((each) => new Set(nextStatuses(each.status, props.mayEngage)));
  const common = [...(sets[0] ?? [])].filter((status) => sets.every((set) => set.has(status)));
  return (
    <Group className="surface" p={6} gap="sm" role="region" aria-label="Selection">
      <Text size="sm" fw={600}>
        {candidates.length} selected
      </Text>
      <Select
        size="xs"
        aria-label="Move the selection to"
        placeholder={common.length > 0 ? "Move to …" : "No common next status"}
        disabled={common.length === 0}
        data={common.map((status) => ({ value: status, label: STATUS_NAMES[status] }))}
        value={null}
        onChange={(status) => status !== null && props.onMove(status)}
      />
      <RatingInput rating={null} onChange={props.onRate} />
      {candidates.length >= 2 && candidates.length <= 4 && (
        <Button variant="default" onClick={props.onCompare}>
          Compare
        </Button>
      )}
      <Button variant="subtle" onClick={props.onClear}>
        Clear
      </Button>
    </Group>
  );
}
