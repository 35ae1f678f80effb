"""Candidates: the actors who are considered for a part."""

from typing import Annotated, cast

from chalice.app import Blueprint, Response
from msgspec import Meta, Struct

from chalicelib.errors import (
    ActorNotFound,
    CandidateNotFound,
    MovieNotFound,
    PartClosed,
    PartFull,
    PartNotFound,
    PermissionMissing,
    StillEngaged,
    TooManyEngagements,
    WrongTransition,
)
from chalicelib.http.answers import added, changed, deleted, listing, one
from chalicelib.http.body import Body, fields_of
from chalicelib.http.conditions import if_match, replay
from chalicelib.http.fields import (
    ACTOR_ID,
    ActorId,
    CandidateId,
    Date,
    HttpsUrl,
    Id,
    Moment,
    MovieId,
    Name,
    PartId,
    PlayingAge,
    Text,
    Time,
    unique,
)
from chalicelib.http.paging import requested_page
from chalicelib.http.query import Filters
from chalicelib.http.request import caller_permissions, caller_sub
from chalicelib.http.resource import (
    OPTIONAL,
    SERVER,
    Access,
    Versioned,
    all_to_json,
    body_of,
    change_body,
    resource,
    to_json,
)
from chalicelib.http.views import accepts, answers, filterable, requires
from chalicelib.limits import MAX_ADDED, MAX_CONFLICTS
from chalicelib.store import candidates as candidate_store
from chalicelib.store.items import BEST_RATING, Actor, CandidateItem, Engagement, PartItem
from chalicelib.store.statuses import SELECTION, Status

candidates = Blueprint(__name__)

UNKNOWN_ID = "A" * 16  # in the examples

ENGAGE = "post:roles"
"""The permission to engage, and to end an engagement."""


class Conflict(Struct):
    """Another engagement of the actor on the same days."""

    part_id: Annotated[PartId, Meta(examples=["Yq3vT0yLr8-kZb1N.aR6yB1nQw_4sLd0C"])]
    work_start: Annotated[Date, Meta(examples=["2027-05-01"])]
    work_end: Annotated[Date, Meta(examples=["2027-05-31"])]


def _conflicts(candidate: CandidateItem) -> list[dict[str, str]]:
    # Both have been read with the candidate.
    part, actor = cast(PartItem, candidate.part), cast(Actor, candidate.actor)
    if not actor.engagements or part.engagement is None:
        return []
    own = Engagement.parse(part.engagement)
    conflicts = [
        {"part_id": other.part_id, "work_start": other.work_start, "work_end": other.work_end}
        for other in map(Engagement.parse, actor.engagements)
        if other.part_id != own.part_id
        and other.work_start <= own.work_end
        and other.work_end >= own.work_start
    ]
    return conflicts[:MAX_CONFLICTS]


class Considered(Versioned):
    """What a candidate shows in every list."""

    id: Annotated[CandidateId, SERVER]
    movie_id: Annotated[MovieId, SERVER]
    part_id: Annotated[PartId, SERVER]
    actor_id: Annotated[ActorId, SERVER]
    status: Annotated[
        Status,
        Meta(
            description="The status. After on_hold, offered or cast, only declined and released end"
            " the engagement. After these, the next status is shortlisted",
            examples=["shortlisted"],
        ),
        Access(default=Status.SUBMITTED),
    ]
    status_since: Annotated[Time, SERVER]
    status_by: Annotated[
        str,
        Meta(description="Who set the status: the `sub` of the token", examples=["auth0|ilsa"]),
        SERVER,
    ]
    rating: Annotated[
        Annotated[
            int,
            Meta(
                ge=1,
                le=BEST_RATING,
                description=f"From 1 to {BEST_RATING}, which is the best; null if not rated",
                examples=[5],
            ),
        ]
        | None,
        OPTIONAL,
    ]
    note: Annotated[
        Text | None,
        Meta(description="What the agency thinks", examples=["Warm, quick, funny."]),
        OPTIONAL,
    ]
    audition_at: Annotated[
        Moment | None,
        Meta(
            description="When the audition is, as RFC 3339 with an offset; shown in UTC",
            examples=["2027-02-01T10:30:00Z"],
        ),
        OPTIONAL,
    ]


@resource(CandidateItem)
class Candidate(Considered):
    """An actor who is considered for a part."""

    actor_name: Annotated[
        Name,
        Meta(description="The name of the actor", examples=["Humphrey Bogart"]),
        SERVER._replace(read="actor.name"),
    ]
    playing_age_min: Annotated[
        PlayingAge | None, Meta(examples=[35]), SERVER._replace(read="actor.playing_age_min")
    ]
    playing_age_max: Annotated[
        PlayingAge | None, Meta(examples=[50]), SERVER._replace(read="actor.playing_age_max")
    ]
    headshot_url: Annotated[
        HttpsUrl | None,
        Meta(description="A portrait, at https", examples=["https://example.com/headshot.jpg"]),
        SERVER._replace(read="actor.headshot_url"),
    ]
    conflicts: Annotated[
        list[Conflict],
        Meta(
            max_length=MAX_CONFLICTS,
            description="Other engagements of the actor that overlap the part's dates, the first"
            f" {MAX_CONFLICTS}",
            examples=[[]],
        ),
        SERVER._replace(read=_conflicts),
    ]


@resource(CandidateItem)
class Candidacy(Considered):
    """A candidate, as the actor's own list shows it."""

    part_name: Annotated[
        Name,
        Meta(description="The name of the part", examples=["Rick Blaine"]),
        SERVER._replace(read="part.name"),
    ]
    movie_title: Annotated[
        str,
        Meta(description="The title of the movie", examples=["Casablanca"]),
        SERVER._replace(read="movie.title"),
    ]
    work_start: Annotated[
        Date | None,
        Meta(description="The first day of work", examples=["2027-05-01"]),
        SERVER._replace(read="part.work_start"),
    ]
    work_end: Annotated[
        Date | None,
        Meta(description="The last day of work", examples=["2027-06-30"]),
        SERVER._replace(read="part.work_end"),
    ]


