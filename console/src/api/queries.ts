/** The reads of the API, one hook for each. Their keys begin with the collection's name. */

import { QueryClient, useQueries, useQuery } from "@tanstack/react-query";

import { api, unwrap } from "./client";
import { useList } from "./lists";
import { Problem } from "./problem";
import type { ActorQuery, MovieQuery, Status } from "./types";

const PAGE = 50;
const LARGEST_PAGE = 100;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // Waits and new tokens are the matter of guardedFetch; only a lost connection is tried again.
      retry: (failures, error) => error instanceof Problem && error.status === 0 && failures < 2,
      refetchOnWindowFocus: true,
    },
    mutations: { networkMode: "always" },
  },
});

export const keys = {
  movies: (query?: MovieQuery) => ["movies", "list", ...(query ? [query] : [])],
  movie: (id: string) => ["movies", id],
  cast: (id: string) => ["movies", id, "cast"],
  roles: (movieId: string) => ["movies", movieId, "roles"],
  breakdown: (id: string) => ["movies", id, "parts"],
  considered: (id: string) => ["movies", id, "candidates"],
  actors: (query?: ActorQuery) => ["actors", "list", ...(query ? [query] : [])],
  actor: (id: string) => ["actors", id],
  rolesOf: (id: string) => ["actors", id, "roles"],
  filmography: (id: string) => ["actors", id, "movies"],
  candidacies: (id: string) => ["actors", id, "candidacies"],
  parts: (status?: string) => ["parts", "list", ...(status === undefined ? [] : [status])],
  part: (id: string) => ["parts", id],
  column: (partId: string, status: Status) => ["parts", partId, "candidates", status],
  columns: (partId: string) => ["parts", partId, "candidates"],
  history: (kind: Kind, id: string) => [kind, id, "history"],
};

export type Kind = "movies" | "actors" | "parts" | "roles" | "candidates";

export const useMovies = (query: MovieQuery) =>
  useList(keys.movies(query), async (cursor) => {
    const page = await unwrap(
      api.GET("/movies", { params: { query: { ...query, limit: PAGE, cursor } } }),
    );
    return { items: page.movies, next: page.next_cursor };
  });

export const useMovie = (id: string) =>
  useQuery({
    queryKey: keys.movie(id),
    queryFn: async () =>
      (await unwrap(api.GET("/movies/{movie_id}", { params: { path: { movie_id: id } } }))).movie,
  });

export const useCast = (id: string, options = {}) =>
  useList(
    keys.cast(id),
    async (cursor) => {
      const page = await unwrap(
        api.GET("/movies/{movie_id}/actors", {
          params: { path: { movie_id: id }, query: { limit: LARGEST_PAGE, cursor } },
        }),
      );
      return { items: page.actors, next: page.next_cursor };
    },
    options,
  );

/** All roles of a movie, with what its cast leaves out: their types, days and parts. */
export const useRoles = (movieId: string) =>
  useList(
    keys.roles(movieId),
    async (cursor) => {
      const page = await unwrap(
        api.GET("/roles", {
          params: { query: { movie_id: movieId, limit: LARGEST_PAGE, cursor } },
        }),
      );
      return { items: page.roles, next: page.next_cursor };
    },
    { whole: true },
  );

export const useBreakdown = (id: string) =>
  useList(
    keys.breakdown(id),
    async (cursor) => {
      const page = await unwrap(
        api.GET("/movies/{movie_id}/parts", {
          params: { path: { movie_id: id }, query: { limit: LARGEST_PAGE, cursor } },
        }),
      );
      return { items: page.parts, next: page.next_cursor };
    },
    { whole: true },
  );

export const useConsidered = (id: string, options = {}) =>
  useList(
    keys.considered(id),
    async (cursor) => {
      const page = await unwrap(
        api.GET("/movies/{movie_id}/candidates", {
          params: { path: { movie_id: id }, query: { limit: LARGEST_PAGE, cursor } },
        }),
      );
      return { items: page.candidates, next: page.next_cursor };
    },
    options,
  );

