/** A movie's cast, joined from the two lists that the API has of it. */

import type { CastMember, Role } from "~/api/types";

export interface CastRow {
  /** The id of the role. */
  id: string;
  actorId: string;
  name: string;
  character: string | null;
  billing: number | null;
  version: number;
  /** Null until the movie's roles have been read. */
  role: Role | null;
}

/** Return the cast in billing order, each with their role. */
export function joinCast(cast: readonly CastMember[], roles: readonly Role[]): CastRow[] {
  const byId = new Map(roles.map((role) => [role.id, role]));
  return cast.map((member) => ({
    id: member.role_id,
    actorId: member.id,
    name: member.name,
    character: member.character_name,
    billing: member.billing_order,
    version: member.version,
    role: byId.get(member.role_id) ?? null,
  }));
}
