/** The screen's address, which is all in the URL's hash: `#/actors?gender=female`. */

import { useCallback, useMemo, useSyncExternalStore } from "react";
import type { BaseLocationHook } from "wouter";

const read = () => location.hash.replace(/^#/, "") || "/";

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

/** Go to another screen. With `replace`, the browser's back button skips this one. */
export function goTo(to: string, options: { replace?: boolean } = {}): void {
  const url = new URL(location.href);
  url.hash = to;
  if (options.replace === true) {
    history.replaceState(history.state, "", url);
    window.dispatchEvent(new HashChangeEvent("hashchange"));
  } else {
    location.hash = to;
  }
}

/** The path without its query, for wouter. */
export const useHashPath: BaseLocationHook & { hrefs: (href: string) => string } = Object.assign(
  (): ReturnType<BaseLocationHook> => {
    const path = useSyncExternalStore(subscribe, () => read().split("?")[0] ?? "/");
    return [path, goTo];
  },
  { hrefs: (href: string) => `#${href}` },
);

/** Return the query of the address and a function that changes some of its parameters. */
export function useQueryParams(): [URLSearchParams, (changes: Record<string, unknown>) => void] {
  const text = useSyncExternalStore(subscribe, () => read().split("?")[1] ?? "");
  const params = useMemo(() => new URLSearchParams(text), [text]);
  const change = useCallback((changes: Record<string, unknown>) => {
    const [path = "/", old = ""] = read().split("?");
    const next = new URLSearchParams(old);
    for (const [name, value] of Object.entries(changes)) {
      next.delete(name);
      const values = Array.isArray(value) ? value : [value];
      for (const each of values) {
        if (each !== null && each !== undefined && each !== "") next.append(name, String(each));
      }
    }
    const query = next.toString();
    goTo(query ? `${path}?${query}` : path, { replace: true });
  }, []);
  return [params, change];
}
