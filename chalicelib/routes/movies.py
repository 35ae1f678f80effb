"""Movies, and the cast of each."""

import enum
from typing import Annotated

from chalice.app import Blueprint, Response
from msgspec import Meta

from chalicelib.errors import (
    ActorNotFound,
    AlreadyCast,
    ExternalIdTaken,
    MovieNotFound,
    RoleNotFound,
    Unsortable,
)
from chalicelib.http.answers import changed, created, deleted, listing, next_cursor, one
from chalicelib.http.body import Body, fields_of
from chalicelib.http.conditions import if_match, replay
from chalicelib.http.fields import (
    ActorId,
    Count,
    Date,
    HttpsUrl,
    LanguageCode,
    Line,
    MovieId,
    Name,
    NextCursor,
    Remaining,
    RoleId,
    Search,
    Text,
    TmdbId,
    Version,
    pattern,
    unique,
    values,
)
from chalicelib.http.paging import requested_page
from chalicelib.http.query import Filters, check_range, check_search
from chalicelib.http.request import caller_sub
from chalicelib.http.resource import (
    OPTIONAL,
    SERVER,
    Resource,
    Versioned,
    all_to_json,
    change_body,
    create_body,
    resource,
    to_json,
)
from chalicelib.http.views import accepts, answers, filterable, requires, sortable
from chalicelib.limits import MAX_GENRES, MAX_RUNTIME, MAX_TITLE
from chalicelib.routes import roles as role_routes
from chalicelib.routes.roles import BillingOrder, CharacterName, NewRoleInMovie, Role
from chalicelib.store import movies as movie_store
from chalicelib.store import roles as role_store
from chalicelib.store.items import Movie as MovieItem
from chalicelib.store.items import RoleItem

movies = Blueprint(__name__)


class MovieStatus(enum.StrEnum):
    """How far a movie's production is."""

    RUMORED = "rumored"
    PLANNED = "planned"
    CASTING = "casting"
    IN_PRODUCTION = "in_production"
    POST_PRODUCTION = "post_production"
    RELEASED = "released"
    CANCELED = "canceled"


class Genre(enum.StrEnum):
    """A genre of movies."""

    ACTION = "action"
    ADVENTURE = "adventure"
    ANIMATION = "animation"
    BIOGRAPHY = "biography"
    COMEDY = "comedy"
    CRIME = "crime"
    DOCUMENTARY = "documentary"
    DRAMA = "drama"
    FAMILY = "family"
    FANTASY = "fantasy"
    HISTORY = "history"
    HORROR = "horror"
    MUSIC = "music"
    MUSICAL = "musical"
    MYSTERY = "mystery"
    ROMANCE = "romance"
    SCIENCE_FICTION = "science_fiction"
    SPORT = "sport"
    THRILLER = "thriller"
    WAR = "war"
    WESTERN = "western"


ImdbTitle = Annotated[
    str, pattern(r"\Att[0-9]{7,10}\Z", "tt and 7 to 10 digits, such as tt0034583")
]


