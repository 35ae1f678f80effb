import { ActionIcon, Autocomplete, Fieldset, Group, Select, Stack, Text } from "@mantine/core";
import { useState } from "react";

import type { Level } from "~/api/types";
import { LANGUAGE_OPTIONS, languageName, LEVEL_NAMES, optionsOf } from "~/domain/words";

type Languages = Record<string, Level>;

/** Languages with a level each. A language that is not in the menu is typed as a BCP 47 code. */
export function LanguagesInput(props: {
  label: string;
  error: string | null;
  value: Languages;
  onChange: (value: Languages | null) => void;
}) {
  const [typed, setTyped] = useState("");
  const change = (next: Languages) => props.onChange(Object.keys(next).length === 0 ? null : next);
  const add = (text: string) => {
    const known = LANGUAGE_OPTIONS.find(
      (option) => option.label.toLowerCase() === text.trim().toLowerCase(),
    );
    const code = known?.value ?? text.trim();
    if (code !== "") change({ ...props.value, [code]: props.value[code] ?? "fluent" });
    setTyped("");
  };
  return (
    <Fieldset legend={props.label} p="xs">
      <Stack gap={4}>
        {Object.entries(props.value).map(([code, level]) => (
          <Group key={code} gap="xs" wrap="nowrap">
            <Text size="sm" w="8rem" truncate>
              {languageName(code)}
            </Text>
            <Select
              size="xs"
              aria-label={`Level of ${languageName(code)}`}
              data={optionsOf(LEVEL_NAMES)}
              value={level}
              allowDeselect={false}
              onChange={(next) => change({ ...props.value, [code]: next as Level })}
            />
            <ActionIcon
              aria-label={`Remove ${languageName(code)}`}
              onClick={() =>
                change(
                  Object.fromEntries(Object.entries(props.value).filter(([each]) => each !== code)),
                )
              }
            >
              ×
            </ActionIcon>
          </Group>
        ))}
        <Autocomplete
          size="xs"
          aria-label="Add a language"
          placeholder="Add a language"
          error={props.error}
          data={LANGUAGE_OPTIONS.map((option) => option.label)}
          limit={20}
          value={typed}
          onChange={setTyped}
          onBlur={() => add(typed)}
          onOptionSubmit={(label) => setTimeout(() => add(label))}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            add(typed);
          }}
        />
      </Stack>
    </Fieldset>
  );
}
