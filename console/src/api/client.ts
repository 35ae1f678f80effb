/** The API's client, typed from its contract. */

import createClient from "openapi-fetch";

import { config } from "~/app/config";
import { session } from "~/session/session";

import { Problem } from "./problem";
import { guardedFetch } from "./retry";
import type { paths } from "./schema";
import { waiting } from "./waiting";

export const api = createClient<paths>({
  baseUrl: config.api,
  fetch: guardedFetch({
    token: () => session.token(),
    renew: () => session.renew(),
    waiting: (seconds) => waiting.set(seconds),
  }),
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Return the body of a success. Throw a `Problem` for everything else. */
export async function unwrap<T>(answer: Promise<Answer<T>>): Promise<T> {
  return (await received(answer)).body;
}

/** Return the body of a success and its response. Throw a `Problem` for everything else. */
export async function received<T>(
  answer: Promise<Answer<T>>,
): Promise<{ body: T; response: Response }> {
  const { data, error, response } = await answer.catch((failure: unknown) => {
    // The response was cut off, or is of something between us and the API.
    throw failure instanceof Problem ? failure : new Problem(0, {});
  });
  if (data === undefined || !response.ok) {
    const failure = typeof error === "object" && error !== null ? error : {};
    throw new Problem(response.status, failure, response.headers.get("X-Request-Id"));
  }
  return { body: data, response };
}

/** The header that makes a write fail if somebody else has written since. */
export const ifMatch = (resource: { version: number }) => ({
  "If-Match": `"${resource.version}"`,
});

/** Return a new key for one POST, which all its retries send too. */
export const newKey = () => crypto.randomUUID();
