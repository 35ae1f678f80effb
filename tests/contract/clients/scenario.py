"""A scenario for the generated Python client: a movie, its cast in pages, a search, a history.

BASE_URL is the URL of the API. TOKEN is an access token of a producer. The output is JSON, and the
same as that of `scenario.ts`. The test checks and runs this file next to the generated package.
"""

import json
import os
import uuid
from datetime import date
from typing import Any, TypeVar

from casting_client import AuthenticatedClient, Client
from casting_client.api.actors import create_actor, delete_actor, list_actors
from casting_client.api.history import list_movie_history
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
    ListActorsResponse200,
    ListMovieActorsResponse200,
    ListMovieHistoryResponse200,
    ListMoviesSort,
    MovieChanges,
    NewActor,
    NewActorLanguagesType0,
    NewMovie,
    NewRoleInMovie,
)
from casting_client.types import UNSET, Response, Unset

Expected = TypeVar("Expected")

LANGUAGES = NewActorLanguagesType0.from_dict({"it": "conversational"})
PEOPLE = (
    (
        NewActor(
            "Al Pacino",
            Gender.MALE,
            date_of_birth=date(1940, 4, 25),
            languages=LANGUAGES,
            skills=["Shouting", "Tango"],
        ),
        "Vincent Hanna",
    ),
    (
        NewActor("Robert De Niro", Gender.MALE, date_of_birth=date(1943, 8, 17)),
        "Neil McCauley",
    ),
    (NewActor("Amy Brenneman", Gender.FEMALE, age=31), None),
)


def body_of(response: Response[Any], expected: type[Expected]) -> Expected:
    """Return the body of a response. Fail if it has another type."""
    assert isinstance(response.parsed, expected), response
    return response.parsed


def scenario(api: AuthenticatedClient) -> dict[str, Any]:
    """Run the scenario. Return what the client received."""
    key = str(uuid.uuid4())
    film = NewMovie(title="Heat", release_date=date(1994, 12, 15))
    created = create_movie.sync_detailed(client=api, body=film, idempotency_key=key)
    movie_id = body_of(created, CreateMovieResponse201).created
    repeated = create_movie.sync_detailed(client=api, body=film, idempotency_key=key)
    same_id = body_of(repeated, CreateMovieResponse201).created == movie_id
    first_etag = created.headers["ETag"]

    actor_ids = []
    for index, (person, character_name) in enumerate(PEOPLE):
        added = create_actor.sync_detailed(client=api, body=person)
        actor_id = body_of(added, CreateActorResponse201).created
        actor_ids.append(actor_id)
        role = NewRoleInMovie(actor_id, character_name=character_name, billing_order=index + 1)
        cast = cast_movie_actor.sync_detailed(movie_id, client=api, body=role)
        assert body_of(cast, CastMovieActorResponse201).role.movie_id == movie_id

    pages = []
    cursor: str | Unset | None = UNSET
    while cursor is not None:
        listed = list_movie_actors.sync_detailed(movie_id, client=api, limit=2, cursor=cursor)
        page = body_of(listed, ListMovieActorsResponse200)
        pages.append(
            [
                [actor.name, actor.character_name.upper() if actor.character_name else "nobody"]
                for actor in page.actors
            ]
        )
        cursor = page.next_cursor

    listed_actors = list_actors.sync_detailed(
        client=api,
        search="pacino al",
        gender=Gender.MALE,
        language=["it"],
        skill=["tango", "shouting"],
        active=True,
    )
    actors = body_of(listed_actors, ListActorsResponse200).actors
    found = [actor.id == actor_ids[0] and actor.name for actor in actors]

    def change(version: str, changes: MovieChanges) -> Response[Any]:
        return change_movie.sync_detailed(movie_id, client=api, body=changes, if_match=version)

    changed = change(first_etag, MovieChanges(release_date=date(1995, 12, 15)))
    body_of(changed, ChangeMovieResponse200)
    outdated = change(first_etag, MovieChanges(title="Heat, again"))
    failure = body_of(outdated, Failure412)
    read = get_movie.sync_detailed(movie_id, client=api)
    body_of(read, GetMovieResponse200)
    retried = change(read.headers["ETag"], MovieChanges(title="Heat, again"))
    movie = body_of(retried, ChangeMovieResponse200).movie

    listed_history = list_movie_history.sync_detailed(movie_id, client=api)
    history = body_of(listed_history, ListMovieHistoryResponse200).history

    deleted = 0
    for actor_id in actor_ids:
        # 202 means that roles remain. The same request continues the deletion.
        while isinstance(
            (response := delete_actor.sync_detailed(actor_id, client=api)).parsed,
            DeleteActorResponse202,
        ):
            pass
        deleted += body_of(response, DeleteActorResponse200).deleted == actor_id
    movie_response = delete_movie.sync_detailed(movie_id, client=api)
    deleted += body_of(movie_response, DeleteMovieResponse200).deleted == movie_id

    return {
        "same_id": same_id,
        "pages": pages,
        "found": found,
        "etags": [first_etag, changed.headers["ETag"], outdated.headers["ETag"]],
        "failure": {
            "success": failure.success,
            "message": failure.message,
            "detail": failure.detail,
        },
        "retried": {
            "title": movie.title,
            "release_date": movie.release_date and movie.release_date.isoformat(),
            "version": movie.version,
            "role_count": movie.role_count,
        },
        "history": [[record.version, record.operation.value] for record in history],
        "renamed": history[0].changes["title"],
        "deleted": deleted,
    }


