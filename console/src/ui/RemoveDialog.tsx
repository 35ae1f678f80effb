import { Stack, Text, TextInput } from "@mantine/core";
import { useQueryClient, type QueryKey } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { Problem } from "~/api/problem";
import { sayDone, sayFailure, useWrite } from "~/api/writes";

import { Confirm } from "./Confirm";

/** Ask before something is removed, and remove it. */
export function RemoveDialog(props: {
  title: string;
  action: string;
  /** What is said when it is done. */
  done: string;
  /** What has to be typed first. */
  typed?: string;
  send: () => Promise<unknown>;
  /** The keys of what is read again. */
  changes: QueryKey[];
  /** The key of what is removed. It is read again if somebody else has changed it. */
  subject?: QueryKey;
  onRemoved?: () => void;
  onClose: () => void;
  children: ReactNode;
}) {
  const queries = useQueryClient();
  const [typed, setTyped] = useState("");
  const write = useWrite({
    send: props.send,
    changes: () => props.changes,
    done: () => {
      sayDone(props.done);
      props.onClose();
      props.onRemoved?.();
    },
    failed: (error) => {
      props.onClose();
      if (!(error instanceof Problem) || error.status !== 412) return false;
      const reread = props.subject ? [props.subject] : props.changes;
      for (const queryKey of reread) void queries.invalidateQueries({ queryKey });
      sayFailure("Somebody else has changed this meanwhile. Look at it again, then remove it.");
      return true;
    },
  });
  const isTyped = props.typed === undefined || typed.trim() === props.typed.trim();
  return (
    <Confirm
      title={props.title}
      action={props.action}
      busy={write.isPending}
      disabled={!isTyped}
      onConfirm={() => write.mutate(undefined)}
      onClose={props.onClose}
    >
      <Stack gap="xs">
        <Text component="div" size="sm">
          {props.children}
        </Text>
        {props.typed !== undefined && (
          <TextInput
            size="xs"
            label={`Type “${props.typed}” to remove it`}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        )}
      </Stack>
    </Confirm>
  );
}
