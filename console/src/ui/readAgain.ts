import { notifications } from "@mantine/notifications";

/** Say that a button has changed nothing, because somebody else was faster. */
export function sayReadAgain(name: string): void {
  notifications.show({
    message: `Somebody else has changed ${name} in the meantime, so nothing was done. What you see now is up to date: look at it, then try again.`,
    color: "yellow",
    autoClose: 12_000,
  });
}
