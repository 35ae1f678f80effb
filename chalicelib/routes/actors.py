"""Actors, and the movies of each."""

import datetime
import enum
from typing import Annotated, Any

from chalice.app import Blueprint, Response
from msgspec import UNSET, Meta, Struct, field

from chalicelib.errors import ActorNotFound, ExternalIdTaken, TooManyTerms, Unsortable
from chalicelib.http.answers import changed, created, deleted, listing, next_cursor, one
from chalicelib.http.body import Body, fields_of
from chalicelib.http.conditions import if_match, replay
from chalicelib.http.fields import (
    ActorId,
    Count,
    Country,
    Date,
    Email,
    Gender,
    HttpsUrl,
    LanguageCode,
    Languages,
    MovieId,
    Name,
    NextCursor,
    Phone,
    PlayingAge,
    Remaining,
    RoleId,
    Search,
    Skills,
    Tag,
    Text,
    TmdbId,
    Unions,
    pattern,
    values,
)
from chalicelib.http.paging import requested_page
from chalicelib.http.query import Filters, check_range, check_search
from chalicelib.http.request import caller_sub
from chalicelib.http.resource import (
    OPTIONAL,
    PERSONAL,
    SERVER,
    Access,
    Resource,
    Versioned,
    all_to_json,
    change_body,
    create_body,
    resource,
    to_json,
)
from chalicelib.http.views import accepts, answers, filterable, requires, sortable
from chalicelib.limits import MAX_AGE, MAX_HEIGHT, MAX_RANGES, MIN_HEIGHT
from chalicelib.routes import roles as role_routes
from chalicelib.routes.roles import BillingOrder, CharacterName, Role
from chalicelib.store import actors as actor_store
from chalicelib.store import roles as role_store
from chalicelib.store.items import Actor as ActorItem
from chalicelib.store.items import RoleItem

actors = Blueprint(__name__)


class Agent(Struct, kw_only=True, forbid_unknown_fields=True):
    """Who represents an actor, and how to reach them."""

    agency: Name | None = None
    name: Name | None = None
    email: Email | None = None
    phone: Phone | None = None


class RangeKind(enum.StrEnum):
    """Whether the actor can work in a range of dates."""

    FREE = "free"
    BLOCKED = "blocked"


class DateRange(Struct, kw_only=True, forbid_unknown_fields=True):
    """Days on which an actor is free or blocked, the first and the last included."""

    first: Date = field(name="from")
    last: Date = field(name="to")
    kind: RangeKind

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("expected a range that does not end before it begins")


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def age_today(born: datetime.date) -> int:
    """Return the age in whole years, in UTC. It is negative before birth."""
    today = now().date()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def current_age(actor: ActorItem) -> int | None:
    """Return an actor's age. One that follows from a date of birth stops at MAX_AGE."""
    if actor.date_of_birth:
        return min(age_today(datetime.date.fromisoformat(actor.date_of_birth)), MAX_AGE)
    return actor.age


Age = Annotated[
    int,
    Meta(
        ge=0,
        le=MAX_AGE,
        description="In whole years, today; null if it is not known",
        examples=[42],
    ),
]
Height = Annotated[
    int,
    Meta(ge=MIN_HEIGHT, le=MAX_HEIGHT, description="The height in centimetres", examples=[173]),
]
_AGE = "(?:[0-9]{1,2}|1[0-4][0-9]|150)"
AgeRange = Annotated[
    str,
    pattern(
        rf"\A{_AGE}(?:-{_AGE})?\Z",
        f"an age or a range of ages up to {MAX_AGE}, such as 30-40",
        description="Ages of which they can play one",
    ),
]
ImdbName = Annotated[str, pattern(r"\Anm[0-9]{7,10}\Z", "nm and 7 to 10 digits, such as nm0000007")]
Availability = Annotated[
    list[DateRange],
    Meta(
        max_length=MAX_RANGES,
        description=f"When the actor is free or blocked, at most {MAX_RANGES} ranges",
        examples=[[{"from": "2027-05-01", "to": "2027-05-31", "kind": "free"}]],
    ),
]


