import { Fieldset, SimpleGrid, TextInput } from "@mantine/core";

import type { Actor } from "~/api/types";

export type AgentValue = Actor["agent"];

const MEMBERS = [
  ["agency", "Agency"],
  ["name", "Agent"],
  ["email", "Agent's email"],
  ["phone", "Agent's phone"],
] as const;

/** Who represents an actor. It is null when all of it is empty. */
export function AgentInput(props: {
  label: string;
  error: string | null;
  /** The member that the error is about. */
  wrong?: string | undefined;
  value: AgentValue;
  onChange: (value: AgentValue) => void;
}) {
  const change = (member: string, text: string) => {
    const next = { ...props.value, [member]: text === "" ? null : text };
    const filled = Object.entries(next).filter(([, value]) => value !== null);
    props.onChange(filled.length === 0 ? null : Object.fromEntries(filled));
  };
  return (
    <Fieldset legend={props.label} p="xs">
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" verticalSpacing={4}>
        {MEMBERS.map(([member, label], index) => (
          <TextInput
            key={member}
            size="xs"
            label={label}
            name={member}
            error={
              (props.wrong === undefined ? index === 0 : props.wrong === member) && props.error
            }
            value={props.value?.[member] ?? ""}
            onChange={(event) => change(member, event.currentTarget.value)}
          />
        ))}
      </SimpleGrid>
    </Fieldset>
  );
}
