import { expect, test } from "vitest";

import type { Role } from "~/api/types";

import { joinCast } from "./cast";

const role: Role = {
  id: "m.a",
  movie_id: "m",
  actor_id: "a",
  character_name: "Rick Blaine",
  billing_order: 1,
  role_type: "lead",
  work_start: null,
  work_end: null,
  part_ids: [],
  created_at: "2026-11-25T09:30:00.000000Z",
  updated_at: "2026-11-25T09:30:00.000000Z",
  version: 1,
};
const member = { character_name: null, billing_order: null, version: 2 };

test("each of the cast gets their role, in the order of the cast", () => {
  const cast = [
    { ...member, id: "b", name: "Ingrid Bergman", role_id: "m.b" },
    { ...member, id: "a", name: "Humphrey Bogart", role_id: "m.a" },
  ];
  const rows = joinCast(cast, [role]);
  expect(rows.map(({ name }) => name)).toEqual(["Ingrid Bergman", "Humphrey Bogart"]);
  expect(rows.map((row) => row.role)).toEqual([null, role]);
  expect(rows[0]).toMatchObject({ id: "m.b", actorId: "b", billing: null, version: 2 });
});
