"""The rules of the fields in request bodies, written a second time, from the contract's text."""

import datetime
import decimal
import json
import re
import string
import unicodedata
from collections.abc import Callable
from typing import Any, NamedTuple

import jsonschema_rs

from chalicelib.http.body import Body
from chalicelib.routes.actors import ActorChanges, NewActor
from chalicelib.routes.candidates import CandidateChanges
from chalicelib.routes.parts import NewPart, PartChanges
from dev.contract import openapi

Rule = Callable[[Any], bool]


class Shape(NamedTuple):
    """The rules of a body's fields, after texts are trimmed."""

    required: dict[str, Rule]
    optional: dict[str, Rule]


def trimmed(text: str) -> str:
    def is_blank(character: str) -> bool:
        return character.isspace() or character in "\u200b\u2060\ufeff"

    while text and is_blank(text[0]):
        text = text[1:]
    while text and is_blank(text[-1]):
        text = text[:-1]
    nothing = "\u115f\u1160\u2800\u3164\uffa0"
    shows = [c for c in text if unicodedata.category(c)[0] in "LNPS" and c not in nothing]
    return text if shows else ""


def trimmed_all(value: Any) -> Any:
    """Return a JSON value with every text in it trimmed. Names of members stay as they are."""
    if isinstance(value, str):
        return trimmed(value)
    if isinstance(value, list):
        return [trimmed_all(part) for part in value]
    return {k: trimmed_all(v) for k, v in value.items()} if isinstance(value, dict) else value


def is_line(most: int) -> Rule:
    return lambda value: (
        isinstance(value, str)
        and 1 <= len(value) <= most
        and not any(unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in value)
    )


def is_text(value: Any) -> bool:
    """Return whether this is text in lines."""
    return (
        isinstance(value, str)
        and 1 <= len(value) <= 2_000
        and not any(unicodedata.category(c) == "Cc" and c not in "\t\n\r" for c in value)
    )


def is_visible(text: str) -> bool:
    """Return whether a text has neither spaces nor control characters of ASCII and Latin-1."""
    return not any(c == " " or unicodedata.category(c) == "Cc" for c in text)


def is_url(value: Any) -> bool:
    if not isinstance(value, str) or len(value) > 2_000 or not value.startswith("https://"):
        return False
    (place,) = re.findall("^[^/?#]*", value[8:])
    host, colon, port = place.partition(":")
    is_port = not colon or (port.isascii() and port.isdigit() and len(port) <= 5)
    letters = string.ascii_letters + string.digits
    is_host = host != "" and host[0] in letters and host[-1] in letters
    is_host = is_host and all(c in letters + ".-" for c in host)
    return is_host and is_port and is_visible(value) and not {*'"<>\\^`{|}'} & {*value}


def is_email(value: Any) -> bool:
    if not isinstance(value, str) or value.count("@") != 1 or len(value) > 254:
        return False
    local, _, domain = value.partition("@")
    above, _, top = domain.rpartition(".")
    return 1 <= len(local) <= 64 and above != "" and top != "" and is_visible(value)


