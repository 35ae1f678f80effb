"""The types of fields that several resources have."""

import datetime
import enum
from typing import Annotated, Any

from msgspec import Meta

from chalicelib.limits import (
    MAX_AGE,
    MAX_CURSOR,
    MAX_ID,
    MAX_LANGUAGES,
    MAX_NAME,
    MAX_SEARCH,
    MAX_SKILLS,
    MAX_TAG,
    MAX_TEXT,
    MAX_TMDB_ID,
    MAX_UNIONS,
    MAX_URL,
    MAX_VALUES,
)

EXPECTED: dict[str, str] = {}
"""What a person should send to match each pattern, by the pattern."""


def pattern(regex: str, expected: str, **meta: Any) -> Meta:
    """Return the Meta of a text that must match. A rejection says `expected` this."""
    EXPECTED[regex] = expected
    return Meta(pattern=regex, **meta)


def unique(max_length: int, description: str, example: list[Any]) -> Meta:
    """Return the Meta of a list of different items."""
    return Meta(
        max_length=max_length,
        description=f"{description}, at most {max_length}",
        examples=[example],
        extra_json_schema={"uniqueItems": True},
    )


_LINE = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]*"
_line = pattern(rf"\A{_LINE}\Z", "text without control characters")

Line = Annotated[str, Meta(min_length=1), _line]
"""Text of any script in one line, without control characters."""

Name = Annotated[Line, Meta(max_length=MAX_NAME)]
"""A name: 1 to MAX_NAME characters."""

Tag = Annotated[Line, Meta(max_length=MAX_TAG)]
"""A word or two, such as a skill: 1 to MAX_TAG characters."""

Text = Annotated[
    str,
    Meta(min_length=1, max_length=MAX_TEXT),
    pattern(
        r"\A[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*\Z",
        "text whose only control characters are tabs and line breaks",
    ),
]
"""Text in several lines: 1 to MAX_TEXT characters."""

HttpsUrl = Annotated[
    str,
    Meta(max_length=MAX_URL),
    pattern(
        r"\Ahttps://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?"
        r"(?:[/?#][^\x00-\x20\x22\x7f-\x9f<>\\^`{|}]*)?\Z",
        "a URL that begins with https://",
    ),
]
Email = Annotated[
    str,
    Meta(max_length=254),  # RFC 5321
    pattern(
        r"\A[^@\x00-\x20\x7f-\x9f]{1,64}@[^@\x00-\x20\x7f-\x9f]+\.[^@\x00-\x20\x7f-\x9f.]+\Z",
        "an email address",
    ),
]
Phone = Annotated[
    str,
    pattern(r"\A\+?[0-9][0-9 ()/.-]{2,37}[0-9]\Z", "a phone number of 4 to 40 characters"),
]
LanguageCode = Annotated[
    str,
    pattern(
        r"\A[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?\Z",
        "a BCP 47 language code such as en, pt-BR or zh-Hant",
    ),
]
Search = Annotated[
    Line,
    Meta(
        max_length=MAX_SEARCH,
        description="Words with which words of the names begin, without regard to case, accents and"
        " order",
    ),
]


def values(description: str, example: list[Any]) -> Meta:
    """Return the Meta of a filter that may be repeated: what is listed matches all values."""
    return Meta(
        min_length=1,
        max_length=MAX_VALUES,
        description=f"{description}; repeat it for up to {MAX_VALUES}, which must all match",
        examples=[example],
    )


TmdbId = Annotated[
    int, Meta(ge=1, le=MAX_TMDB_ID, description="The id in The Movie Database", examples=[289])
]


Moment = Annotated[datetime.datetime, Meta(tz=True)]
"""A moment with an offset from UTC, stored and shown in UTC."""


class Level(enum.StrEnum):
    """How well somebody speaks a language."""

    BASIC = "basic"
    CONVERSATIONAL = "conversational"
    FLUENT = "fluent"
    NATIVE = "native"


Languages = Annotated[
    dict[LanguageCode, Level],
    Meta(
        max_length=MAX_LANGUAGES,
        description=f"The level of each language by its BCP 47 code, at most {MAX_LANGUAGES}",
        examples=[{"en": "native", "pl": "fluent"}],
    ),
]
Skills = Annotated[list[Tag], unique(MAX_SKILLS, "Skills", ["riding", "fencing"])]
Unions = Annotated[list[Tag], unique(MAX_UNIONS, "Unions", ["SAG-AFTRA"])]
PlayingAge = Annotated[
    int, Meta(ge=0, le=MAX_AGE, description="An end of the range of ages that can be played")
]


class Gender(enum.StrEnum):
    """A gender, as an actor states it."""

    FEMALE = "female"
    MALE = "male"
    NON_BINARY = "non-binary"
    OTHER = "other"
    UNDISCLOSED = "undisclosed"


_COUNTRIES = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ
    EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW
    GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY
    KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV
    MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY
    QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG
    TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM
    ZW
"""

Country = enum.StrEnum("Country", [(code, code) for code in _COUNTRIES.split()])  # type: ignore[misc]  # mypy wants a literal
Country.__doc__ = "country codes of ISO 3166-1 in two letters, such as DE"


class PartType(enum.StrEnum):
    """How large a part is."""

    LEAD = "lead"
    SUPPORTING = "supporting"
    FEATURED = "featured"
    EXTRA = "extra"


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
        ge=1,
        description="The number of its roles and candidates that are not done yet, or more",
        examples=[250],
    ),
]
Version = Annotated[
    int,
    Meta(
        ge=1,
        description="The number of changes of its own fields. ETags begin with it",
        examples=[1],
    ),
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
PART_ID = f"{MOVIE_ID}.pR6yB1nQw_4sLd0C"
CANDIDATE_ID = f"{PART_ID}.{ACTOR_ID}"
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
PartId = Annotated[str, resource_id("The id of a part: its movie's and its own", PART_ID, 2)]
CandidateId = Annotated[
    str, resource_id("The id of a candidate: the part's and the actor's", CANDIDATE_ID, 3)
]
