/** Lists of the API: pages that go on until `next_cursor` is null. */

import { useInfiniteQuery, type QueryKey } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";

export interface Page<T> {
  items: T[];
  next: string | null;
  /** The last item as it was read, after which the next page begins, if it has left the page. */
  end?: T | undefined;
}

/** The cached form of a list. */
export interface Pages<T> {
  pages: Page<T>[];
  pageParams: (string | null)[];
}

export interface List<T> {
  items: T[];
  isPending: boolean;
  isFetching: boolean;
  isComplete: boolean;
  error: Error | null;
  more: () => void;
  retry: () => void;
}

/**
 * Read a list page by page. A page may be short or empty: the list goes on by itself until it has
 * something to show. With `whole`, it goes on to its end.
 */
export function useList<T>(
  key: QueryKey,
  read: (cursor: string | undefined) => Promise<Page<T>>,
  options: { whole?: boolean; enabled?: boolean } = {},
): List<T> {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => read(pageParam ?? undefined),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    enabled: options.enabled ?? true,
  });
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage, isError } = query;
  const items = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const goOn = options.whole === true || data?.pages.at(-1)?.items.length === 0;
  useEffect(() => {
    if (goOn && hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage();
  }, [goOn, hasNextPage, isFetchingNextPage, isError, fetchNextPage, data]);
  return {
    items,
    isPending: query.isPending,
    isFetching: query.isFetching,
    isComplete: data !== undefined && !hasNextPage,
    error: query.error,
    more: () => {
      if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
    },
    retry: () => void (data === undefined ? query.refetch() : fetchNextPage()),
  };
}
