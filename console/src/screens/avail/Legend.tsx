import { Group, Text } from "@mantine/core";

import type { DayState } from "~/domain/avail";

import classes from "./Avail.module.css";
import { STATE_NAMES } from "./Grid";
import { StateMark } from "./StateMark";

export function Legend() {
  return (
    <Group gap="md">
      {(Object.keys(STATE_NAMES) as DayState[]).map((state) => (
        <Group key={state} gap={6}>
          <span className={classes.swatch} data-state={state}>
            <StateMark state={state} />
          </span>
          <Text size="xs">{STATE_NAMES[state]}</Text>
        </Group>
      ))}
    </Group>
  );
}
