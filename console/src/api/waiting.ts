/** How long the next try of a request is away, for the banner that says so. */

import { createStore } from "~/app/store";

export const waiting = createStore(0);