@resource(MovieItem)
class Movie(Versioned):
    """A movie."""

    id: Annotated[MovieId, SERVER]
    title: Annotated[
        Line,
        Meta(
            max_length=MAX_TITLE,
            description="The title, in any script",
            examples=["Casablanca"],
        ),
    ]
    release_date: Annotated[
        Date | None,
        Meta(
            description="The day of the release; null if it is not announced",
            examples=["1942-11-26"],
        ),
    ]
    status: Annotated[
        MovieStatus | None,
        Meta(description="How far the production is", examples=["released"]),
        OPTIONAL,
    ]
    synopsis: Annotated[
        Text | None,
        Meta(
            description="What the movie is about",
            examples=["A cynical expatriate must choose between love and virtue."],
        ),
        OPTIONAL,
    ]
    genres: Annotated[
        Annotated[list[Genre], unique(MAX_GENRES, "Genres", ["drama", "romance"])] | None,
        OPTIONAL,
    ]
    runtime_minutes: Annotated[
        Annotated[
            int, Meta(ge=1, le=MAX_RUNTIME, description="The length in minutes", examples=[102])
        ]
        | None,
        OPTIONAL,
    ]
    original_language: Annotated[
        LanguageCode | None,
        Meta(description="The original language as a BCP 47 code", examples=["en"]),
        OPTIONAL,
    ]
    shoot_start: Annotated[
        Date | None,
        Meta(description="The first day of shooting", examples=["1942-05-25"]),
        OPTIONAL,
    ]
    shoot_end: Annotated[
        Date | None,
        Meta(description="The last day of shooting, not before the first", examples=["1942-08-03"]),
        OPTIONAL,
    ]
    shoot_location: Annotated[
        Name | None, Meta(description="The place of shooting", examples=["Burbank"]), OPTIONAL
    ]
    director: Annotated[
        Name | None, Meta(description="The director", examples=["Michael Curtiz"]), OPTIONAL
    ]
    production_company: Annotated[
        Name | None,
        Meta(description="The company that produces it", examples=["Warner Bros."]),
        OPTIONAL,
    ]
    poster_url: Annotated[
        HttpsUrl | None,
        Meta(description="A picture, at https", examples=["https://example.com/poster.jpg"]),
        OPTIONAL,
    ]
    website: Annotated[
        HttpsUrl | None,
        Meta(description="The movie's own site, at https", examples=["https://example.com/"]),
        OPTIONAL,
    ]
    imdb_id: Annotated[
        ImdbTitle | None, Meta(description="The id in IMDb", examples=["tt0034583"]), OPTIONAL
    ]
    tmdb_id: Annotated[TmdbId | None, OPTIONAL]
    role_count: Annotated[Count, SERVER]
    part_count: Annotated[
        int, Meta(ge=0, description="The number of its parts", examples=[1]), SERVER
    ]


class MovieFilters(Filters):
    """The filters of the list of movies."""

    search: Annotated[Search, Meta(examples=["casab"])] | None = None
    status: (
        Annotated[MovieStatus, Meta(description="How far the production is", examples=["released"])]
        | None
    ) = None
    genre: Annotated[list[Genre], values("One of its genres", ["drama"])] | None = None
    released_from: (
        Annotated[Date, Meta(description="Released on this day or later", examples=["1940-01-01"])]
        | None
    ) = None
    released_to: (
        Annotated[
            Date, Meta(description="Released on this day or earlier", examples=["1949-12-31"])
        ]
        | None
    ) = None
    undated: (
        Annotated[
            bool,
            Meta(description="Whether its release date is not announced", examples=[False]),
        ]
        | None
    ) = None

    def __post_init__(self) -> None:
        check_search(self.search)
        check_range("released_from", self.released_from, "released_to", self.released_to)


NewMovie = create_body(Movie, "A movie to add.")
MovieChanges = change_body(Movie, "The fields of a movie to change.")


def _actor_name(role: RoleItem) -> str:
    return role.actor_name or ""


_actor_name_shown = Meta(description="The name of the actor", examples=["Humphrey Bogart"])


@resource(RoleItem)
class MovieRole(Role):
    """A role, as its movie shows it."""

    actor_name: Annotated[str, _actor_name_shown, SERVER._replace(read=_actor_name)]


@resource(RoleItem)
class CastMember(Resource):
    """An actor, as a movie's cast shows them."""

    id: Annotated[ActorId, SERVER._replace(read="actor_id")]
    name: Annotated[str, _actor_name_shown, SERVER._replace(read=_actor_name)]
    role_id: Annotated[RoleId, SERVER._replace(read="id")]
    character_name: CharacterName | None
    billing_order: BillingOrder | None
    version: Annotated[Version, SERVER]


