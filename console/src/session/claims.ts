/** What the console reads of an access token, to offer only what its owner may do. */

import { AGENCY_ROLES } from "~/api/rules";

export interface Claims {
  sub: string;
  exp: number;
  iat: number;
  permissions: string[];
}

/** Return the claims of a JWT. The API verifies them; here they only decide what is offered. */
export function claimsOf(token: string): Claims {
  const payload = token.split(".")[1] ?? "";
  const binary = atob(payload.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const claims = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Claims>;
  const { sub = "", exp = 0, iat = 0, permissions = [] } = claims;
  return { sub, exp, iat, permissions };
}

/** Return the name of the largest agency role whose permissions are all among these. */
export function roleName(permissions: ReadonlySet<string>): string {
  const held = AGENCY_ROLES.filter((role) =>
    role.permissions.every((each) => permissions.has(each)),
  );
  return held.at(-1)?.name ?? "No role";
}
