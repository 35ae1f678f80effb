/**
 * Who is signed in. The token is in this page's memory only, so a reload signs in again at the
 * issuer, which usually asks nothing.
 */

import { InMemoryWebStorage, UserManager, WebStorageStateStore, type User } from "oidc-client-ts";

import { config } from "~/app/config";
import { createStore, useStore } from "~/app/store";

import { claimsOf, roleName } from "./claims";

export interface Person {
  sub: string;
  name: string;
  role: string;
  permissions: ReadonlySet<string>;
  token: string;
  /** In milliseconds since 1970. */
  endsAt: number;
}

export interface State {
  status: "starting" | "signed-out" | "signed-in" | "ended";
  person: Person | null;
  problem: string | null;
}

/** The token is not used in its last seconds, because a request takes some. */
const MARGIN = 5_000;

/** Marks the state of a sign-in in a window of its own. */
const POPUP = "popup";

const state = createStore<State>({ status: "starting", person: null, problem: null });
let renewal: { promise: Promise<void>; done: () => void; fail: (reason: Error) => void } | null =
  null;
let lastTry: AbortController | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

const manager = new UserManager({
  authority: config.issuer,
  client_id: config.clientId,
  redirect_uri: config.address,
  popup_redirect_uri: config.address,
  post_logout_redirect_uri: config.address,
  scope: "openid profile",
  extraQueryParams: { audience: config.audience },
  userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
  // The verifier of a sign-in that is under way must outlive the redirect. No token is stored.
  stateStore: new WebStorageStateStore({ store: sessionStorage }),
  automaticSilentRenew: false,
  monitorSession: false,
});

function accept(user: User): void {
  const claims = claimsOf(user.access_token);
  const permissions = new Set(claims.permissions);
  const previous = state.get().person;
  if (previous && previous.sub !== claims.sub) {
    // Somebody else: nothing that the other person saw or wrote may stay.
    location.reload();
    return;
  }
  state.set({
    status: "signed-in",
    problem: null,
    person: {
      sub: claims.sub,
      name: user.profile.name ?? claims.sub,
      role: roleName(permissions),
      permissions,
      token: user.access_token,
      endsAt: claims.exp * 1000,
    },
  });
  clearTimeout(timer);
  // The token is new. Its end by this machine's clock would be wrong if the clock is.
  const left = (claims.exp - claims.iat) * 1000 - MARGIN;
  timer = setTimeout(end, Math.min(left, 2 ** 31 - 1));
  renewal?.done();
  renewal = null;
}

function end(): void {
  if (state.get().person === null) return; // signed out meanwhile
  state.set({ ...state.get(), status: "ended" });
}

/**
 * Hand the issuer's answer to the page that has opened this window. Return false if this window
 * was not opened to sign in again. The console itself may be in a window that a page has opened.
 */
export async function finishPopup(): Promise<boolean> {
  const answer = new URLSearchParams(location.search).get("state") ?? "";
  if (!answer.endsWith(`;${POPUP}`)) return false;
  await manager.signinPopupCallback();
  return true;
}

const fail = (problem: string) => state.set({ status: "signed-out", person: null, problem });

export const session = {
  token: () => state.get().person?.token ?? null,

  /** Finish a sign-in if the issuer has sent us back, and otherwise wait for the person. */
  async start(): Promise<void> {
    const answer = new URLSearchParams(location.search);
    if (!answer.has("state")) {
      state.set({ status: "signed-out", person: null, problem: null });
      return;
    }
    try {
      const user = await manager.signinRedirectCallback();
      const hash = typeof user.state === "string" ? user.state : "";
      history.replaceState(null, "", config.address + hash);
      accept(user);
    } catch {
      history.replaceState(null, "", config.address);
      const description = answer.get("error_description");
      fail(description ?? "The sign-in was not completed. Try again.");
    }
  },

  async signIn(): Promise<void> {
    try {
      await manager.signinRedirect({ state: location.hash });
    } catch {
      fail("The sign-in service cannot be reached. Check your connection and try again.");
    }
  },

  /** Sign in again in another window, so that this page and its forms stay. */
  async signInAgain(): Promise<void> {
    lastTry?.abort(); // its window was closed, or is hidden behind this one
    const current = new AbortController();
    lastTry = current;
    try {
      const user = await manager.signinPopup({
        url_state: POPUP,
        popupSignal: current.signal,
        popupWindowFeatures: { width: 480, height: 640 },
      });
      accept(user);
    } catch {
      if (lastTry !== current) return;
      const problem =
        "The sign-in was not completed. Allow this page to open a window, and try again.";
      state.set({ ...state.get(), problem });
    }
  },

  /** Wait until the person has signed in again. All requests wait together. */
  renew(): Promise<void> {
    if (!renewal) {
      let done = () => {};
      let reject: (reason: Error) => void = () => {};
      const promise = new Promise<void>((resolve, refuse) => {
        done = resolve;
        reject = refuse;
      });
      renewal = { promise, done, fail: reject };
    }
    end();
    return renewal.promise;
  },

  async signOut(): Promise<void> {
    clearTimeout(timer);
    const idToken = (await manager.getUser())?.id_token;
    await manager.removeUser();
    state.set({ status: "signed-out", person: null, problem: null });
    try {
      await manager.signoutRedirect(idToken === undefined ? {} : { id_token_hint: idToken });
    } catch {
      location.reload(); // this issuer has no page to sign out at
    }
  },
};

export const useSessionState = () => useStore(state);

/** The person who is signed in. Only for screens, which are shown to nobody else. */
export function usePerson(): Person {
  const { person } = useStore(state);
  if (!person) throw new Error("nobody is signed in");
  return person;
}

/** Return whether the person has a permission, such as `patch:actors`. */
export function useMay(): (permission: string) => boolean {
  const { permissions } = usePerson();
  return (permission) => permissions.has(permission);
}
