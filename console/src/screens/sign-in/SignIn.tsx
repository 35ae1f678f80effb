import { Alert, Button, Center, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";

import { config } from "~/app/config";
import { session, useSessionState } from "~/session/session";

/** The first screen of somebody who is not signed in. */
export function SignIn() {
  const { problem } = useSessionState();
  const [busy, setBusy] = useState(false);
  return (
    <Center component="main" mih="100vh" p="md">
      <Stack className="surface" p="xl" maw="26rem" gap="sm">
        <Title order={1}>Casting</Title>
        {config.clientId === "" ? (
          <Alert color="yellow" variant="outline" title="Nobody can sign in here yet">
            <Text size="sm">
              This stage has no CONSOLE_CLIENT_ID. docs/auth0.md says how to set it up.
            </Text>
          </Alert>
        ) : (
          <>
            <Text size="sm" c="dimmed">
              Movies, parts, candidates and casts of the agency.
            </Text>
            {problem !== null && (
              <Alert color="red" variant="outline" role="alert">
                <Text size="sm">{problem}</Text>
              </Alert>
            )}
            <Button
              size="sm"
              loading={busy}
              autoFocus
              onClick={() => {
                setBusy(true);
                void session.signIn().finally(() => setBusy(false));
              }}
            >
              Sign in
            </Button>
          </>
        )}
      </Stack>
    </Center>
  );
}
