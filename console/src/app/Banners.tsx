import { Progress, Text } from "@mantine/core";
import { useSyncExternalStore } from "react";

import { waiting } from "~/api/waiting";
import { progress } from "~/api/writes";

import classes from "./Banners.module.css";
import { useStore } from "./store";

function subscribe(listener: () => void): () => void {
  window.addEventListener("online", listener);
  window.addEventListener("offline", listener);
  return () => {
    window.removeEventListener("online", listener);
    window.removeEventListener("offline", listener);
  };
}

/** What concerns every screen: no connection, a busy service, a long operation. */
export function Banners() {
  const online = useSyncExternalStore(subscribe, () => navigator.onLine);
  const seconds = useStore(waiting);
  const running = useStore(progress);
  return (
    <div role="status" aria-live="polite" className="no-print">
      {!online && (
        <div className={classes.banner} data-kind="offline">
          You are offline. You can read what is on the screen. Changes are not saved until you are
          back.
        </div>
      )}
      {seconds > 0 && (
        <div className={classes.banner}>
          The casting service is busy. Trying again in {Math.ceil(seconds)} s …
        </div>
      )}
      {running && (
        <div className={classes.banner}>
          <Text size="sm">
            {running.label}: {running.done} of {running.total}
          </Text>
          <Progress
            value={(100 * running.done) / Math.max(running.total, 1)}
            aria-label={running.label}
          />
        </div>
      )}
    </div>
  );
}
