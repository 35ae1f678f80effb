import { Button, Group, Modal, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { useFocusBack } from "./useFocusBack";

/** Ask before something that cannot be taken back. */
export function Confirm(props: {
  title: string;
  action: string;
  busy?: boolean;
  /** It cannot be confirmed yet. */
  disabled?: boolean;
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
}) {
  useFocusBack();
  return (
    <Modal opened onClose={props.onClose} title={props.title} size="sm">
      <Stack>
        <div>{props.children}</div>
        <Group justify="flex-end">
          <Button variant="default" onClick={props.onClose} data-autofocus>
            Cancel
          </Button>
          <Button
            color="red.9"
            onClick={props.onConfirm}
            loading={props.busy ?? false}
            disabled={props.disabled ?? false}
          >
            {props.action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
