import { Button, Group, Modal, Stack, Text } from "@mantine/core";

import { session, useSessionState } from "./session";

/** Asks to sign in again when the token has ended. What is on the screen stays as it is. */
export function SessionEnded() {
  const { status, problem } = useSessionState();
  return (
    <Modal
      opened={status === "ended"}
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title="Your session has ended"
      size="sm"
      zIndex={400}
    >
      <Stack>
        <Text size="sm">
          Sign in again in a small window. What you have typed stays, and what was being saved is
          then sent.
        </Text>
        {problem !== null && (
          <Text size="sm" role="alert">
            {problem}
          </Text>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => void session.signOut()}>
            Sign out
          </Button>
          <Button onClick={() => void session.signInAgain()} data-autofocus>
            Sign in again
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
