/** A fetch that waits when the API says so, and that signs in again when a token has ended. */

import { Problem } from "./problem";

const MAX_TRIES = 5;
const MAX_WAIT = 300;

export interface Guard {
  /** Return the access token, or null if nobody is signed in. */
  token: () => string | null;
  /** Let the person sign in again. Reject if they do not. */
  renew: () => Promise<void>;
  /** Say that the next try comes after so many seconds, or (0) that the wait is over. */
  waiting: (seconds: number) => void;
}

/** Return the seconds to wait before the next try. */
export function secondsToWait(header: string | null, tries: number): number {
  const told = Number(header);
  const seconds = header !== null && Number.isFinite(told) && told > 0 ? told : 2 ** (tries - 1);
  return Math.min(seconds, MAX_WAIT);
}

export const sleep = (seconds: number) => new Promise((done) => setTimeout(done, seconds * 1000));

/** Return a `fetch` for the API. Each POST must have an Idempotency-Key, so that it can be sent again. */
export function guardedFetch(guard: Guard, send: typeof fetch = fetch, wait = sleep) {
  return async (request: Request): Promise<Response> => {
    for (let tries = 1; ; tries++) {
      const attempt = request.clone();
      const token = guard.token();
      if (token !== null) attempt.headers.set("Authorization", `Bearer ${token}`);
      let response: Response;
      try {
        response = await send(attempt);
      } catch (error) {
        if (request.signal.aborted) throw error;
        throw new Problem(0, {});
      }
      if (response.status === 401 && tries < MAX_TRIES) {
        // Another request may have had the token renewed meanwhile.
        if (guard.token() === token) await guard.renew();
      } else if ((response.status === 429 || response.status === 503) && tries < MAX_TRIES) {
        const seconds = secondsToWait(response.headers.get("Retry-After"), tries);
        guard.waiting(seconds);
        await wait(seconds);
        guard.waiting(0);
      } else {
        return response;
      }
    }
  };
}
