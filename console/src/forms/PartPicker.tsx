import { Loader, Select, Text } from "@mantine/core";

import { useParts } from "~/api/queries";
import type { PartOfMovie } from "~/api/types";
import { showRange } from "~/domain/dates";
import { beginsWords } from "~/domain/text";
import { ages } from "~/domain/words";
import { Empty, Failed } from "~/ui/states";

const SHOWN = 30;

const labelOf = (part: PartOfMovie) => `${part.name} – ${part.movie_title}`;

function noteOf(part: PartOfMovie): string {
  const playing = ages(part.playing_age_min, part.playing_age_max);
  const count = part.candidate_count === 1 ? "1 candidate" : `${part.candidate_count} candidates`;
  return [playing, showRange(part.work_start, part.work_end), count].filter(Boolean).join(" · ");
}

/** Choose one of the open parts of all movies by typing. */
export function PartPicker(props: {
  value: PartOfMovie | null;
  disabled?: boolean;
  onChange: (part: PartOfMovie | null) => void;
}) {
  const list = useParts("open", { whole: true });
  const parts = new Map(list.items.map((part) => [part.id, part]));
  if (list.error && list.items.length === 0)
    return <Failed error={list.error} retry={list.retry} />;
  if (list.isComplete && list.items.length === 0)
    return <Empty title="No part is open">Add a part to a movie first.</Empty>;
  return (
    <>
      <Select
        label="Part"
        description="Open parts of all movies. Type the beginnings of words of its name or movie."
        placeholder="Such as “kat amb”"
        data-autofocus
        size="sm"
        searchable
        selectFirstOptionOnChange
        limit={SHOWN}
        disabled={props.disabled ?? false}
        nothingFoundMessage={list.isComplete ? "No open part begins with these words" : "Loading …"}
        data={list.items.map((part) => ({ value: part.id, label: labelOf(part) }))}
        filter={({ options, search, limit }) =>
          options
            .filter((option) => "value" in option)
            .filter((option) => beginsWords(option.label, search))
            .slice(0, limit)
        }
        renderOption={({ option }) => {
          const part = parts.get(option.value);
          return (
            part && (
              <div>
                <Text size="sm">{labelOf(part)}</Text>
                <Text size="xs" c="inherit">
                  {noteOf(part)}
                </Text>
              </div>
            )
          );
        }}
        value={props.value?.id ?? null}
        onChange={(id) => props.onChange(id === null ? null : (parts.get(id) ?? null))}
        rightSection={list.isComplete || list.error ? undefined : <Loader size="xs" />}
      />
      {list.error && <Failed error={list.error} retry={list.retry} />}
    </>
  );
}