@resource(ActorItem)
class Actor(Versioned):
    """An actor."""

    id: Annotated[ActorId, SERVER]
    name: Annotated[Name, Meta(description="The name, in any script", examples=["Humphrey Bogart"])]
    gender: Annotated[
        Gender, Meta(description="The gender that the actor states", examples=["male"])
    ]
    age: Annotated[Age | None, Access(read=current_age, optional=True, default=UNSET)]
    date_of_birth: Annotated[
        Date | None,
        Meta(
            description=f"The day of birth, in the last {MAX_AGE} years; null if an age is known,"
            " or neither",
            examples=[None],
        ),
        PERSONAL,
    ]
    stage_name: Annotated[
        Name | None,
        Meta(description="The name that the actor works under", examples=["Bogie"]),
        OPTIONAL,
    ]
    playing_age_min: Annotated[PlayingAge | None, Meta(examples=[35]), OPTIONAL]
    playing_age_max: Annotated[PlayingAge | None, Meta(examples=[50]), OPTIONAL]
    height_cm: Annotated[Height | None, OPTIONAL]
    languages: Annotated[Languages | None, OPTIONAL]
    skills: Annotated[Skills | None, OPTIONAL]
    unions: Annotated[Unions | None, OPTIONAL]
    agent: Annotated[
        Agent | None, Meta(description="Who represents the actor", examples=[None]), PERSONAL
    ]
    email: Annotated[Email | None, Meta(description="The email address", examples=[None]), PERSONAL]
    phone: Annotated[Phone | None, Meta(description="The telephone", examples=[None]), PERSONAL]
    headshot_url: Annotated[
        HttpsUrl | None,
        Meta(description="A portrait, at https", examples=["https://example.com/headshot.jpg"]),
        OPTIONAL,
    ]
    base_city: Annotated[
        Name | None,
        Meta(description="The city that the actor works from", examples=["Los Angeles"]),
        OPTIONAL,
    ]
    base_country: Annotated[
        Country | None,
        Meta(description="The country of that city, as an ISO 3166 code", examples=["US"]),
        OPTIONAL,
    ]
    availability: Annotated[Availability | None, OPTIONAL]
    imdb_id: Annotated[
        ImdbName | None, Meta(description="The id in IMDb", examples=["nm0000007"]), OPTIONAL
    ]
    tmdb_id: Annotated[TmdbId | None, OPTIONAL]
    active: Annotated[
        bool,
        Meta(description="Whether the actor can be cast", examples=[True]),
        Access(optional=True, default=True),
    ]
    notes: Annotated[
        Text | None,
        Meta(description="What the agency has noted about the actor", examples=[None]),
        PERSONAL,
    ]
    role_count: Annotated[Count, SERVER]
    candidate_count: Annotated[
        int, Meta(ge=0, description="The number of their candidacies", examples=[1]), SERVER
    ]


class ActorFilters(Filters):
    """The filters of the list of actors."""

    search: Annotated[Search, Meta(examples=["humph bog"])] | None = None
    gender: Annotated[Gender, Meta(description="The gender", examples=["male"])] | None = None
    playing_age: Annotated[AgeRange, Meta(examples=["30-40"])] | None = None
    language: Annotated[list[LanguageCode], values("A language that they speak", ["pl"])] | None = (
        None
    )
    skill: Annotated[list[Tag], values("One of their skills", ["riding"])] | None = None
    union: Annotated[list[Tag], values("One of their unions", ["SAG-AFTRA"])] | None = None
    country: (
        Annotated[Country, Meta(description="The country they work from", examples=["US"])] | None
    ) = None
    available_from: (
        Annotated[
            Date,
            Meta(
                description="The first of the days on which they must not be blocked; send"
                " available_to, too",
                examples=["2027-05-01"],
            ),
        ]
        | None
    ) = None
    available_to: (
        Annotated[Date, Meta(description="The last of these days", examples=["2027-05-31"])] | None
    ) = None
    active: (
        Annotated[bool, Meta(description="Whether they can be cast", examples=[True])] | None
    ) = None

    def __post_init__(self) -> None:
        check_search(self.search)
        if self.playing_age is not None:
            youngest, oldest = ages_of(self.playing_age)
            if youngest > oldest:
                raise ValueError("expected the lower age first - at `$.playing_age`")
        if (self.available_from is None) != (self.available_to is None):
            raise ValueError("available_from and available_to must be sent together")
        check_range("available_from", self.available_from, "available_to", self.available_to)

    def criteria(self) -> dict[str, Any]:
        """Return the filters as `actors.find` takes them."""
        sent = self.sent()
        if self.playing_age is not None:
            sent["playing_age"] = ages_of(self.playing_age)
        if self.available_from is not None:
            sent["available"] = sent.pop("available_from"), sent.pop("available_to")
        return sent


def ages_of(age_range: str) -> tuple[int, int]:
    """Return the youngest and the oldest age of a range such as `30-40` or `35`."""
    youngest, _, oldest = age_range.partition("-")
    return int(youngest), int(oldest or youngest)


EITHER = "Send either age or date_of_birth; age may be null if neither is known"

_BIRTH_IS_SENT = {
    "required": ["date_of_birth"],
    "properties": {"date_of_birth": {"type": "string"}},
}
_NO_AGE = {"properties": {"age": {"type": "null"}}}
_AGE_IS_SENT: dict[str, Any] = {"required": ["age"], "properties": {"age": {}}}


def _check_new(actor: Any) -> None:
    is_birth_known = actor.date_of_birth is not None
    if is_birth_known == isinstance(actor.age, int) and (is_birth_known or actor.age is UNSET):
        raise ValueError(EITHER)
    _check_birth(actor.date_of_birth)


def _check_changes(changes: Any) -> None:
    if changes.date_of_birth is not UNSET:
        _check_new(changes)


