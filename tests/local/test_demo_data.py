"""The demo data: its fields are valid, and it shows every state of a casting."""

import datetime
import enum
import itertools
import json
import re
from collections import Counter
from typing import Annotated, Any, NamedTuple

import msgspec
import pytest
from msgspec import Meta, Struct

from chalicelib.http.body import Body, trim
from chalicelib.http.fields import (
    Date,
    Gender,
    Languages,
    Name,
    PartType,
    PlayingAge,
    Skills,
    Text,
    Unions,
)
from chalicelib.routes.actors import NewActor
from chalicelib.routes.movies import NewMovie
from chalicelib.routes.roles import BillingOrder, NewRole
from tests.conftest import PROJECT
from tests.support.client import Client


class PartStatus(enum.StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class CandidateStatus(enum.StrEnum):
    SUBMITTED = "submitted"
    SHORTLISTED = "shortlisted"
    AUDITIONING = "auditioning"
    CALLBACK = "callback"
    ON_AVAIL = "on_avail"
    BACKUP = "backup"
    PASSED = "passed"
    ON_HOLD = "on_hold"
    OFFERED = "offered"
    CAST = "cast"
    DECLINED = "declined"
    RELEASED = "released"


ENGAGED = {"on_hold", "offered", "cast"}


class DemoCandidate(Struct, kw_only=True, forbid_unknown_fields=True):
    actor: Name
    status: CandidateStatus
    rating: Annotated[int, Meta(ge=1, le=6)] | None = None
    note: Text | None = None
    audition_at: Annotated[datetime.datetime, Meta(tz=True)] | None = None


class DemoPart(Struct, kw_only=True, forbid_unknown_fields=True):
    name: Name
    description: Text
    part_type: PartType
    billing_order: BillingOrder
    gender: Gender | None = None
    playing_age_min: PlayingAge
    playing_age_max: PlayingAge
    languages: Languages | None = None
    skills: Skills | None = None
    unions: Unions | None = None
    work_start: Date
    work_end: Date
    needed: Annotated[int, Meta(ge=1)] = 1
    status: PartStatus = PartStatus.OPEN
    candidates: list[DemoCandidate]


class Candidacy(NamedTuple):
    movie: dict[str, Any]
    part: dict[str, Any]
    candidate: dict[str, Any]


DEMO = json.loads((PROJECT / "dev" / "local" / "demo.json").read_text(encoding="utf-8"))
REAL_FILMS = [movie for movie in DEMO["movies"] if "parts" not in movie]
FILMS_IN_CASTING = [movie for movie in DEMO["movies"] if "parts" in movie]
REAL_NAMES = {credit["actor"] for movie in REAL_FILMS for credit in movie["cast"]}
REAL_ACTORS = [actor for actor in DEMO["actors"] if actor["name"] in REAL_NAMES]
INVENTED_ACTORS = [actor for actor in DEMO["actors"] if actor["name"] not in REAL_NAMES]
PARTS = [(movie, part) for movie in FILMS_IN_CASTING for part in movie["parts"]]
CANDIDACIES = [
    Candidacy(movie, part, candidate) for movie, part in PARTS for candidate in part["candidates"]
]


def without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


def texts(value: Any) -> list[str]:
    """Return every text in a JSON value."""
    if isinstance(value, dict):
        return [text for member in value.values() for text in texts(member)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [value] if isinstance(value, str) else []


def overlap(first: dict[str, Any], second: dict[str, Any], start: str, end: str) -> bool:
    """Whether two ranges have a common value, the first and the last included."""
    return bool(first[start] <= second[end] and second[start] <= first[end])


def is_blocked(actor: dict[str, Any], start: str, end: str) -> bool:
    return any(
        dates["kind"] == "blocked" and overlap(dates, {"from": start, "to": end}, "from", "to")
        for dates in actor.get("availability", [])
    )


# Every field is valid


def check(document: dict[str, Any], body_type: type[Body | Struct], name: str) -> None:
    try:
        msgspec.convert(document, body_type)
    except msgspec.ValidationError as error:
        pytest.fail(f"{name}: {error}")


def test_every_actor_is_a_valid_body() -> None:
    for actor in DEMO["actors"]:
        check(actor, NewActor, actor["name"])


def test_every_movie_is_a_valid_body() -> None:
    for movie in DEMO["movies"]:
        check(without(movie, "cast", "parts"), NewMovie, movie["title"])


def test_every_role_is_a_valid_body() -> None:
    for movie in DEMO["movies"]:
        for credit in movie["cast"]:
            body = {**without(credit, "actor"), "movie_id": "a movie", "actor_id": "an actor"}
            check(body, NewRole, f"{movie['title']}: {credit['actor']}")


def test_every_part_and_its_candidates_are_valid() -> None:
    for movie, part in PARTS:
        check(part, DemoPart, f"{movie['title']}: {part['name']}")
        assert part["playing_age_min"] <= part["playing_age_max"], part["name"]


def test_no_text_has_white_space_around_it() -> None:
    assert [text for text in texts(DEMO) if text != trim(text)] == []


def test_names_and_titles_are_unique() -> None:
    titles = [movie["title"] for movie in DEMO["movies"]]
    names = [actor["name"] for actor in DEMO["actors"]]
    parts = [(movie["title"], part["name"]) for movie, part in PARTS]
    for values in (titles, names, parts):
        assert len(set(values)) == len(values)


# Real films and real actors


def test_the_real_films_and_their_casts_are_complete() -> None:
    assert len(REAL_FILMS) == 26
    assert len(REAL_ACTORS) == len(REAL_NAMES) == 95
    assert sum(len(movie["cast"]) for movie in REAL_FILMS) == 126
    assert {movie["status"] for movie in REAL_FILMS} == {"released"}
    assert all(movie["release_date"] for movie in REAL_FILMS)


def test_a_real_actor_has_only_public_facts() -> None:
    assert {frozenset(actor) for actor in REAL_ACTORS} == {
        frozenset({"name", "gender", "date_of_birth"})
    }


def test_no_real_actor_is_a_candidate() -> None:
    assert {candidacy.candidate["actor"] for candidacy in CANDIDACIES} & REAL_NAMES == set()


# Films in casting


def test_three_films_are_in_casting() -> None:
    assert len(FILMS_IN_CASTING) == 3
    for movie in FILMS_IN_CASTING:
        assert (movie["status"], movie["release_date"], movie["cast"]) == ("casting", None, [])
        assert "2027-01-01" <= movie["shoot_start"] <= movie["shoot_end"] <= "2027-12-31"
        assert movie.keys() >= {"synopsis", "genres", "director", "shoot_location"}
        assert 6 <= len(movie["parts"]) <= 12


def test_the_work_dates_of_a_part_are_inside_the_shoot() -> None:
    for movie, part in PARTS:
        dates = (movie["shoot_start"], part["work_start"], part["work_end"], movie["shoot_end"])
        assert list(dates) == sorted(dates), part["name"]


def test_parts_are_completely_cast_without_candidates_and_closed() -> None:
    casts = [
        sum(candidate["status"] == "cast" for candidate in part["candidates"]) for _, part in PARTS
    ]
    needed = [part.get("needed", 1) for _, part in PARTS]
    assert all(count <= limit for count, limit in zip(casts, needed, strict=True))
    assert any(count == limit for count, limit in zip(casts, needed, strict=True))
    assert any(count == limit > 1 for count, limit in zip(casts, needed, strict=True))
    assert any(part["candidates"] == [] for _, part in PARTS)
    assert any(part.get("status") == "closed" for _, part in PARTS)


def test_every_film_in_casting_has_a_cast() -> None:
    """Three cast actors, because every movie of the demo data has three roles or more."""
    for movie in FILMS_IN_CASTING:
        names = [
            candidate["actor"]
            for part in movie["parts"]
            for candidate in part["candidates"]
            if candidate["status"] == "cast"
        ]
        assert len(set(names)) == len(names) >= 3, movie["title"]


# Invented actors


def test_about_60_actors_are_invented() -> None:
    assert 55 <= len(INVENTED_ACTORS) <= 65
    assert len({actor["base_country"] for actor in INVENTED_ACTORS}) >= 20
    assert all("headshot_url" not in actor for actor in INVENTED_ACTORS)
    assert sum(actor.get("active") is False for actor in INVENTED_ACTORS) == 1
    ages = Counter(
        "born" if "date_of_birth" in actor else "unknown" if actor["age"] is None else "age"
        for actor in INVENTED_ACTORS
    )
    assert ages.keys() == {"born", "unknown", "age"}


def test_contacts_reach_nobody() -> None:
    contacts = [
        contact
        for actor in INVENTED_ACTORS
        for contact in (actor, actor.get("agent", {}))
        if "email" in contact or "phone" in contact
    ]
    assert len(contacts) >= 20
    for contact in contacts:
        email, phone = contact.get("email", "a@example.com"), contact.get("phone", "+1 555 0100")
        assert re.fullmatch(r"[a-z.-]+@(?:[a-z-]+\.)?example\.com", email), email
        assert re.fullmatch(r"\+1 555 01[0-9]{2}", phone), phone


def test_availability_is_in_2027_and_in_order() -> None:
    for actor in INVENTED_ACTORS:
        dates = [day for r in actor.get("availability", []) for day in (r["from"], r["to"])]
        assert dates == sorted(dates), actor["name"]
        assert all(day.startswith("2027-") for day in dates), actor["name"]


def test_an_actor_rides_speaks_polish_and_is_free_in_may() -> None:
    matches = [
        actor["name"]
        for actor in INVENTED_ACTORS
        if actor["gender"] == "female"
        and actor["playing_age_min"] <= 40
        and actor["playing_age_max"] >= 30
        and "pl" in actor["languages"]
        and "riding" in actor["skills"]
        and "SAG-AFTRA" in actor.get("unions", [])
        and not is_blocked(actor, "2027-05-01", "2027-05-31")
    ]
    assert matches == ["Zofia Bursztynek"]


# Candidates


def test_150_candidates_have_every_status() -> None:
    assert len(CANDIDACIES) == 150
    statuses = {candidacy.candidate["status"] for candidacy in CANDIDACIES}
    assert statuses == {status.value for status in CandidateStatus}
    for name in ("rating", "note", "audition_at"):
        assert 0 < sum(name in candidacy.candidate for candidacy in CANDIDACIES) < 150


def test_a_candidate_is_an_active_actor_once_per_part() -> None:
    active = {actor["name"] for actor in INVENTED_ACTORS if actor.get("active", True)}
    for _, part in PARTS:
        names = [candidate["actor"] for candidate in part["candidates"]]
        assert len(set(names)) == len(names), part["name"]
        assert set(names) <= active, part["name"]


def test_an_audition_is_before_the_work_and_its_time_ends_in_z() -> None:
    for _, part, candidate in CANDIDACIES:
        time = candidate.get("audition_at")
        if time is not None:
            assert time.endswith("Z")
            assert time < part["work_start"]


def test_an_engaged_candidate_is_not_blocked_on_the_work_dates() -> None:
    actors = {actor["name"]: actor for actor in INVENTED_ACTORS}
    for _, part, candidate in CANDIDACIES:
        if candidate["status"] in ENGAGED:
            actor = actors[candidate["actor"]]
            assert not is_blocked(actor, part["work_start"], part["work_end"]), actor["name"]


def test_engagements_in_different_films_overlap() -> None:
    engagements = [c for c in CANDIDACIES if c.candidate["status"] in ENGAGED]
    conflicts = [
        first.candidate["actor"]
        for first, second in itertools.combinations(engagements, 2)
        if first.candidate["actor"] == second.candidate["actor"]
        and first.movie is not second.movie
        and overlap(first.part, second.part, "work_start", "work_end")
    ]
    assert len(conflicts) >= 2


def test_the_search_in_the_readme_finds_who_fits(real: Client) -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    query = dict(re.findall(r"-d (\w+)=(\S+)", readme))
    assert query.keys() == {
        "gender", "playing_age", "language", "skill", "union", "available_from", "available_to"
    }  # fmt: skip
    names = [actor["name"] for actor in real.every("/actors", "actors", **query)]
    assert names == ["Zofia Bursztynek"]