def rejected(api: AuthenticatedClient, movie_id: str, day: date) -> None:
    """Never called. mypy must reject each marked line, for the reason above it."""
    page = body_of(get_movie.sync_detailed(movie_id, client=api), GetMovieResponse200)
    cast = body_of(
        list_movie_actors.sync_detailed(movie_id, client=api), ListMovieActorsResponse200
    )
    records = body_of(
        list_movie_history.sync_detailed(movie_id, client=api), ListMovieHistoryResponse200
    )
    # NewMovie has no such field.
    NewMovie(title="Heat", release_date=day, rating=8)  # type: ignore[call-arg]
    # The release date is missing.
    NewMovie(title="Heat")  # type: ignore[call-arg]
    # Not a date.
    NewMovie(title="Heat", release_date="1995-12-15")  # type: ignore[arg-type]
    # Not a gender.
    NewActor("Al Pacino", "man", age=55)  # type: ignore[arg-type]
    # No such sort order.
    list_movies.sync(client=api, sort="rating")  # type: ignore[arg-type]
    _ = ListMoviesSort.RATING  # type: ignore[attr-defined]
    # Not a gender.
    list_actors.sync(client=api, gender="woman")  # type: ignore[arg-type]
    # A skill may be repeated, so it is a list.
    list_actors.sync(client=api, skill="riding")  # type: ignore[arg-type]
    # No such filter.
    list_movies.sync(client=api, director="Michael Mann")  # type: ignore[call-arg]
    # The id of the movie is missing.
    change_movie.sync(client=api, body=MovieChanges(title="Heat"))  # type: ignore[call-arg]
    # The movie has no such member.
    _ = page.movie.rating  # type: ignore[attr-defined]
    # The name of the character may be null.
    _ = [len(actor.character_name) for actor in cast.actors]  # type: ignore[arg-type]
    # The values of personal data are not recorded.
    _ = [record.changes["title"][0] for record in records.history]  # type: ignore[index]
    # The response may be a failure.
    _ = list_movies.sync(client=api).movies  # type: ignore[union-attr]
    # The client has no token.
    list_movies.sync(client=Client(base_url="http://127.0.0.1"))  # type: ignore[arg-type]


if __name__ == "__main__":
    with AuthenticatedClient(os.environ["BASE_URL"], os.environ["TOKEN"]) as client:
        print(json.dumps(scenario(client)))