class Refusal(Struct):
    """An actor who was not added, and why."""

    actor_id: Annotated[str, Meta(description="As it was sent", examples=[UNKNOWN_ID])]
    detail: Annotated[str, Meta(description="A sentence", examples=[ActorNotFound.detail])]


NewCandidates = body_of(
    "NewCandidates",
    "Actors to consider for a part.",
    actor_ids=Annotated[
        list[Id], Meta(min_length=1), unique(MAX_ADDED, "Actors", [ACTOR_ID, UNKNOWN_ID])
    ],
)


CandidateChanges = change_body(
    Candidate, "The fields of a candidate to change. Null removes a value."
)


class CandidateFilters(Filters):
    """The filters of a part's candidates."""

    status: (
        Annotated[
            Status,
            Meta(description="List only the candidates with this status", examples=["shortlisted"]),
        ]
        | None
    ) = None


def list_name(part_id: str, status: Status | None = None) -> str:
    """Return the name of a part's list with this filter, for its cursors."""
    return f"/parts/{part_id}/candidates?status={status}"


@candidates.route("/parts/{part_id}/candidates", methods=["GET"])
@requires("get:candidates")
@filterable(CandidateFilters)
@answers(listing, PartNotFound, candidates=Candidate)
def list_part_candidates(part_id: PartId, filters: CandidateFilters) -> Response:
    """List the candidates for a part; with `status` one column of its board, best rated first.

    Without `status` they are in the order of the board if they fit on one page. A page may have
    fewer items than `limit`: only a null `next_cursor` ends the list.
    """
    name = list_name(part_id, filters.status)
    page = candidate_store.of_part(part_id, filters.status, **requested_page(name))
    return listing("candidates", Candidate, page, name)


@candidates.route("/parts/{part_id}/candidates", methods=["POST"])
@requires("post:candidates")
@accepts(NewCandidates)
@answers(added, PartNotFound, PartClosed, candidates=list[Candidate], refused=list[Refusal])
def add_candidates(new: Body, part_id: PartId) -> Response:
    """Consider actors for a part.

    The response lists those who are on the part's list now, added or there already, and those who
    were refused.
    """
    actor_ids = fields_of(new)["actor_ids"]
    outcome = candidate_store.add(part_id, actor_ids, caller_sub(), replay(new))
    return added(
        candidates=all_to_json(Candidate, outcome.candidates),
        refused=[refusal._asdict() for refusal in outcome.refused],
    )


@candidates.route("/candidates/{candidate_id}", methods=["GET"])
@requires("get:candidates")
@answers(one, CandidateNotFound, candidate=Candidate)
def get_candidate(candidate_id: CandidateId) -> Response:
    """Show a candidate."""
    return one("candidate", to_json(Candidate, candidate_store.get(candidate_id)))


@candidates.route("/candidates/{candidate_id}", methods=["PATCH"])
@requires("patch:candidates")
@accepts(CandidateChanges)
@answers(
    changed,
    CandidateNotFound,
    PartFull,
    PartClosed,
    TooManyEngagements,
    WrongTransition,
    candidate=Candidate,
)
def change_candidate(changes: Body, candidate_id: CandidateId) -> Response:
    """Change the fields that are sent. Null removes a field's value.

    To engage somebody, and to end an engagement, also requires the permission `post:roles`. The
    status `cast` adds the role, or joins the part to the actor's role in the movie. Leaving it
    takes the part from the role, and removes a role that casting added when no part is left.
    """
    fields = fields_of(changes)
    status = fields.get("status")
    if status and status not in SELECTION and ENGAGE not in caller_permissions():
        raise PermissionMissing(f"The status {status} requires the permission {ENGAGE}.")
    item = candidate_store.change(candidate_id, fields, if_match(), caller_sub())
    return changed("candidate", to_json(Candidate, item))


@candidates.route("/candidates/{candidate_id}", methods=["DELETE"])
@requires("delete:candidates")
@answers(deleted, CandidateNotFound, StillEngaged, deleted=CandidateId)
def delete_candidate(candidate_id: CandidateId) -> Response:
    """Take an actor from a part's list."""
    candidate_store.remove(candidate_id, if_match(), caller_sub())
    return deleted(candidate_id)


@candidates.route("/movies/{movie_id}/candidates", methods=["GET"])
@requires("get:candidates")
@answers(listing, MovieNotFound, candidates=Candidate)
def list_movie_candidates(movie_id: MovieId) -> Response:
    """List everybody who is considered for a movie, by part, in the order of its board.

    A page may have fewer items than `limit`: only a null `next_cursor` ends the list.
    """
    name = f"/movies/{movie_id}/candidates"
    page = candidate_store.of_movie(movie_id, **requested_page(name))
    return listing("candidates", Candidate, page, name)


@candidates.route("/actors/{actor_id}/candidacies", methods=["GET"])
@requires("get:candidates")
@answers(listing, ActorNotFound, candidacies=Candidacy)
def list_actor_candidacies(actor_id: ActorId) -> Response:
    """List the parts that an actor is considered for: engaged, then in selection, then ended.

    A page may have fewer items than `limit`: only a null `next_cursor` ends the list.
    """
    name = f"/actors/{actor_id}/candidacies"
    page = candidate_store.of_actor(actor_id, **requested_page(name))
    return listing("candidacies", Candidacy, page, name)
