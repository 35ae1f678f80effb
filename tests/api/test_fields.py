"""The fields of movies, actors and roles: their limits, and who sees personal data."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from chalicelib.store.table import Item
from tests.support.client import Client, assert_failure
from tests.support.issuer import Issuer


class Place(NamedTuple):
    """Where a kind of resource is created: the path, the required fields, and its member."""

    path: str
    required: dict[str, Any]
    member: str

    def create(self, client: Client, **fields: Any) -> dict[str, Any]:
        """Create a resource with these fields and return it."""
        response = client.post(self.path, {**self.required, **fields})
        assert response.status == 201, response
        resource: dict[str, Any] = response[self.member]
        return resource


@pytest.fixture
def places(producer: Client) -> dict[str, Place]:
    """The three kinds of resources."""
    role = {"movie_id": producer.new_movie(), "actor_id": producer.new_actor()}
    return {
        "movie": Place("/movies", {"title": "Heat", "release_date": "1995-12-15"}, "movie"),
        "actor": Place("/actors", {"name": "Al Pacino", "gender": "male", "age": 55}, "actor"),
        "role": Place("/roles", role, "role"),
    }


OTHER_FIELDS = {
    "movie": ("title", "Heat 2"),
    "actor": ("name", "Alfredo Pacino"),
    "role": ("billing_order", 7),
}
"""A field of each kind that a PATCH changes while another field must stay."""

LONG_URL = "https://example.com/" + "x" * 1_980
DATES = ["0001-01-01", "2024-02-29", "9999-12-31"]
LINES = ["x", "x" * 200, "Zoë 千尋 🎬"]
URLS = [LONG_URL, "https://a.b", "https://example.com:8443/a?b=c#d", "https://example.com/é"]
TEXTS = ["x", "x" * 2_000, "A line.\n\tAnother line."]
EMAILS = ["a@b.c", "zoë+films@müller.example", "x" * 64 + "@" + "y" * 187 + ".z"]
PHONES = ["1234", "+49 (0)30/123-45.6", "+" + "1" * 39]
TMDB_IDS = [1, 2_147_483_647]
GENRES = ["action", "comedy", "drama", "horror", "music", "sport", "war", "western"]
MANY_LANGUAGES = {f"a{x}{y}": "basic" for x in "abcdef" for y in "abcde"}
FREE = {"from": "2027-05-01", "to": "2027-05-31", "kind": "free"}
BLOCKED = {"from": "2027-06-01", "to": "2027-06-01", "kind": "blocked"}
AGENT = {"agency": "X" * 200, "name": "Sue", "email": "sue@agency.example", "phone": "+1 555 0100"}

GOOD: dict[str, dict[str, list[Any]]] = {
    "movie": {
        "status": [
            *("rumored", "planned", "casting", "in_production", "post_production"),
            *("released", "canceled"),
        ],
        "synopsis": TEXTS,
        "genres": [[], ["science_fiction"], GENRES],
        "runtime_minutes": [1, 1_000],
        "original_language": ["en", "yue", "pt-BR", "zh-Hant", "sr-Latn-RS", "es-419"],
        "shoot_start": DATES,
        "shoot_end": DATES,
        "shoot_location": LINES,
        "director": LINES,
        "production_company": LINES,
        "poster_url": URLS,
        "website": URLS,
        "imdb_id": ["tt0034583", "tt1234567890"],
        "tmdb_id": TMDB_IDS,
    },
    "actor": {
        "stage_name": LINES,
        "playing_age_min": [0, 150],
        "playing_age_max": [0, 150],
        "height_cm": [30, 272],
        "languages": [{}, {"en": "native", "pt-BR": "conversational"}, MANY_LANGUAGES],
        "skills": [[], ["x" * 50], [f"skill {number}" for number in range(30)]],
        "unions": [[], ["x" * 50], [f"union {number}" for number in range(8)]],
        "agent": [AGENT, dict.fromkeys(AGENT), {**dict.fromkeys(AGENT), "phone": "1234"}],
        "email": EMAILS,
        "phone": PHONES,
        "headshot_url": URLS,
        "base_city": LINES,
        "base_country": ["AD", "DE", "ZW"],
        "availability": [[], [FREE, BLOCKED], [FREE] * 50],
        "imdb_id": ["nm0000007", "nm1234567890"],
        "tmdb_id": TMDB_IDS,
        "notes": TEXTS,
    },
    "role": {
        "character_name": ["x", "x" * 500, "The President / Dr. Strangelove"],
        "role_type": ["lead", "supporting", "featured", "extra"],
        "work_start": DATES,
        "work_end": DATES,
    },
}
"""Values that are stored and shown as they are sent, by kind of resource and field."""

FIELDS = [(kind, field) for kind, fields in GOOD.items() for field in fields]


@pytest.mark.parametrize(("kind", "field"), FIELDS)
def test_a_value_at_its_limit_is_stored_and_survives_other_changes(
    producer: Client, places: dict[str, Place], kind: str, field: str
) -> None:
    place = places[kind]
    path = ""
    for value in GOOD[kind][field]:
        if not path or kind != "role":  # an actor has one role in a movie
            resource = place.create(producer, **{field: value})
            path = f"{place.path}/{resource['id']}"
        else:
            resource = producer.patch(path, {field: value})[kind]
        assert resource[field] == value
        assert producer.get(path)[kind] == resource
    name, new_value = OTHER_FIELDS[kind]
    changed = producer.patch(path, {name: new_value})[kind]
    assert (changed[name], changed[field]) == (new_value, value)
    assert producer.get(path)[kind] == changed
    assert changed in producer.every(place.path, f"{kind}s")


@pytest.mark.parametrize(("kind", "field"), FIELDS)
def test_a_value_can_be_set_later_and_null_removes_it(
    producer: Client, places: dict[str, Place], kind: str, field: str
) -> None:
    place = places[kind]
    before = place.create(producer)
    assert before[field] is None
    path = f"{place.path}/{before['id']}"
    value = GOOD[kind][field][-1]
    changed = producer.patch(path, {field: value})[kind]
    assert producer.get(path)[kind] == changed
    assert {name for name in changed if changed[name] != before[name]} == {
        field,
        "version",
        "updated_at",
    }
    removed = producer.patch(path, {field: None})[kind]
    assert removed[field] is None
    assert producer.get(path)[kind] == removed


@pytest.mark.parametrize(("kind", "field"), FIELDS)
def test_null_at_creation_is_the_same_as_leaving_the_field_out(
    producer: Client, places: dict[str, Place], kind: str, field: str
) -> None:
    assert places[kind].create(producer, **{field: None})[field] is None


def test_a_resource_with_all_fields_is_shown_whole(
    producer: Client, places: dict[str, Place]
) -> None:
    for kind, place in places.items():
        fields = {field: values[-1] for field, values in GOOD[kind].items()}
        resource = place.create(producer, **fields)
        assert {field: resource[field] for field in fields} == fields
        assert producer.get(f"{place.path}/{resource['id']}")[kind] == resource


def test_texts_are_trimmed_also_inside_lists_and_objects(
    producer: Client, places: dict[str, Place]
) -> None:
    actor = places["actor"].create(
        producer,
        skills=[" riding\u200b"],
        agent={"name": "\tSue\n"},
        languages={"en": " fluent "},
        availability=[{**FREE, "kind": "free "}],
        notes="\n two\nlines \n",
    )
    assert actor["skills"] == ["riding"]
    assert actor["agent"] == {**dict.fromkeys(AGENT), "name": "Sue"}
    assert actor["languages"] == {"en": "fluent"}
    assert actor["availability"] == [FREE]
    assert actor["notes"] == "two\nlines"


SECRET = "s3kr1t"
"""A part of the bad values. No rejection may quote it."""

NO_CONTROLS = "expected text without control characters."
NO_URL = "expected a URL that begins with https://."
NO_EMAIL = "expected an email address."
NO_PHONE = "expected a phone number of 4 to 40 characters."
NO_LANGUAGE = "expected a BCP 47 language code such as en, pt-BR or zh-Hant."
NO_DATE = "expected a date that exists, as YYYY-MM-DD."
EMPTY = "expected some text, not an empty string."
TOO_LONG = "expected at most {} characters."
REPEATED = "expected no repeated items."
BAD_LINES = [
    ("", "{}: " + EMPTY),
    (" \u200b", "{}: " + EMPTY),
    (f"{SECRET}\x07", "{}: " + NO_CONTROLS),
    (f"{SECRET}\n{SECRET}", "{}: " + NO_CONTROLS),
    (SECRET * 34, "{}: " + TOO_LONG.format(200)),
    (5, "{}: expected text or null, got a whole number."),
]
BAD_TEXTS = [
    ("", "{}: " + EMPTY),
    (f"{SECRET}\x00", "{}: expected text whose only control characters are tabs and line breaks."),
    ("x" * 2_001, "{}: " + TOO_LONG.format("2000")),
    ([SECRET], "{}: expected text or null, got a list."),
]
BAD_URLS = [
    (url, "{}: " + NO_URL)
    for url in (
        f"http://{SECRET}.com",
        f"//{SECRET}.com",
        f"javascript:{SECRET}",
        f"https://{SECRET}.com/a b",
        f'https://{SECRET}.com/"',
        f"https://user:{SECRET}@example.com/",
        f"https://-{SECRET}",
        f"https://{SECRET}:123456",
        "https://",
        "",
    )
] + [(f"https://example.com/{'x' * 1_981}", "{}: " + TOO_LONG.format("2000"))]
BAD_EMAILS = [
    (email, "{}: " + NO_EMAIL)
    for email in (SECRET, f"{SECRET}@b", "@b.c", f"a@{SECRET}.", f"a b@{SECRET}.c", "a@b@c.d", "")
] + [("a@" + "b" * 251 + ".c", "{}: " + TOO_LONG.format(254))]
BAD_PHONES = [
    (phone, "{}: " + NO_PHONE)
    for phone in ("123", SECRET, "0049-", "+", "1" * 40, "12\u0663\u0664", "")
]
BAD_DATES = [
    ("2023-02-29", "{}: " + NO_DATE),
    (SECRET, "{}: " + NO_DATE),
    ("2024-01-01T00:00:00Z", "{}: " + NO_DATE),
    (20240101, "{}: expected a date as YYYY-MM-DD or null, got a whole number."),
]
BAD_TMDB_IDS = [
    (0, "{}: expected a number of 1 or more."),
    (2_147_483_648, "{}: expected a number of 2147483647 or less."),
    ("5", "{}: expected a whole number or null, got text."),
    (True, "{}: expected a whole number or null, got true or false."),
]
BAD_AGES = [
    (-1, "{}: expected a number of 0 or more."),
    (151, "{}: expected a number of 150 or less."),
    (30.5, "{}: expected a whole number or null, got a number with a fraction."),
]
ALL_GENRES = (
    "action, adventure, animation, biography, comedy, crime, documentary, drama, family, fantasy,"
    " history, horror, music, musical, mystery, romance, science_fiction, sport, thriller, war,"
    " western"
)

BAD: dict[str, dict[str, list[tuple[Any, str]]]] = {
    "movie": {
        "status": [
            (
                SECRET,
                "status: expected one of rumored, planned, casting, in_production,"
                " post_production, released, canceled.",
            ),
        ],
        "synopsis": BAD_TEXTS,
        "genres": [
            ([SECRET], f"genres[0]: expected one of {ALL_GENRES}."),
            (["drama", "Drama"], f"genres[1]: expected one of {ALL_GENRES}."),
            ([*GENRES, "crime"], "genres: expected at most 8 items."),
            (["drama", "war", "drama"], f"genres: {REPEATED}"),
            ("drama", "genres: expected a list or null, got text."),
            ([5], "genres[0]: expected text, got a whole number."),
        ],
        "runtime_minutes": [
            (0, "runtime_minutes: expected a number of 1 or more."),
            (1_001, "runtime_minutes: expected a number of 1000 or less."),
            ("90", "runtime_minutes: expected a whole number or null, got text."),
        ],
        "original_language": [
            (code, f"original_language: {NO_LANGUAGE}")
            for code in ("English", "EN", "en-us", "en_US", "e", "en-", SECRET, "")
        ],
        "shoot_start": BAD_DATES,
        "shoot_end": BAD_DATES,
        "shoot_location": BAD_LINES,
        "director": BAD_LINES,
        "production_company": BAD_LINES,
        "poster_url": BAD_URLS,
        "website": BAD_URLS,
        "imdb_id": [
            (text, "imdb_id: expected tt and 7 to 10 digits, such as tt0034583.")
            for text in ("tt003458", "nm0000007", "tt12345678901", SECRET, "TT0034583")
        ],
        "tmdb_id": BAD_TMDB_IDS,
    },
    "actor": {
        "stage_name": BAD_LINES,
        "playing_age_min": BAD_AGES,
        "playing_age_max": BAD_AGES,
        "height_cm": [
            (29, "height_cm: expected a number of 30 or more."),
            (273, "height_cm: expected a number of 272 or less."),
            (1.8, "height_cm: expected a whole number or null, got a number with a fraction."),
        ],
        "languages": [
            ({SECRET: "native"}, f"languages: {NO_LANGUAGE}"),
            ({"EN": "native"}, f"languages: {NO_LANGUAGE}"),
            (
                {"en": SECRET},
                "languages: expected one of basic, conversational, fluent, native.",
            ),
            ({"en": None}, "languages: expected text, got null."),
            ({**MANY_LANGUAGES, "en": "basic"}, "languages: expected at most 30 members."),
            (["en"], "languages: expected an object or null, got a list."),
        ],
        "skills": [
            (["riding", "fencing", "riding"], f"skills: {REPEATED}"),
            (["riding", " riding "], f"skills: {REPEATED}"),
            (["riding", ""], f"skills[1]: {EMPTY}"),
            ([SECRET * 9], f"skills[0]: {TOO_LONG.format(50)}"),
            ([f"{SECRET}\n{SECRET}"], f"skills[0]: {NO_CONTROLS}"),
            ([f"skill {number}" for number in range(31)], "skills: expected at most 30 items."),
            (SECRET, "skills: expected a list or null, got text."),
            ([None], "skills[0]: expected text, got null."),
        ],
        "unions": [
            (["SAG-AFTRA", "SAG-AFTRA"], f"unions: {REPEATED}"),
            ([SECRET * 9], f"unions[0]: {TOO_LONG.format(50)}"),
            ([f"union {number}" for number in range(9)], "unions: expected at most 8 items."),
        ],
        "agent": [
            ({"email": SECRET}, f"agent.email: {NO_EMAIL}"),
            ({"phone": SECRET}, f"agent.phone: {NO_PHONE}"),
            ({"name": ""}, f"agent.name: {EMPTY}"),
            ({"agency": SECRET * 34}, f"agent.agency: {TOO_LONG.format(200)}"),
            ({SECRET: 1}, "agent: expected only the members agency, name, email, phone."),
            (SECRET, "agent: expected an object or null, got text."),
        ],
        "email": BAD_EMAILS,
        "phone": BAD_PHONES,
        "headshot_url": BAD_URLS,
        "base_city": BAD_LINES,
        "base_country": [
            (
                code,
                "base_country: expected one of the country codes of ISO 3166-1 in two letters,"
                " such as DE.",
            )
            for code in ("UK", "de", "DEU", "XX", SECRET, "")
        ],
        "availability": [
            ([{**FREE, "from": SECRET}], f"availability[0].from: {NO_DATE}"),
            ([FREE, {**FREE, "to": "2027-02-29"}], f"availability[1].to: {NO_DATE}"),
            (
                [{**FREE, "kind": SECRET}],
                "availability[0].kind: expected one of free, blocked.",
            ),
            ([{"from": "2027-05-01", "kind": "free"}], "availability[0].to is missing."),
            (
                [{**FREE, SECRET: 1}],
                "availability[0]: expected only the members from, to, kind.",
            ),
            (
                [FREE, {**FREE, "to": "2027-04-30"}],
                "availability[1]: expected a range that does not end before it begins.",
            ),
            ([SECRET], "availability[0]: expected an object, got text."),
            ([FREE] * 51, "availability: expected at most 50 items."),
            (FREE, "availability: expected a list or null, got an object."),
        ],
        "imdb_id": [
            (text, "imdb_id: expected nm and 7 to 10 digits, such as nm0000007.")
            for text in ("nm000000", "tt0034583", "nm12345678901", SECRET)
        ],
        "tmdb_id": BAD_TMDB_IDS,
        "active": [
            (None, "active: expected true or false, got null."),
            ("yes", "active: expected true or false, got text."),
            (1, "active: expected true or false, got a whole number."),
        ],
        "notes": BAD_TEXTS,
    },
    "role": {
        "character_name": [
            ("x" * 501, f"character_name: {TOO_LONG.format(500)}"),
            ("", f"character_name: {EMPTY}"),
        ],
        "role_type": [
            (SECRET, "role_type: expected one of lead, supporting, featured, extra."),
        ],
        "work_start": BAD_DATES,
        "work_end": BAD_DATES,
        "part_ids": [([], "part_ids is not a field here: send")],
    },
}
"""Values that are rejected, and the `detail`. `{}` in it is the name of the field."""


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind, fields in BAD.items() for field in fields]
)
def test_a_bad_value_is_rejected_by_name_and_changes_nothing(
    producer: Client, places: dict[str, Place], kind: str, field: str
) -> None:
    place = places[kind]
    before = place.create(producer)
    path = f"{place.path}/{before['id']}"
    name, new_value = OTHER_FIELDS[kind]
    for value, detail in BAD[kind][field]:
        for response in (
            producer.post(place.path, {**place.required, field: value}),
            producer.patch(path, {field: value}),
            producer.patch(path, {name: new_value, field: value}),
        ):
            assert_failure(response, 422)
            assert response["detail"].startswith(detail.replace("{}", field)), value
            assert SECRET not in response.text
    assert producer.get(path)[kind] == before
    # The movie and the actor of the role are of the fixture.
    expected = 1 if kind == "role" else 2
    assert len(producer.get(place.path)[f"{kind}s"]) == expected


PAIRS: list[tuple[str, str, str, list[Any]]] = [
    ("movie", "shoot_start", "shoot_end", ["2027-05-01", "2027-05-02", "2027-05-03"]),
    ("actor", "playing_age_min", "playing_age_max", [9, 10, 100]),
    ("role", "work_start", "work_end", ["2027-05-01", "2027-05-02", "2027-05-03"]),
]


@pytest.mark.parametrize(("kind", "low", "high", "values"), PAIRS)
def test_a_pair_in_the_wrong_order_is_rejected_in_any_write(
    producer: Client,
    places: dict[str, Place],
    kind: str,
    low: str,
    high: str,
    values: list[Any],
) -> None:
    least, middle, most = values
    place = places[kind]
    detail = f"{high}: expected nothing less than {low}."
    rejected = producer.post(place.path, {**place.required, low: most, high: middle})
    assert_failure(rejected, 422)
    assert rejected["detail"] == detail
    before = place.create(producer, **{low: middle, high: middle})  # equal ends are a range
    path = f"{place.path}/{before['id']}"
    name, new_value = OTHER_FIELDS[kind]
    for changes in ({low: most, high: least}, {low: most}, {high: least}):
        for more in ({}, {name: new_value}):
            rejected = producer.patch(path, {**changes, **more})
            assert_failure(rejected, 422)
            assert rejected["detail"] == detail
    assert producer.get(path)[kind] == before
    for changes in ({low: least}, {high: most}, {low: most, high: most}, {low: least, high: least}):
        changed = producer.patch(path, changes)
        assert changed.status == 200, changed
        assert changes.items() <= producer.get(path)[kind].items()
    # An end that is null is an open one.
    producer.patch(path, {high: None})
    assert producer.patch(path, {low: most})[kind][low] == most
    producer.patch(path, {low: None})
    assert producer.patch(path, {high: least})[kind][high] == least
    # The same PATCH removes the end that is in the way.
    assert producer.patch(path, {low: most, high: None})[kind][low] == most


@pytest.mark.parametrize(("kind", "low", "high", "values"), PAIRS[:2])
def test_a_pair_in_the_wrong_order_is_rejected_with_a_new_name_that_roles_show(
    producer: Client, kind: str, low: str, high: str, values: list[Any]
) -> None:
    ids = {"movie": producer.new_movie(), "actor": producer.new_actor()}
    producer.new_role(ids["movie"], ids["actor"])
    path = f"/{kind}s/{ids[kind]}"
    producer.patch(path, {low: values[1], high: values[1]})
    before = producer.get(path).body
    name, new_value = OTHER_FIELDS[kind]
    for changes in ({low: values[2]}, {high: values[0]}):
        rejected = producer.patch(path, {name: new_value, **changes})
        assert_failure(rejected, 422)
        assert rejected["detail"] == f"{high}: expected nothing less than {low}."
    assert producer.get(path).body == before


def test_an_outdated_version_is_reported_before_a_pair_in_the_wrong_order(
    producer: Client, places: dict[str, Place]
) -> None:
    for kind, low, high, values in PAIRS:
        place = places[kind]
        path = f"{place.path}/{place.create(producer, **{high: values[0]})['id']}"
        assert_failure(producer.patch(path, {low: values[1]}, **{"If-Match": '"7"'}), 412)
        assert_failure(producer.patch(path, {low: values[1]}, **{"If-Match": '"1"'}), 422)


PERSONAL: dict[str, Any] = {
    "date_of_birth": "1940-04-25",
    "email": "personal@example.com",
    "phone": "+1 555 0199",
    "agent": {"agency": "Personal Agency", "name": None, "email": "x@personal.io", "phone": "1234"},
    "notes": "Personal: no night shoots.",
}
PERSONAL_TEXTS = ["1940-04-25", "ersonal", "+1 555 0199"]
NULLS = dict.fromkeys(PERSONAL)


def personal(actor: dict[str, Any]) -> dict[str, Any]:
    return {field: actor[field] for field in PERSONAL}


def test_personal_data_is_null_for_who_may_not_change_actors(
    as_: Callable[[str], Client], producer: Client, assistant: Client
) -> None:
    director = as_("director")
    created = director.post("/actors", {"name": "Al Pacino", "gender": "male", **PERSONAL})
    assert personal(created["actor"]) == PERSONAL
    movie_id, actor_id = producer.new_movie(), created["created"]
    role_id = producer.new_role(movie_id, actor_id)

    for client in (director, producer):
        assert personal(client.get(f"/actors/{actor_id}")["actor"]) == PERSONAL
        assert personal(client.get("/actors")["actors"][0]) == PERSONAL
        changed = client.patch(f"/actors/{actor_id}", {"height_cm": 170})
        assert personal(changed["actor"]) == PERSONAL

    shown = assistant.get(f"/actors/{actor_id}")
    assert personal(shown["actor"]) == NULLS
    assert shown["actor"]["age"] == director.get(f"/actors/{actor_id}")["actor"]["age"]
    assert personal(assistant.get("/actors")["actors"][0]) == NULLS
    assert personal(assistant.get("/actors", sort="-name")["actors"][0]) == NULLS
    for path in (
        "/actors",
        f"/actors/{actor_id}",
        f"/actors/{actor_id}/movies",
        f"/movies/{movie_id}",
        f"/movies/{movie_id}/actors",
        "/movies",
        "/roles",
        f"/roles/{role_id}",
    ):
        response = assistant.get(path)
        assert response.status == 200
        assert not [text for text in PERSONAL_TEXTS if text in response.text], path


def test_who_may_only_add_actors_does_not_see_the_personal_data_that_they_send(
    url: str, issuer: Issuer, producer: Client
) -> None:
    client = Client(url, issuer.token(permissions=["post:actors"]))
    body = {"name": "Al Pacino", "gender": "male", **PERSONAL}
    created = client.post("/actors", body, **{"Idempotency-Key": "k"})
    assert created.status == 201
    assert personal(created["actor"]) == NULLS
    replayed = client.post("/actors", body, **{"Idempotency-Key": "k"})
    assert replayed["actor"] == created["actor"]
    assert personal(producer.get(f"/actors/{created['created']}")["actor"]) == PERSONAL


def test_a_precondition_that_failed_shows_no_personal_data(producer: Client) -> None:
    actor_id = producer.new_actor(age=None, **PERSONAL)
    path = f"/actors/{actor_id}"
    outdated = {"If-Match": '"7"'}
    for response in (
        producer.patch(path, {"height_cm": 170}, **outdated),
        producer.patch(path, {"name": "Al"}, **outdated),
        producer.delete(path, **outdated),
    ):
        assert_failure(response, 412)
        assert not [text for text in PERSONAL_TEXTS if text in str(response.headers)]
        assert not [text for text in PERSONAL_TEXTS if text in response.text]


def test_an_actor_is_active_unless_they_are_said_not_to_be(producer: Client) -> None:
    path = f"/actors/{producer.new_actor()}"
    assert producer.get(path)["actor"]["active"] is True
    assert producer.patch(path, {"active": False})["actor"]["active"] is False
    assert producer.patch(path, {"height_cm": 170})["actor"]["active"] is False
    assert producer.get("/actors")["actors"][0]["active"] is False
    assert producer.patch(path, {"active": True})["actor"]["active"] is True
    for active in (False, True):
        assert producer.get(f"/actors/{producer.new_actor(active=active)}")["actor"]["active"] is (
            active
        )


def test_an_actor_that_was_stored_without_the_new_attributes_is_active(producer: Client) -> None:
    actor_id = producer.new_actor()
    item = Item.get(f"ACTOR#{actor_id}", "#")
    item.update(actions=[type(item).active.remove()])  # type: ignore[attr-defined]  # of actors
    shown = producer.get(f"/actors/{actor_id}")["actor"]
    assert shown["active"] is True
    assert producer.get("/actors")["actors"] == [shown]
    assert producer.patch(f"/actors/{actor_id}", {"height_cm": 170})["actor"]["active"] is True
