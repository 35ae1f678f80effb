import { useCandidacies, useFilmography, useRolesOf } from "~/api/queries";
import { engagementsOf, type Engagement } from "~/domain/calendar";
import { useMay } from "~/session/session";

/** The days on which an actor is engaged: by holds, offers, casts and other roles. */
export function useEngagements(id: string): {
  engagements: Engagement[];
  isPending: boolean;
  error: Error | null;
  retry: () => void;
} {
  const mayRead = useMay()("get:candidates");
  const candidacies = useCandidacies(id, { whole: true, enabled: mayRead });
  const roles = useRolesOf(id);
  const movies = useFilmography(id);
  const titles = new Map(movies.items.map((credit) => [credit.id, credit.title]));
  const lists = mayRead ? [candidacies, roles] : [roles];
  return {
    engagements: engagementsOf(
      candidacies.items,
      roles.items,
      (movieId) => titles.get(movieId) ?? "",
    ),
    isPending: lists.some((list) => list.isPending),
    error: lists.find((list) => list.error)?.error ?? null,
    retry: () => lists.forEach((list) => list.error && list.retry()),
  };
}
