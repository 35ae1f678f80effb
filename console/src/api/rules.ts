// Generated from the API's code by `make generate`.
import type { Status } from "./types";

/** All statuses in the order of a part's board. */
export const STATUSES: readonly Status[] = ["cast", "offered", "on_hold", "on_avail", "callback", "auditioning", "shortlisted", "backup", "submitted", "passed", "declined", "released"];
export const SELECTION: readonly Status[] = ["on_avail", "callback", "auditioning", "shortlisted", "backup", "submitted", "passed"];
export const ENGAGEMENT: readonly Status[] = ["cast", "offered", "on_hold"];
export const ENDED: readonly Status[] = ["declined", "released"];
/** The statuses that may follow each status. */
export const NEXT: Readonly<Record<Status, readonly Status[]>> = {"cast": ["offered", "on_hold", "declined", "released"], "offered": ["cast", "on_hold", "declined", "released"], "on_hold": ["cast", "offered", "declined", "released"], "on_avail": ["cast", "offered", "on_hold", "callback", "auditioning", "shortlisted", "backup", "submitted", "passed"], "callback": ["cast", "offered", "on_hold", "on_avail", "auditioning", "shortlisted", "backup", "submitted", "passed"], "auditioning": ["cast", "offered", "on_hold", "on_avail", "callback", "shortlisted", "backup", "submitted", "passed"], "shortlisted": ["cast", "offered", "on_hold", "on_avail", "callback", "auditioning", "backup", "submitted", "passed"], "backup": ["cast", "offered", "on_hold", "on_avail", "callback", "auditioning", "shortlisted", "submitted", "passed"], "submitted": ["cast", "offered", "on_hold", "on_avail", "callback", "auditioning", "shortlisted", "backup", "passed"], "passed": ["cast", "offered", "on_hold", "on_avail", "callback", "auditioning", "shortlisted", "backup", "submitted"], "declined": ["shortlisted"], "released": ["shortlisted"]};
/** The agency's roles, the one with the fewest permissions first. */
export const AGENCY_ROLES: readonly { name: string; permissions: readonly string[] }[] = [{"name": "Casting Assistant", "permissions": ["get:actors", "get:candidates", "get:movies", "get:parts", "get:roles", "patch:candidates", "post:candidates"]}, {"name": "Casting Director", "permissions": ["delete:actors", "delete:candidates", "delete:parts", "delete:roles", "get:actors", "get:candidates", "get:movies", "get:parts", "get:roles", "patch:actors", "patch:candidates", "patch:movies", "patch:parts", "patch:roles", "post:actors", "post:candidates", "post:parts", "post:roles"]}, {"name": "Executive Producer", "permissions": ["delete:actors", "delete:candidates", "delete:movies", "delete:parts", "delete:roles", "get:actors", "get:candidates", "get:movies", "get:parts", "get:roles", "patch:actors", "patch:candidates", "patch:movies", "patch:parts", "patch:roles", "post:actors", "post:candidates", "post:movies", "post:parts", "post:roles"]}];
/** Actors that one request adds to a part. */
export const MAX_ADDED: number = 25;
export const BEST_RATING: number = 6;
