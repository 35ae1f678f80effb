/** What a screen shows while it has nothing else to show. */

import { Alert, Button, Center, Skeleton, Stack, Text } from "@mantine/core";
import { useEffect, useRef, type ReactNode } from "react";

import type { List } from "~/api/lists";
import { explain, Problem } from "~/api/problem";

/** What is not there. `isScreen` says that there is nothing else on the screen. */
export function Empty(props: { title: string; isScreen?: boolean; children?: ReactNode }) {
  return (
    <Center p="xl">
      <Stack gap="xs" align="center" maw="32rem">
        <Text fw={600} component={props.isScreen === true ? "h1" : "p"} m={0}>
          {props.title}
        </Text>
        {props.children !== undefined && (
          <Text component="div" c="dimmed" size="sm" ta="center">
            {props.children}
          </Text>
        )}
      </Stack>
    </Center>
  );
}

export function Lines({ count = 8 }: { count?: number }) {
  return (
    <Stack gap="xs" p="sm" aria-label="Loading" role="status">
      {Array.from({ length: count }, (_, index) => (
        <Skeleton key={index} height={20} radius="sm" />
      ))}
    </Stack>
  );
}

export function Failed(props: { error: Error; retry?: () => void }) {
  const missing = props.error instanceof Problem && props.error.status === 404;
  if (missing) {
    return (
      <Empty title="Not found" isScreen>
        {explain(props.error)}
      </Empty>
    );
  }
  return (
    <Alert color="red" variant="outline" m="sm" title="This could not be loaded">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{explain(props.error)}</Text>
        {props.retry && (
          <Button variant="default" onClick={props.retry}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

/** The end of an endless list: it reads the next page when it comes into view. */
export function ListEnd<T>({ list }: { list: List<T> }) {
  const mark = useRef<HTMLDivElement>(null);
  const { isComplete, error, isFetching } = list;
  const more = useRef(list.more);
  useEffect(() => {
    more.current = list.more;
  });
  useEffect(() => {
    const element = mark.current;
    if (!element || isComplete || error || isFetching) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) more.current();
      },
      { rootMargin: "600px" },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [isComplete, error, isFetching, list.items.length]);
  if (error) return <Failed error={error} retry={list.retry} />;
  return (
    <div ref={mark}>
      {isFetching && !isComplete && <Lines count={2} />}
      {isComplete && list.items.length > 0 && (
        <Text size="xs" c="dimmed" ta="center" p="xs">
          {list.items.length === 1 ? "1 in all" : `${list.items.length} in all`}
        </Text>
      )}
    </div>
  );
}
