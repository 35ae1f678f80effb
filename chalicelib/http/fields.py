"""The types of fields that several resources have."""

import datetime
from typing import Annotated

from msgspec import Meta

from chalicelib.limits import MAX_CURSOR, MAX_ID, MAX_NAME

Name = Annotated[
    str, Meta(min_length=1, max_length=MAX_NAME, pattern=r"\A[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z")
]
"""A title or a name: 1 to MAX_NAME characters of any script, without control characters."""

Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID)]
"""An id in a body. The store decides whether it can be one of ours."""

Date = datetime.date
"""A day, stored and shown as YYYY-MM-DD."""

Cursor = Annotated[
    str, Meta(pattern=r"\A[A-Za-z0-9_-]+\Z", max_length=MAX_CURSOR, description="A place in a list")
]
NextCursor = Annotated[
    Cursor | None,
    Meta(description="The cursor of the next page; null on the last page", examples=[None]),
]
Count = Annotated[int, Meta(ge=0, description="The number of its roles", examples=[1])]
Remaining = Annotated[
    int,
    Meta(
        ge=1, description="The number of its roles that are not done yet, or more", examples=[250]
    ),
]
Version = Annotated[
    int,
    Meta(ge=1, description="The number of changes of its own fields; also its ETag", examples=[1]),
]
Time = Annotated[
    str,
    Meta(
        description="A time in RFC 3339, in UTC",
        examples=["2026-11-25T09:30:00.000000Z"],
        extra_json_schema={"format": "date-time"},
    ),
]

MOVIE_ID, ACTOR_ID = "Xq3vT0yLr8-kZb1N", "h7Gd_2cWm5RpUe9J"  # in the contract's examples
ROLE_ID = f"{MOVIE_ID}.{ACTOR_ID}"
_ID = "[A-Za-z0-9_-]{16}"


def resource_id(description: str, example: str, parts: int = 1) -> Meta:
    """Return the pattern of an id that the server made of this many parts."""
    return Meta(
        pattern=r"\A" + r"\.".join([_ID] * parts) + r"\Z",
        description=description,
        examples=[example],
    )


MovieId = Annotated[str, resource_id("The id of a movie", MOVIE_ID)]
ActorId = Annotated[str, resource_id("The id of an actor", ACTOR_ID)]
RoleId = Annotated[str, resource_id("The id of a role: its movie's and its actor's", ROLE_ID, 2)]
