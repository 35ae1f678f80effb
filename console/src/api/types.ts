/** The contract's schemas by their names. */

import type { components, paths } from "./schema";

type Schemas = components["schemas"];

export type Actor = Schemas["Actor"];
export type ActorChanges = Schemas["ActorChanges"];
export type Candidacy = Schemas["Candidacy"];
export type Candidate = Schemas["Candidate"];
export type CandidateChanges = Schemas["CandidateChanges"];
export type CastMember = Schemas["CastMember"];
export type Counts = Schemas["Counts"];
export type Credit = Schemas["Credit"];
export type DateRange = Schemas["DateRange"];
export type Level = Schemas["Level"];
export type Movie = Schemas["Movie"];
export type MovieChanges = Schemas["MovieChanges"];
export type NewActor = Schemas["NewActor"];
export type NewMovie = Schemas["NewMovie"];
export type NewPart = Schemas["NewPart"];
export type NewRoleInMovie = Schemas["NewRoleInMovie"];
export type Part = Schemas["Part"];
export type PartChanges = Schemas["PartChanges"];
export type PartOfMovie = Schemas["PartOfMovie"];
export type Refusal = Schemas["Refusal"];
export type Role = Schemas["Role"];
export type RoleChanges = Schemas["RoleChanges"];
/** One entry of a history. */
export type HistoryEntry = Schemas["Record"];
export type Status = Schemas["Status"];

export type ActorQuery = NonNullable<paths["/actors"]["get"]["parameters"]["query"]>;
export type MovieQuery = NonNullable<paths["/movies"]["get"]["parameters"]["query"]>;