def is_phone(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    number = value.removeprefix("+")
    ends = {*number[:1], *number[-1:]}
    return (
        4 <= len(number) <= 39
        and ends <= {*string.digits}
        and {*number} <= {*string.digits, *" ()/.-"}
    )


def is_language(value: Any) -> bool:
    if not isinstance(value, str) or not value.isascii():
        return False
    language, *subtags = value.split("-")
    if subtags and len(subtags[0]) == 4 and subtags[0].isalpha() and subtags[0].istitle():
        del subtags[0]
    if subtags and (
        (len(subtags[0]) == 2 and subtags[0].isalpha() and subtags[0].isupper())
        or (len(subtags[0]) == 3 and subtags[0].isdigit())
    ):
        del subtags[0]
    return language.isalpha() and language.islower() and len(language) in (2, 3) and not subtags


def is_languages(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= 30
        and all(map(is_language, value))
        and all(
            level in ("basic", "conversational", "fluent", "native") for level in value.values()
        )
    )


def is_list(most: int, is_good: Rule) -> Rule:
    """Return the rule of a list of up to this many different items."""
    return lambda value: (
        isinstance(value, list)
        and len(value) <= most
        and all(map(is_good, value))
        and not any(part in value[:index] for index, part in enumerate(value))
    )


def is_among(choices: str) -> Rule:
    return lambda value: isinstance(value, str) and value in choices.split()


def is_imdb(prefix: str) -> Rule:
    return lambda value: (
        isinstance(value, str) and bool(re.fullmatch(prefix + "[0-9]{7,10}", value))
    )


AGENT: dict[str, Rule] = {
    "agency": is_line(200),
    "name": is_line(200),
    "email": is_email,
    "phone": is_phone,
}
"""The members of an agent. Each may be null or left out."""


def is_agent(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() <= AGENT.keys()
        and all(part is None or AGENT[name](part) for name, part in value.items())
    )


def is_availability(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= 50 and all(map(is_range, value))


def is_range(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"from", "to", "kind"}
        and is_date(value["from"])
        and is_date(value["to"])
        and value["from"] <= value["to"]
        and value["kind"] in ("free", "blocked")
    )


def is_date(value: Any) -> bool:
    if not isinstance(value, str) or not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return False
    try:
        return bool(datetime.date.fromisoformat(value))
    except ValueError:
        return False


def is_birth(value: Any) -> bool:
    """Return whether somebody who was born then is at most 150 years old today."""
    if not is_date(value):
        return False
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return bool(value <= today < f"{int(value[:4]) + 151:04}{value[4:]}")


MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)


def moment_in_utc(text: str) -> str | None:
    """Return a moment of RFC 3339 in UTC, or None if it is not one."""
    match = MOMENT.fullmatch(text)
    if match is None:
        return None
    day, time, fraction, sign, hours, minutes = match.groups()
    try:
        moment = datetime.datetime.fromisoformat(f"{day}T{time}+00:00")
        offset = datetime.time(int(hours or 0), int(minutes or 0))
        rounded = int(decimal.Decimal(fraction or 0).scaleb(6).quantize(0, decimal.ROUND_HALF_UP))
        moment += datetime.timedelta(microseconds=rounded)
        is_shown = 2 <= moment.year <= 9_998
        later = datetime.timedelta(hours=offset.hour, minutes=offset.minute)
        moment += later if sign == "-" else -later
    except (ValueError, OverflowError):
        return None
    if not is_shown or not 2 <= moment.year <= 9_998:
        return None
    return moment.isoformat().replace("+00:00", "Z")


def is_moment(value: Any) -> bool:
    return isinstance(value, str) and moment_in_utc(value) is not None


def is_whole(least: int, most: int) -> Rule:
    return lambda value: type(value) is int and least <= value <= most


