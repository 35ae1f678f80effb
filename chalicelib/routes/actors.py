"""/actors, and the movies of each."""

import datetime
import enum
from typing import Annotated, Any, ClassVar, TypedDict, cast

from chalice.app import Blueprint, Response
from msgspec import UNSET, Meta, UnsetType

from chalicelib.auth import auth0, requires
from chalicelib.errors import ActorNotFound
from chalicelib.inputs import Body, Name, given, idempotency, if_match, paging, sorts, takes
from chalicelib.outputs import (
    Count,
    Day,
    NextCursor,
    Remaining,
    Time,
    Version,
    changed,
    created,
    deleted,
    gives,
    listing,
    next_cursor,
    one,
)
from chalicelib.routes import roles as role_routes
from chalicelib.routes.roles import ActorId, BillingOrder, CharacterName, MovieId, Role, RoleId
from chalicelib.store import actors as store
from chalicelib.store import roles

actors = Blueprint(__name__)

MAX_AGE = 150  # years
EITHER = "Send either age or date_of_birth"


class Gender(enum.StrEnum):
    """How an actor tells their gender."""

    FEMALE = "female"
    MALE = "male"
    NON_BINARY = "non-binary"
    OTHER = "other"
    UNDISCLOSED = "undisclosed"


ActorName = Annotated[
    Name, Meta(description="The name, in any script", examples=["Humphrey Bogart"])
]
Age = Annotated[int, Meta(ge=0, le=MAX_AGE, description="In whole years, today", examples=[42])]
_gender = Meta(description="The gender, as the actor tells it", examples=["male"])
_birth = Meta(
    description=f"The day of birth, of the last {MAX_AGE} years; null where an age is known",
    examples=[None],
)

_AGE_IS_GIVEN = {"required": ["age"], "properties": {"age": {"type": "integer"}}}
_NO_BIRTH = {"properties": {"date_of_birth": {"type": "null"}}}
_BIRTH_IS_GIVEN = {
    "required": ["date_of_birth"],
    "properties": {"date_of_birth": {"type": "string"}},
}


class NewActor(Body):
    """An actor to add, with either an age or a date of birth."""

    name: ActorName
    gender: Annotated[Gender, _gender]
    age: Age | None = None
    date_of_birth: Annotated[datetime.date | None, _birth] = None

    example: ClassVar[dict[str, Any]] = {"name": "Humphrey Bogart", "gender": "male", "age": 42}
    constraint: ClassVar[dict[str, Any]] = {
        "if": _AGE_IS_GIVEN,
        "then": _NO_BIRTH,
        "else": _BIRTH_IS_GIVEN,
    }

    def __post_init__(self) -> None:
        if (self.age is None) == (self.date_of_birth is None):
            raise ValueError(EITHER)
        _check_birth(self.date_of_birth)


class ActorChanges(Body):
    """What to change of an actor; an age takes the place of a date of birth, and it of an age."""

    name: ActorName | UnsetType = UNSET
    gender: Annotated[Gender, _gender] | UnsetType = UNSET
    # Null for the one beside the other, as an actor is shown.
    age: Age | UnsetType | None = UNSET
    date_of_birth: Annotated[datetime.date | UnsetType | None, _birth] = UNSET

    example: ClassVar[dict[str, Any]] = {"age": 42}
    constraint: ClassVar[dict[str, Any]] = {
        "minProperties": 1,
        "if": _AGE_IS_GIVEN,
        "then": _NO_BIRTH,
        # Null is for the one beside the other: alone it would leave neither.
        "else": {
            "if": {"required": ["date_of_birth"], "properties": {"date_of_birth": {}}},
            "then": _BIRTH_IS_GIVEN,
            "else": {"properties": {"age": {"not": {}}}},
        },
    }

    def __post_init__(self) -> None:
        both = (self.age, self.date_of_birth)
        if both != (UNSET, UNSET) and sum(isinstance(v, int | datetime.date) for v in both) != 1:
            raise ValueError(EITHER)
        _check_birth(self.date_of_birth)


def _check_birth(born: datetime.date | UnsetType | None) -> None:
    if isinstance(born, datetime.date) and not 0 <= age_today(born) <= MAX_AGE:
        raise ValueError(f"expected a date of the last {MAX_AGE} years - at `$.date_of_birth`")


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def age_today(born: datetime.date) -> int:
    """Give the age in whole years, in UTC; negative before birth."""
    today = now().date()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