def _check_birth(born: Any) -> None:
    if isinstance(born, datetime.date) and not 0 <= age_today(born) <= MAX_AGE:
        raise ValueError(f"expected a date of the last {MAX_AGE} years - at `$.date_of_birth`")


NewActor = create_body(
    Actor,
    "An actor to add, with an age or a date of birth. If neither is known, `age` must be null.",
    check=_check_new,
    constraint={"if": _BIRTH_IS_SENT, "then": _NO_AGE, "else": _AGE_IS_SENT},
)
ActorChanges = change_body(
    Actor,
    "The fields of an actor to change. An age replaces a date of birth, and the reverse. `age` null"
    " says that neither is known.",
    check=_check_changes,
    constraint={
        "if": {"required": ["date_of_birth"], "properties": {"date_of_birth": {}}},
        "then": {"if": _BIRTH_IS_SENT, "then": _NO_AGE, "else": _AGE_IS_SENT},
    },
)


def _movie_title(role: RoleItem) -> str:
    return role.movie_title or ""


_title = Meta(description="The title of the movie", examples=["Casablanca"])
_release_date = Meta(
    description="The day of the movie's release; null if it is not announced",
    examples=["1942-11-26"],
)


@resource(RoleItem)
class ActorRole(Role):
    """A role, as its actor shows it."""

    movie_title: Annotated[str, _title, SERVER._replace(read=_movie_title)]
    movie_release_date: Annotated[Date | None, _release_date, SERVER]


@resource(RoleItem)
class Credit(Resource):
    """A movie, as an actor's filmography shows it."""

    id: Annotated[MovieId, SERVER._replace(read="movie_id")]
    title: Annotated[str, _title, SERVER._replace(read=_movie_title)]
    release_date: Annotated[Date | None, _release_date, SERVER._replace(read="movie_release_date")]
    role_id: Annotated[RoleId, SERVER._replace(read="id")]
    character_name: CharacterName | None
    billing_order: BillingOrder | None


@actors.route("/actors", methods=["GET"])
@requires("get:actors")
@sortable(*actor_store.SORTS)
@filterable(ActorFilters)
@answers(listing, Unsortable, actors=Actor)
def list_actors(order: str | None, filters: ActorFilters) -> Response:
    """List actors by name; with filters those who match all of them.

    A filtered list is sorted by name, or with `search` perhaps in the order of the words. A page of
    it may have fewer items than `limit`: only a null `next_cursor` ends the list.
    """
    name, criteria = f"/actors?sort={order}{filters}", filters.criteria()
    page = requested_page(name)
    if order is not None and not criteria:
        return listing("actors", Actor, actor_store.page(order, **page), name)
    return listing("actors", Actor, actor_store.find(criteria, order, **page), name)


@actors.route("/actors", methods=["POST"])
@requires("post:actors")
@accepts(NewActor)
@answers(created, ExternalIdTaken, TooManyTerms, actor=Actor)
def create_actor(new: Body) -> Response:
    """Add an actor, with an age or a date of birth if one of them is known."""
    actor = actor_store.add(caller_sub(), replay(new), **fields_of(new))
    return created("actor", to_json(Actor, actor), "/actors")


@actors.route("/actors/{actor_id}", methods=["GET"])
@requires("get:actors")
@answers(one, ActorNotFound, actor=Actor, roles=list[ActorRole], next_cursor=NextCursor)
def get_actor(actor_id: ActorId) -> Response:
    """Show an actor and their first 100 roles, the newest movie first if these are all."""
    actor, page = actor_store.get(actor_id)
    return one(
        "actor",
        to_json(Actor, actor),
        roles=all_to_json(ActorRole, page.items),
        next_cursor=next_cursor(page, role_routes.list_name(actor_id=actor_id)),
    )


@actors.route("/actors/{actor_id}", methods=["PATCH"])
@requires("patch:actors")
@accepts(ActorChanges)
@answers(changed, ActorNotFound, ExternalIdTaken, TooManyTerms, actor=Actor, remaining=Remaining)
def change_actor(changes: Body, actor_id: ActorId) -> Response:
    """Change the fields that are sent. The others stay as they are."""
    actor, remaining = actor_store.change(actor_id, fields_of(changes), if_match(), caller_sub())
    return changed("actor", to_json(Actor, actor), remaining)


@actors.route("/actors/{actor_id}", methods=["DELETE"])
@requires("delete:actors")
@answers(deleted, ActorNotFound, deleted=ActorId, remaining=Remaining)
def delete_actor(actor_id: ActorId) -> Response:
    """Remove an actor, their candidacies and all their roles."""
    return deleted(actor_id, actor_store.remove(actor_id, if_match(), caller_sub()))


@actors.route("/actors/{actor_id}/movies", methods=["GET"])
@requires("get:actors")
@answers(listing, ActorNotFound, movies=Credit)
def list_actor_movies(actor_id: ActorId) -> Response:
    """List an actor's movies, newest first, and those without a release date last."""
    name = f"/actors/{actor_id}/movies"
    page = role_store.filmography(actor_id, **requested_page(name))
    return listing("movies", Credit, page, name)