def is_id(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= 64


def or_null(is_good: Rule) -> Rule:
    return lambda value: value is None or is_good(value)


BIRTH = {"age": or_null(is_whole(0, 150)), "date_of_birth": or_null(is_birth)}
PAIRS = {"playing_age_min": "playing_age_max", "shoot_start": "shoot_end", "work_start": "work_end"}
"""The second of a pair must not be less than the first."""

SCHEMAS: dict[str, Any] = json.loads(openapi.FILE.read_text())["components"]["schemas"]

DEFAULTS: dict[type[Body], dict[str, Any]] = {
    NewActor: {"active": True},
    NewPart: {"needed": 1, "status": "open"},
}
"""Values of fields that are left out at creation. The others are null; an age has none."""

GENRES = (
    "action adventure animation biography comedy crime documentary drama family fantasy history"
    " horror music musical mystery romance science_fiction sport thriller war western"
)

RULES: dict[str, Rule] = {
    "active": lambda value: value is True or value is False,
    "actor_id": is_id,
    "actor_ids": lambda value: value != [] and is_list(25, is_id)(value),
    "agent": or_null(is_agent),
    "audition_at": or_null(is_moment),
    "availability": or_null(is_availability),
    "base_city": or_null(is_line(200)),
    "base_country": or_null(lambda value: value in SCHEMAS["Country"]["enum"]),
    "billing_order": or_null(is_whole(1, 9_999)),
    "character_name": or_null(is_line(500)),
    "description": or_null(is_text),
    "director": or_null(is_line(200)),
    "email": or_null(is_email),
    "gender": is_among("female male non-binary other undisclosed"),
    "genres": or_null(is_list(8, is_among(GENRES))),
    "headshot_url": or_null(is_url),
    "height_cm": or_null(is_whole(30, 272)),
    "languages": or_null(is_languages),
    "movie_id": is_id,
    "name": is_line(200),
    "needed": is_whole(1, 80),
    "note": or_null(is_text),
    "notes": or_null(is_text),
    "original_language": or_null(is_language),
    "part_type": or_null(is_among("lead supporting featured extra")),
    "phone": or_null(is_phone),
    "playing_age_max": or_null(is_whole(0, 150)),
    "playing_age_min": or_null(is_whole(0, 150)),
    "poster_url": or_null(is_url),
    "production_company": or_null(is_line(200)),
    "rating": or_null(is_whole(1, 6)),
    "release_date": or_null(is_date),
    "role_type": or_null(is_among("lead supporting featured extra")),
    "runtime_minutes": or_null(is_whole(1, 1_000)),
    "shoot_end": or_null(is_date),
    "shoot_location": or_null(is_line(200)),
    "shoot_start": or_null(is_date),
    "skills": or_null(is_list(30, is_line(50))),
    "stage_name": or_null(is_line(200)),
    "status": or_null(
        is_among("rumored planned casting in_production post_production released canceled")
    ),
    "synopsis": or_null(is_text),
    "title": is_line(300),
    "tmdb_id": or_null(is_whole(1, 2_147_483_647)),
    "unions": or_null(is_list(8, is_line(50))),
    "website": or_null(is_url),
    "work_end": or_null(is_date),
    "work_start": or_null(is_date),
    **BIRTH,
}
"""The rules of fields, written a second time. Other fields follow the contract's schema."""

PART_RULES: dict[str, Rule] = {
    "gender": or_null(RULES["gender"]),
    "status": is_among("open closed"),
}
STATUSES = (
    "submitted shortlisted auditioning callback on_avail backup passed on_hold offered cast"
    " declined released"
)
OWN_RULES: dict[type[Body], dict[str, Rule]] = {
    NewPart: PART_RULES,
    PartChanges: PART_RULES,
    CandidateChanges: {"status": is_among(STATUSES)},
}
"""The rules of fields that differ from those of other bodies' fields with the same name."""


def rule_of(body_type: type[Body], name: str) -> Rule:
    if name == "imdb_id":
        return or_null(is_imdb("nm" if body_type in (NewActor, ActorChanges) else "tt"))
    if name in OWN_RULES.get(body_type, {}):
        return OWN_RULES[body_type][name]
    if name in RULES:
        return RULES[name]
    schema = {"$ref": f"#/components/schemas/{body_type.__name__}/properties/{name}"}
    components = {"components": {"schemas": SCHEMAS}}
    validator = jsonschema_rs.Draft202012Validator({**schema, **components}, validate_formats=True)
    # JSON Schema accepts 5.0 as an integer, and the API does not.
    return lambda value: not isinstance(value, float) and validator.is_valid(value)


def shape_of(body_type: type[Body]) -> Shape:
    rules = {name: rule_of(body_type, name) for name in body_type.__struct_fields__}
    required = set(SCHEMAS[body_type.__name__].get("required", ()))
    return Shape(
        {name: rule for name, rule in rules.items() if name in required},
        {name: rule for name, rule in rules.items() if name not in required},
    )