@movies.route("/movies", methods=["GET"])
@requires("get:movies")
@sortable(*movie_store.SORTS)
@filterable(MovieFilters)
@answers(listing, Unsortable, movies=Movie)
def list_movies(order: str | None, filters: MovieFilters) -> Response:
    """List movies, by title or by release date; with filters those that match all of them.

    By release date, movies without one are last in both directions. A filtered list is sorted by
    release date, or with `search` perhaps in the order of the words; it cannot be sorted by title.
    A page of it may have fewer items than `limit`: only a null `next_cursor` ends the list.
    """
    name, sent = f"/movies?sort={order}{filters}", filters.sent()
    page = requested_page(name)
    if order is not None and not sent:
        return listing("movies", Movie, movie_store.page(order, **page), name)
    return listing("movies", Movie, movie_store.find(sent, order, **page), name)


@movies.route("/movies", methods=["POST"])
@requires("post:movies")
@accepts(NewMovie)
@answers(created, ExternalIdTaken, movie=Movie)
def create_movie(new: Body) -> Response:
    """Add a movie."""
    movie = movie_store.add(caller_sub(), replay(new), **fields_of(new))
    return created("movie", to_json(Movie, movie), "/movies")


@movies.route("/movies/{movie_id}", methods=["GET"])
@requires("get:movies")
@answers(one, MovieNotFound, movie=Movie, roles=list[MovieRole], next_cursor=NextCursor)
def get_movie(movie_id: MovieId) -> Response:
    """Show a movie and its first 100 roles, in billing order if these are all."""
    movie, page = movie_store.get(movie_id)
    return one(
        "movie",
        to_json(Movie, movie),
        roles=all_to_json(MovieRole, page.items),
        next_cursor=next_cursor(page, role_routes.list_name(movie_id=movie_id)),
    )


@movies.route("/movies/{movie_id}", methods=["PATCH"])
@requires("patch:movies")
@accepts(MovieChanges)
@answers(changed, MovieNotFound, ExternalIdTaken, movie=Movie, remaining=Remaining)
def change_movie(changes: Body, movie_id: MovieId) -> Response:
    """Change the fields that are sent. The others stay as they are."""
    movie, remaining = movie_store.change(movie_id, fields_of(changes), if_match(), caller_sub())
    return changed("movie", to_json(Movie, movie), remaining)


@movies.route("/movies/{movie_id}", methods=["DELETE"])
@requires("delete:movies")
@answers(deleted, MovieNotFound, deleted=MovieId, remaining=Remaining)
def delete_movie(movie_id: MovieId) -> Response:
    """Remove a movie, its parts with their candidates, and all its roles."""
    return deleted(movie_id, movie_store.remove(movie_id, if_match(), caller_sub()))


@movies.route("/movies/{movie_id}/actors", methods=["GET"])
@requires("get:movies")
@answers(listing, MovieNotFound, actors=CastMember)
def list_movie_actors(movie_id: MovieId) -> Response:
    """List a movie's cast in billing order."""
    name = f"/movies/{movie_id}/actors"
    return listing("actors", CastMember, role_store.cast(movie_id, **requested_page(name)), name)


@movies.route("/movies/{movie_id}/actors", methods=["POST"])
@requires("post:roles")
@accepts(NewRoleInMovie)
@answers(created, MovieNotFound, ActorNotFound, AlreadyCast, role=Role)
def cast_movie_actor(new: Body, movie_id: MovieId) -> Response:
    """Cast an actor in a movie: the same as POST /roles."""
    return role_routes.role_created(
        role_store.add(movie_id, by=caller_sub(), replay=replay(new), **fields_of(new))
    )


@movies.route("/movies/{movie_id}/actors/{actor_id}", methods=["DELETE"])
@requires("delete:roles")
@answers(deleted, RoleNotFound, deleted=RoleId)
def remove_movie_actor(movie_id: MovieId, actor_id: ActorId) -> Response:
    """Take an actor out of a movie: the same as DELETE /roles/{role_id}."""
    role_id = f"{movie_id}.{actor_id}"
    role_store.remove(role_id, if_match(), caller_sub())
    return deleted(role_id)
