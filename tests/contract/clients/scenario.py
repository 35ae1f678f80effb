"""A film, its cast page by page, and a change that comes too late: with a generated client.

BASE_URL is the API, TOKEN a producer's. Prints what it saw as JSON, the same as scenario.ts. It is
checked and run beside the generated package.
"""

import json
import os
import uuid
from datetime import date
from typing import Any, TypeVar

from casting_client import AuthenticatedClient, Client
from casting_client.api.actors import create_actor, delete_actor
from casting_client.api.movies import (
    cast_movie_actor,
    change_movie,
    create_movie,
    delete_movie,
    get_movie,
    list_movie_actors,
    list_movies,
)
from casting_client.models import (
    CastMovieActorResponse201,
    ChangeMovieResponse200,
    CreateActorResponse201,
    CreateMovieResponse201,
    DeleteActorResponse200,
    DeleteActorResponse202,
    DeleteMovieResponse200,
    Failure412,
    Gender,
    GetMovieResponse200,
    ListMovieActorsResponse200,
    ListMoviesSort,
    MovieChanges,
    NewActor,
    NewMovie,
    NewRoleInMovie,
)
from casting_client.types import UNSET, Response, Unset

Wanted = TypeVar("Wanted")

PEOPLE = (
    (
        NewActor("Al Pacino", Gender.MALE, date_of_birth=date(1940, 4, 25)),
        "Vincent Hanna",
    ),
    (
        NewActor("Robert De Niro", Gender.MALE, date_of_birth=date(1943, 8, 17)),
        "Neil McCauley",
    ),
    (NewActor("Amy Brenneman", Gender.FEMALE, age=31), None),
)


def brought(answer: Response[Any], wanted: type[Wanted]) -> Wanted:
    """Give what an answer brought; end the scenario where it is something else."""
    assert isinstance(answer.parsed, wanted), answer
    return answer.parsed


def scenario(api: AuthenticatedClient) -> dict[str, Any]:
    """Do it all; gives what was seen."""
    key = str(uuid.uuid4())
    film = NewMovie(title="Heat", release_date=date(1994, 12, 15))
    created = create_movie.sync_detailed(client=api, body=film, idempotency_key=key)
    movie_id = brought(created, CreateMovieResponse201).created
    again = create_movie.sync_detailed(client=api, body=film, idempotency_key=key)
    once = brought(again, CreateMovieResponse201).created == movie_id
    first = created.headers["ETag"]

    cast = []
    for index, (person, character_name) in enumerate(PEOPLE):
        added = create_actor.sync_detailed(client=api, body=person)
        actor_id = brought(added, CreateActorResponse201).created
        cast.append(actor_id)
        role = NewRoleInMovie(actor_id, character_name=character_name, billing_order=index + 1)
        played = cast_movie_actor.sync_detailed(movie_id, client=api, body=role)
        assert brought(played, CastMovieActorResponse201).role.movie_id == movie_id

    pages = []
    cursor: str | Unset | None = UNSET
    while cursor is not None:
        listed = list_movie_actors.sync_detailed(movie_id, client=api, limit=2, cursor=cursor)
        page = brought(listed, ListMovieActorsResponse200)
        pages.append(
            [
                [one.name, one.character_name.upper() if one.character_name else "nobody"]
                for one in page.actors
            ]
        )
        cursor = page.next_cursor

    def change(version: str, changes: MovieChanges) -> Response[Any]:
        return change_movie.sync_detailed(movie_id, client=api, body=changes, if_match=version)

    changed = change(first, MovieChanges(release_date=date(1995, 12, 15)))
    brought(changed, ChangeMovieResponse200)
    late = change(first, MovieChanges(title="Heat, again"))
    failure = brought(late, Failure412)
    read = get_movie.sync_detailed(movie_id, client=api)
    brought(read, GetMovieResponse200)
    retried = change(read.headers["ETag"], MovieChanges(title="Heat, again"))
    movie = brought(retried, ChangeMovieResponse200).movie

    removed = 0
    for actor_id in cast:
        # 202 where very many roles remain: the same request goes on.
        while isinstance(
            (gone := delete_actor.sync_detailed(actor_id, client=api)).parsed,
            DeleteActorResponse202,
        ):
            pass
        removed += brought(gone, DeleteActorResponse200).deleted == actor_id
    film_gone = delete_movie.sync_detailed(movie_id, client=api)
    removed += brought(film_gone, DeleteMovieResponse200).deleted == movie_id

    return {
        "once": once,
        "pages": pages,
        "etags": [first, changed.headers["ETag"], late.headers["ETag"]],
        "failure": {
            "success": failure.success,
            "message": failure.message,
            "detail": failure.detail,
        },
        "retried": {
            "title": movie.title,
            "release_date": movie.release_date.isoformat(),
            "version": movie.version,
            "role_count": movie.role_count,
        },
        "removed": removed,
    }


def refused(api: AuthenticatedClient, movie_id: str, day: date) -> None:
    """Never called: each marked line is wrong, for the reason beside it, and mypy refuses it."""
    page = brought(get_movie.sync_detailed(movie_id, client=api), GetMovieResponse200)
    cast = brought(
        list_movie_actors.sync_detailed(movie_id, client=api), ListMovieActorsResponse200
    )
    # A field that a film does not have.
    NewMovie(title="Heat", release_date=day, rating=8)  # type: ignore[call-arg]
    # The release date is missing.
    NewMovie(title="Heat")  # type: ignore[call-arg]
    # Not a date.
    NewMovie(title="Heat", release_date="1995-12-15")  # type: ignore[arg-type]
    # Not a gender.
    NewActor("Al Pacino", "man", age=55)  # type: ignore[arg-type]
    # No order that a list has.
    list_movies.sync(client=api, sort="rating")  # type: ignore[arg-type]
    _ = ListMoviesSort.RATING  # type: ignore[attr-defined]
    # The movie is missing.
    change_movie.sync(client=api, body=MovieChanges(title="Heat"))  # type: ignore[call-arg]
    # A member that is not shown.
    _ = page.movie.rating  # type: ignore[attr-defined]
    # The character may have no name.
    _ = [len(one.character_name) for one in cast.actors]  # type: ignore[arg-type]
    # It may be a failure.
    _ = list_movies.sync(client=api).movies  # type: ignore[union-attr]
    # Needs a token.
    list_movies.sync(client=Client(base_url="http://127.0.0.1"))  # type: ignore[arg-type]


if __name__ == "__main__":
    with AuthenticatedClient(os.environ["BASE_URL"], os.environ["TOKEN"]) as client:
        print(json.dumps(scenario(client)))
