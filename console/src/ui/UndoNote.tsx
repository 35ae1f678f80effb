import { Button, Group, Text } from "@mantine/core";

/** Says what was done, and offers to take it back. */
export function UndoNote(props: { label: string; undo: () => void }) {
  return (
    <Group justify="space-between" wrap="nowrap">
      <Text size="sm">{props.label}</Text>
      <Button variant="subtle" onClick={props.undo} rightSection={<kbd>u</kbd>}>
        Undo
      </Button>
    </Group>
  );
}
