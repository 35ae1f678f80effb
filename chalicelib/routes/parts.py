"""Parts: the characters of a movie that have to be cast."""

import enum
from typing import Annotated, Any

import msgspec
from chalice.app import Blueprint, Response
from msgspec import Meta

from chalicelib.errors import (
    MovieNotFound,
    NeededTooFew,
    PartNotFound,
    TooManyEngagements,
)
from chalicelib.http.answers import changed, created, deleted, listing, next_cursor, one
from chalicelib.http.body import Body, fields_of
from chalicelib.http.conditions import if_match, replay
from chalicelib.http.fields import (
    Date,
    Gender,
    Languages,
    MovieId,
    Name,
    NextCursor,
    PartId,
    PartType,
    PlayingAge,
    Remaining,
    Skills,
    Text,
    Unions,
)
from chalicelib.http.paging import requested_page
from chalicelib.http.query import Filters
from chalicelib.http.request import caller_sub
from chalicelib.http.resource import (
    OPTIONAL,
    SERVER,
    Access,
    Versioned,
    all_to_json,
    change_body,
    create_body,
    resource,
    to_json,
)
from chalicelib.http.views import accepts, answers, filterable, requires
from chalicelib.limits import MAX_ENGAGED
from chalicelib.routes import candidates as candidate_routes
from chalicelib.routes.candidates import Candidate
from chalicelib.routes.roles import BillingOrder
from chalicelib.store import parts as part_store
from chalicelib.store.items import PartItem
from chalicelib.store.statuses import PartStatus, Status

parts = Blueprint(__name__)


def _count(example: int) -> Any:
    return Annotated[int, Meta(ge=0, description="The number of candidates", examples=[example])]


Counts: Any = msgspec.defstruct(
    "Counts",
    [(status.value, _count(int(status is Status.SHORTLISTED))) for status in Status],
    namespace={"__doc__": "The candidates for a part, by status."},
)


class OpenOrClosed(enum.StrEnum):
    """What a part's status can be set to. `cast` follows from `needed`."""

    OPEN = "open"
    CLOSED = "closed"


@resource(PartItem)
class Part(Versioned):
    """A character that has to be cast."""

    id: Annotated[PartId, SERVER]
    movie_id: Annotated[MovieId, SERVER]
    name: Annotated[Name, Meta(description="The character", examples=["Rick Blaine"])]
    description: Annotated[
        Text | None,
        Meta(description="Who the character is", examples=["A cynical owner of a nightclub."]),
        OPTIONAL,
    ]
    part_type: Annotated[
        PartType | None, Meta(description="How large the part is", examples=["lead"]), OPTIONAL
    ]
    billing_order: Annotated[BillingOrder | None, OPTIONAL]
    gender: Annotated[
        Gender | None, Meta(description="The gender of the character", examples=["male"]), OPTIONAL
    ]
    playing_age_min: Annotated[PlayingAge | None, Meta(examples=[35]), OPTIONAL]
    playing_age_max: Annotated[PlayingAge | None, Meta(examples=[50]), OPTIONAL]
    languages: Annotated[Languages | None, OPTIONAL]
    skills: Annotated[Skills | None, OPTIONAL]
    unions: Annotated[Unions | None, OPTIONAL]
    work_start: Annotated[
        Date | None, Meta(description="The first day of work", examples=["2027-05-01"]), OPTIONAL
    ]
    work_end: Annotated[
        Date | None,
        Meta(description="The last day of work, not before the first", examples=["2027-06-30"]),
        OPTIONAL,
    ]
    needed: Annotated[
        int,
        Meta(ge=1, le=MAX_ENGAGED, description="How many people it needs", examples=[1]),
        Access(optional=True, default=1),
    ]
    status: Annotated[
        PartStatus,
        Meta(
            description="open, or cast when `needed` people are cast, or closed", examples=["open"]
        ),
        Access(
            optional=True,
            default=OpenOrClosed.OPEN,
            body_type=Annotated[
                OpenOrClosed, Meta(description="open or closed", examples=["open"])
            ],
        ),
    ]
    candidate_count: Annotated[
        int, Meta(ge=0, description="The number of candidates", examples=[1]), SERVER
    ]
    counts: Annotated[Counts, SERVER]


@resource(PartItem)
class PartOfMovie(Part):
    """A part, as a list of the parts of all movies shows it."""

    movie_title: Annotated[
        str,
        Meta(description="The title of the movie", examples=["Casablanca"]),
        SERVER._replace(read="movie.title"),
    ]


NewPart = create_body(Part, "A part to add to a movie.")
PartChanges = change_body(Part, "The fields of a part to change. Null removes a value.")


class PartFilters(Filters):
    """The filters of the list of all movies' parts."""

    status: (
        Annotated[
            PartStatus,
            Meta(
                description="List the parts with this status; open if it is not sent",
                examples=["open"],
            ),
        ]
        | None
    ) = None


@parts.route("/movies/{movie_id}/parts", methods=["GET"])
@requires("get:parts")
@answers(listing, MovieNotFound, parts=Part)
def list_movie_parts(movie_id: MovieId) -> Response:
    """List a movie's parts in billing order: its breakdown."""
    name = f"/movies/{movie_id}/parts"
    return listing("parts", Part, part_store.of_movie(movie_id, **requested_page(name)), name)


@parts.route("/movies/{movie_id}/parts", methods=["POST"])
@requires("post:parts")
@accepts(NewPart)
@answers(created, MovieNotFound, part=Part)
def create_part(new: Body, movie_id: MovieId) -> Response:
    """Add a part to a movie."""
    part = part_store.add(movie_id, caller_sub(), replay(new), **fields_of(new))
    return created("part", to_json(Part, part), "/parts")


@parts.route("/parts", methods=["GET"])
@requires("get:parts")
@filterable(PartFilters)
@answers(listing, parts=PartOfMovie)
def list_parts(filters: PartFilters) -> Response:
    """List the parts of all movies with a status, the earliest work first, undated ones last."""
    status = filters.status or PartStatus.OPEN
    name = f"/parts?status={status}"
    page = part_store.of_status(status, **requested_page(name))
    return listing("parts", PartOfMovie, page, name)


@parts.route("/parts/{part_id}", methods=["GET"])
@requires("get:parts")
@answers(one, PartNotFound, part=Part, candidates=list[Candidate], next_cursor=NextCursor)
def get_part(part_id: PartId) -> Response:
    """Show a part and its first 100 candidates, in the order of the board if these are all."""
    part, page = part_store.get(part_id)
    return one(
        "part",
        to_json(Part, part),
        candidates=all_to_json(Candidate, page.items),
        next_cursor=next_cursor(page, candidate_routes.list_name(part_id)),
    )


@parts.route("/parts/{part_id}", methods=["PATCH"])
@requires("patch:parts")
@accepts(PartChanges)
@answers(changed, PartNotFound, NeededTooFew, TooManyEngagements, part=Part)
def change_part(changes: Body, part_id: PartId) -> Response:
    """Change the fields that are sent. Null removes a field's value."""
    part = part_store.change(part_id, fields_of(changes), if_match(), caller_sub())
    return changed("part", to_json(Part, part))


@parts.route("/parts/{part_id}", methods=["DELETE"])
@requires("delete:parts")
@answers(deleted, PartNotFound, deleted=PartId, remaining=Remaining)
def delete_part(part_id: PartId) -> Response:
    """Remove a part and all its candidates. Who was cast leaves the role."""
    return deleted(part_id, part_store.remove(part_id, if_match(), caller_sub()))
