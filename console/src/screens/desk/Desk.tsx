/** The first screen: the parts of all movies that have to be cast, the earliest work first. */

import { Button, Group } from "@mantine/core";

import { useParts } from "~/api/queries";
import { useQueryParams } from "~/app/location";
import { useShortcuts } from "~/app/shortcuts";
import { optionsOf, PART_STATUS_NAMES } from "~/domain/words";
import { DataTable } from "~/ui/DataTable";
import { LinkTo } from "~/ui/LinkTo";
import { PageHead } from "~/ui/PageHead";
import { ROW_SHORTCUTS, SEARCH_SHORTCUT } from "~/ui/rowShortcuts";
import { SearchInput } from "~/ui/SearchInput";
import { Empty, Failed, Lines, ListEnd } from "~/ui/states";

import { COLUMNS } from "./columns";

const STATUSES = ["open", "cast", "closed"] as const;
const fold = (text: string) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

export default function Desk() {
  const [params, change] = useQueryParams();
  const status = STATUSES.find((each) => each === params.get("status")) ?? "open";
  const text = params.get("movie") ?? "";
  const list = useParts(status);
  const shown = list.items.filter((part) => fold(part.movie_title).includes(fold(text)));
  useShortcuts("Desk", [SEARCH_SHORTCUT, ...ROW_SHORTCUTS]);
  return (
    <>
      <PageHead title="Desk" note="The parts of all movies, the earliest work first">
        <SearchInput
          aria-label="Filter by movie"
          placeholder="Filter by movie"
          value={text}
          onSearch={(movie) => change({ movie })}
        />
        <div role="group" aria-label="Status of the parts">
          <Button.Group>
            {optionsOf(PART_STATUS_NAMES).map(({ value, label }) => (
              <Button
                key={value}
                variant={value === status ? "filled" : "default"}
                aria-pressed={value === status}
                onClick={() => change({ status: value === "open" ? "" : value })}
              >
                {label}
              </Button>
            ))}
          </Button.Group>
        </div>
      </PageHead>
      <div className="surface" aria-busy={list.isFetching}>
        {list.isPending ? (
          <Lines />
        ) : list.error && list.items.length === 0 ? (
          <Failed error={list.error} retry={list.retry} />
        ) : (
          <>
            {shown.length > 0 && (
              <DataTable
                label={`Parts: ${PART_STATUS_NAMES[status].toLowerCase()}`}
                rows={shown}
                columns={COLUMNS}
                href={(part) => `/parts/${part.id}`}
              />
            )}
            {list.isComplete && shown.length === 0 && (
              <Nothing status={status} isFiltered={list.items.length > 0} />
            )}
            {(shown.length > 0 || !list.isComplete) && <ListEnd list={{ ...list, items: shown }} />}
          </>
        )}
      </div>
    </>
  );
}

function Nothing(props: { status: (typeof STATUSES)[number]; isFiltered: boolean }) {
  if (props.isFiltered) {
    return (
      <Empty title="No part of such a movie">Its title must contain what you have typed.</Empty>
    );
  }
  if (props.status !== "open") {
    return <Empty title={`No part is ${PART_STATUS_NAMES[props.status].toLowerCase()}`} />;
  }
  return (
    <Empty title="No part is open">
      <Group justify="center" gap={4}>
        Open a movie and add the parts that have to be cast.
        <LinkTo to="/movies">Go to the movies</LinkTo>
      </Group>
    </Empty>
  );
}
