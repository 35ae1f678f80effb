import { ActionIcon, Button, Fieldset, Group, Select, Stack, Text, TextInput } from "@mantine/core";

import type { DateRange } from "~/api/types";
import { today as readToday } from "~/domain/dates";
import { optionsOf, RANGE_NAMES } from "~/domain/words";

/** Ranges of days on which an actor is free or blocked. */
export function RangesInput(props: {
  label: string;
  error: string | null;
  value: DateRange[];
  onChange: (value: DateRange[] | null) => void;
}) {
  const change = (next: DateRange[]) => props.onChange(next.length === 0 ? null : next);
  const replace = (index: number, part: Partial<DateRange>) =>
    change(props.value.map((range, at) => (at === index ? { ...range, ...part } : range)));
  return (
    <Fieldset legend={props.label} p="xs">
      <Stack gap={4}>
        {props.value.map((range, index) => (
          <Group key={index} gap="xs" wrap="nowrap" role="group" aria-label={`Range ${index + 1}`}>
            <TextInput
              size="xs"
              type="date"
              aria-label="From"
              value={range.from}
              onChange={(event) => replace(index, { from: event.currentTarget.value })}
            />
            <TextInput
              size="xs"
              type="date"
              aria-label="To"
              value={range.to}
              onChange={(event) => replace(index, { to: event.currentTarget.value })}
            />
            <Select
              size="xs"
              w="7rem"
              aria-label="Kind"
              data={optionsOf(RANGE_NAMES)}
              value={range.kind}
              allowDeselect={false}
              onChange={(kind) => replace(index, { kind: kind as DateRange["kind"] })}
            />
            <ActionIcon
              aria-label={`Remove range ${index + 1}`}
              onClick={() => change(props.value.filter((_, at) => at !== index))}
            >
              ×
            </ActionIcon>
          </Group>
        ))}
        {props.error !== null && (
          <Text size="xs" c="var(--mantine-color-error)">
            {props.error}
          </Text>
        )}
        <div>
          <Button
            variant="default"
            onClick={() => {
              const today = readToday();
              change([...props.value, { from: today, to: today, kind: "blocked" }]);
            }}
          >
            Add a range
          </Button>
        </div>
      </Stack>
    </Fieldset>
  );
}
