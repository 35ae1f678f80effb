import type { Part } from "~/api/types";

/** Return the address of the actors who fit a part, as a search that can be changed. */
export function findLink(part: Part): string {
  const query = new URLSearchParams();
  if (part.gender) query.set("gender", part.gender);
  const { playing_age_min: min, playing_age_max: max } = part;
  if (min !== null || max !== null) query.set("playing_age", `${min ?? 0}-${max ?? 150}`);
  for (const language of Object.keys(part.languages ?? {})) query.append("language", language);
  for (const skill of part.skills ?? []) query.append("skill", skill);
  for (const union of part.unions ?? []) query.append("union", union);
  if (part.work_start !== null && part.work_end !== null) {
    query.set("available_from", part.work_start);
    query.set("available_to", part.work_end);
  }
  query.set("active", "true");
  query.set("part", part.id);
  return `#/actors?${query.toString()}`;
}