class Actor(TypedDict):
    """An actor."""

    id: ActorId
    name: ActorName
    gender: Annotated[Gender, _gender]
    age: Age
    date_of_birth: Annotated[Day | None, _birth]
    role_count: Count
    created_at: Time
    updated_at: Time
    version: Version


class ActorRole(Role):
    """A role, as it is shown with its actor."""

    movie_title: Annotated[str, Meta(description="The movie's title", examples=["Casablanca"])]
    movie_release_date: Annotated[
        Day, Meta(description="The day of the movie's release", examples=["1942-11-26"])
    ]


class Credit(TypedDict):
    """A movie, as an actor's filmography shows it."""

    id: MovieId
    title: Annotated[str, Meta(description="The movie's title", examples=["Casablanca"])]
    release_date: Annotated[
        Day, Meta(description="The day of its release", examples=["1942-11-26"])
    ]
    role_id: RoleId
    character_name: CharacterName | None
    billing_order: BillingOrder | None


def shown(actor: store.Actor) -> Actor:
    born = actor.date_of_birth
    return {
        "id": actor.id,
        "name": actor.name,
        "gender": cast(Gender, actor.gender),
        # Whoever was that old when they were added grows older than the contract knows.
        "age": min(age_today(datetime.date.fromisoformat(born)), MAX_AGE) if born else actor.age,
        "date_of_birth": born,
        "role_count": actor.role_count,
        "created_at": actor.created_at,
        "updated_at": actor.updated_at,
        "version": actor.version,
    }


def shown_in_filmography(role: roles.Role) -> Credit:
    return {
        "id": role.movie_id,
        "title": role.movie_title or "",
        "release_date": role.movie_release_date or "",
        "role_id": role.id,
        "character_name": role.character_name,
        "billing_order": role.billing_order,
    }


def shown_with_movie(role: roles.Role) -> ActorRole:
    return {
        **role_routes.shown(role),
        "movie_title": role.movie_title or "",
        "movie_release_date": role.movie_release_date or "",
    }


@actors.route("/actors", methods=["GET"], authorizer=auth0)
@requires("get:actors")
@sorts(*store.SORTS)
@gives(listing, actors=Actor)
def list_actors(order: str) -> Response:
    """List actors by name."""
    list_name = f"/actors?sort={order}"
    return listing("actors", store.page(order, **paging(list_name)), shown, list_name)


@actors.route("/actors", methods=["POST"], authorizer=auth0)
@requires("post:actors")
@takes(NewActor)
@gives(created, actor=Actor)
def create_actor(new: NewActor) -> Response:
    """Add an actor, with an age or a date of birth."""
    return created("actor", shown(store.add(idempotency(new), **given(new))), "/actors")


@actors.route("/actors/{actor_id}", methods=["GET"], authorizer=auth0)
@requires("get:actors")
@gives(one, ActorNotFound, actor=Actor, roles=list[ActorRole], next_cursor=NextCursor)
def get_actor(actor_id: ActorId) -> Response:
    """Show an actor and their first 100 roles, the newest movie first where there are no more."""
    actor, found = store.get(actor_id)
    return one(
        "actor",
        shown(actor),
        roles=[shown_with_movie(role) for role in found.items],
        next_cursor=next_cursor(found, role_routes.list_of(actor_id=actor_id)),
    )


@actors.route("/actors/{actor_id}", methods=["PATCH"], authorizer=auth0)
@requires("patch:actors")
@takes(ActorChanges)
@gives(changed, ActorNotFound, actor=Actor, remaining=Remaining)
def change_actor(changes: ActorChanges, actor_id: ActorId) -> Response:
    """Change the fields that are given, and leave the others alone."""
    actor, remaining = store.change(actor_id, given(changes), if_match())
    return changed("actor", shown(actor), remaining)


@actors.route("/actors/{actor_id}", methods=["DELETE"], authorizer=auth0)
@requires("delete:actors")
@gives(deleted, ActorNotFound, deleted=ActorId, remaining=Remaining)
def delete_actor(actor_id: ActorId) -> Response:
    """Remove an actor with all their roles."""
    return deleted(actor_id, store.remove(actor_id, if_match()))


@actors.route("/actors/{actor_id}/movies", methods=["GET"], authorizer=auth0)
@requires("get:actors")
@gives(listing, ActorNotFound, movies=Credit)
def list_actor_movies(actor_id: ActorId) -> Response:
    """List an actor's movies, the newest first."""
    list_name = f"/actors/{actor_id}/movies"
    return listing(
        "movies", roles.filmography(actor_id, **paging(list_name)), shown_in_filmography, list_name
    )