export const useActors = (query: ActorQuery, options = {}) =>
  useList(
    keys.actors(query),
    async (cursor) => {
      const page = await unwrap(
        api.GET("/actors", { params: { query: { ...query, limit: PAGE, cursor } } }),
      );
      return { items: page.actors, next: page.next_cursor };
    },
    options,
  );

export const readActor = async (id: string) =>
  (await unwrap(api.GET("/actors/{actor_id}", { params: { path: { actor_id: id } } }))).actor;

export const useActor = (id: string) =>
  useQuery({ queryKey: keys.actor(id), queryFn: () => readActor(id) });

/** Several actors at once, in the order of their ids. */
export const useActorsById = (ids: string[]) =>
  useQueries({
    queries: ids.map((id) => ({ queryKey: keys.actor(id), queryFn: () => readActor(id) })),
  });

export const useFilmography = (id: string) =>
  useList(keys.filmography(id), async (cursor) => {
    const page = await unwrap(
      api.GET("/actors/{actor_id}/movies", {
        params: { path: { actor_id: id }, query: { limit: PAGE, cursor } },
      }),
    );
    return { items: page.movies, next: page.next_cursor };
  });

export const useCandidacies = (id: string, options = {}) =>
  useList(
    keys.candidacies(id),
    async (cursor) => {
      const page = await unwrap(
        api.GET("/actors/{actor_id}/candidacies", {
          params: { path: { actor_id: id }, query: { limit: PAGE, cursor } },
        }),
      );
      return { items: page.candidacies, next: page.next_cursor };
    },
    options,
  );

/** All roles of an actor, with their days of work. */
export const useRolesOf = (actorId: string) =>
  useList(
    keys.rolesOf(actorId),
    async (cursor) => {
      const page = await unwrap(
        api.GET("/roles", {
          params: { query: { actor_id: actorId, limit: LARGEST_PAGE, cursor } },
        }),
      );
      return { items: page.roles, next: page.next_cursor };
    },
    { whole: true },
  );

export const useParts = (status: "open" | "cast" | "closed", options = {}) =>
  useList(
    keys.parts(status),
    async (cursor) => {
      const page = await unwrap(
        api.GET("/parts", { params: { query: { status, limit: PAGE, cursor } } }),
      );
      return { items: page.parts, next: page.next_cursor };
    },
    options,
  );

export const usePart = (id: string, options: { enabled?: boolean } = {}) =>
  useQuery({
    ...options,
    queryKey: keys.part(id),
    queryFn: async () =>
      (await unwrap(api.GET("/parts/{part_id}", { params: { path: { part_id: id } } }))).part,
  });

/** One column of a part's board, best rated first. */
export const useColumn = (partId: string, status: Status, options = {}) =>
  useList(
    keys.column(partId, status),
    async (cursor) => {
      const page = await unwrap(
        api.GET("/parts/{part_id}/candidates", {
          params: { path: { part_id: partId }, query: { status, limit: LARGEST_PAGE, cursor } },
        }),
      );
      return { items: page.candidates, next: page.next_cursor };
    },
    options,
  );

export const readCandidate = async (id: string) =>
  (await unwrap(api.GET("/candidates/{candidate_id}", { params: { path: { candidate_id: id } } })))
    .candidate;

/** The history of a resource, newest first. */
export const useHistory = (kind: Kind, id: string) =>
  useList(keys.history(kind, id), async (cursor) => {
    const query = { limit: PAGE, cursor };
    const page = await unwrap(
      kind === "movies"
        ? api.GET("/movies/{movie_id}/history", { params: { path: { movie_id: id }, query } })
        : kind === "actors"
          ? api.GET("/actors/{actor_id}/history", { params: { path: { actor_id: id }, query } })
          : kind === "parts"
            ? api.GET("/parts/{part_id}/history", { params: { path: { part_id: id }, query } })
            : kind === "roles"
              ? api.GET("/roles/{role_id}/history", { params: { path: { role_id: id }, query } })
              : api.GET("/candidates/{candidate_id}/history", {
                  params: { path: { candidate_id: id }, query },
                }),
    );
    return { items: page.history, next: page.next_cursor };
  });
