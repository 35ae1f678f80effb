"""Generated requests to the whole function, on a table in moto."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from app import app
from chalicelib.http import conditions, paging
from chalicelib.http.body import Body
from chalicelib.routes.actors import NewActor
from chalicelib.routes.movies import NewMovie
from chalicelib.store.table import Item
from tests.parsers.support import ask_for, event, tried
from tests.parsers.test_bodies import documents, expected_of_body
from tests.parsers.test_queries import condition_texts, tag_lists, texts_like_cursors
from tests.parsers.test_tokens import ALPHABET
from tests.support.client import invoke

# The whole function, on a table


class Found(NamedTuple):
    status: int
    headers: dict[str, str]
    body: Any


def call(**parts: Any) -> Found:
    """Call the function as API Gateway does. A 5xx is a failure of the test."""
    answer = invoke(app, event(**parts))
    body: Any = json.loads(answer["body"]) if answer["body"] else None
    assert answer["statusCode"] < 500, (parts, body)
    if answer["statusCode"] >= 400:
        assert body.keys() == {"success", "error", "message", "detail"}
    return Found(answer["statusCode"], answer["headers"], body)


class Listed(NamedTuple):
    """A list of the API: its request, and the places of its items in order."""

    resource: str
    ids: dict[str, str]
    query: dict[str, list[str]]
    member: str
    name: str
    places: list[str]
    whole: list[Any]
    pages: bool  # or it has one item at most
    falls: bool

    def is_past(self, place: str, key: str) -> bool:
        """Return whether a page that continues after this key does not have this place."""
        if "sort=-release_date" in self.name and (place > "~") != (key > "~"):
            return key > "~"
        return place >= key if self.falls else place <= key

    def page(self, **query: list[str]) -> Found:
        return call(resource=self.resource, ids=self.ids, query={**self.query, **query})


def items_under(index: str) -> dict[str, list[str]]:
    """Return the sort keys of the table, or of an index, in order and by partition."""
    partitions: dict[str, list[str]] = {}
    for item in Item.scan():
        pk, sk = (getattr(item, index + half) for half in ("pk", "sk"))
        if pk is not None and not (index == "" and sk == "#"):
            partitions.setdefault(pk, []).append(sk)
    return {pk: sorted(keys) for pk, keys in partitions.items()}


def post(resource: str, body: dict[str, Any]) -> str:
    made = call(method="POST", resource=resource, body=json.dumps(body).encode())
    assert made.status == 201, made
    return str(made.body["created"])


@pytest.fixture(scope="module")
def lists() -> Iterator[list[Listed]]:
    """The lists of an agency with a few movies, actors and roles, in a table of its own."""
    with mock_aws():
        Item.create_table(wait=True)
        titles = ["alien", "Éclair", "", "\U0001f3ac", "zodiac", "alien"]
        movies = [
            post("/movies", {"title": title or "m" * 200, "release_date": f"19{60 + n}-01-01"})
            for n, title in enumerate(titles)
        ]
        movies[3:3] = [
            post("/movies", {"title": title, "release_date": None}) for title in ("~", "alien")
        ]
        actors = [
            post("/actors", {"name": name, "gender": "other", "age": 40})
            for name in ("bob", "\u00c4rni", "\ufdfa" * 200, "al", "bob")
        ]
        roles = [(movie, actors[0]) for movie in movies[:6]]
        roles += [(movies[0], actor) for actor in actors[1:]]
        for number, (movie, actor) in enumerate(roles):
            billed = {"billing_order": number} if number % 2 else {}
            post("/roles", {"movie_id": movie, "actor_id": actor, **billed})
        yield list(_lists(movies[0], actors[0]))


def _lists(movie: str, actor: str) -> Iterator[Listed]:
    beside, by_name, by_date = items_under(""), items_under("gsi1"), items_under("gsi2")
    both = [f"{movie}.{actor}"]
    for resource, ids, query, member, name, places in [
        ("/movies", {}, {}, "movies", "/movies?sort=title", by_name["MOVIES"]),
        ("/movies", {}, {"sort": "-title"}, "movies", "/movies?sort=-title", by_name["MOVIES"]),
        ("/movies", {}, {"sort": "release_date"}, "movies", "/movies?sort=release_date",
         by_date["MOVIES"]),
        ("/movies", {}, {"sort": "-release_date"}, "movies", "/movies?sort=-release_date",
         by_date["MOVIES"]),
        ("/actors", {}, {}, "actors", "/actors?sort=name", by_name["ACTORS"]),
        ("/roles", {}, {}, "roles", "/roles?movie_id=None&actor_id=None", by_date["ROLES"]),
        ("/roles", {}, {"movie_id": movie}, "roles", f"/roles?movie_id={movie}&actor_id=None",
         beside[f"MOVIE#{movie}"]),
        ("/roles", {}, {"actor_id": actor}, "roles", f"/roles?movie_id=None&actor_id={actor}",
         beside[f"ACTOR#{actor}"]),
        ("/roles", {}, {"movie_id": movie, "actor_id": actor}, "roles",
         f"/roles?movie_id={movie}&actor_id={actor}", both),
        ("/movies/{movie_id}/actors", {"movie_id": movie}, {}, "actors", f"/movies/{movie}/actors",
         by_name[f"MOVIE#{movie}"]),
        ("/actors/{actor_id}/movies", {"actor_id": actor}, {}, "movies", f"/actors/{actor}/movies",
         by_date[f"ACTOR#{actor}"]),
    ]:  # fmt: skip
        falling = "sort=-" in name or places in (by_date["ROLES"], by_date[f"ACTOR#{actor}"])
        asked = {name: [value] for name, value in query.items()}
        shown = call(resource=resource, ids=ids, query=asked).body
        assert shown["next_cursor"] is None
        assert len(shown[member]) == len(places) > 0
        if falling:
            places = places[::-1]
        if "sort=-release_date" in name:  # undated movies are last in both directions
            places = sorted(places, key=lambda place: place > "~")
        pages = places is not both
        yield Listed(
            resource, ids, asked, member, name, places, shown[member], pages, falling
        )  # fmt: skip


def is_place(listed: Listed, key: str) -> bool:
    """Return whether a sort key could belong to this list, with or without an item."""
    an_id = "[A-Za-z0-9_-]{16}"
    if not listed.pages:
        return False
    if listed.name.startswith("/roles?") and "None&actor_id=None" not in listed.name:
        return bool(re.fullmatch(f"ROLE#{an_id}", key))
    if listed.resource == "/roles":
        an_id = rf"{an_id}\.{an_id}"
    last = key.split("\x1f")[-1]
    return bool(re.fullmatch(an_id, last)) and len(key.encode()) <= 1_024


made_up_ids = st.text(ALPHABET, min_size=16, max_size=16) | st.sampled_from(
    ["A" * 16, "z" * 16, "-" * 16, "A" * 15, "A" * 17, "é" * 16, ""]
)


@st.composite
def made_up_keys(draw: st.DrawFn, listed: Listed) -> str:
    one_id = st.tuples(made_up_ids, made_up_ids).map(".".join) | made_up_ids
    parts = st.lists(
        st.text(max_size=5) | st.sampled_from(["alien", "1961-01-01", "9999"]), max_size=2
    )
    keys = (
        st.sampled_from(listed.places)
        | st.sampled_from([key for place in listed.places for key in (place[:-1], place + "A")])
        | st.tuples(parts, one_id).map(lambda key: "\x1f".join([*key[0], key[1]]))
        | one_id.map(lambda last: f"ROLE#{last}")
        | st.integers(1_000, 1_010).map(lambda length: "k" * length + "\x1f" + "A" * 16)
        | st.text(max_size=20)
    )
    return draw(keys)


def assert_place(listed: Listed, key: str | None, limit: int) -> None:
    """Assert that a list continues after a sort key, or that the sort key is rejected."""
    query: dict[str, list[str]] = {"limit": [str(limit)]}
    past = 0
    if key is not None:
        query["cursor"] = [paging.encode_cursor(listed.name, key)]
        if not is_place(listed, key):
            assert listed.page(**query).status == 400
            return
        past = sum(listed.is_past(place, key) for place in listed.places)
    # To the end, page by page: everything after this place, once and in order.
    items: list[Any] = []
    while True:
        answer = listed.page(**query)
        assert answer.status == 200, answer
        page, cursor = answer.body[listed.member], answer.body["next_cursor"]
        items += page
        if cursor is None:
            break
        assert len(page) == limit
        query["cursor"] = [cursor]
    assert len(page) <= limit
    assert items == listed.whole[past:]


@tried(30)
@given(data=st.data(), limit=st.integers(1, 12))
def test_a_made_up_cursor_is_a_place_in_the_same_list_or_rejected(
    lists: list[Listed], data: st.DataObject, limit: int
) -> None:
    listed = data.draw(st.sampled_from(lists))
    assert_place(listed, data.draw(st.none() | made_up_keys(listed)), limit)


@pytest.mark.parametrize(
    "one_id", ["A" * 16, "A" * 15, "A" * 17, "A" * 16 + "." + "A" * 16, "", "."]
)
def test_a_place_is_accepted_up_to_its_limit(lists: list[Listed], one_id: str) -> None:
    longest = 1_024 - len("\x1f") - len(one_id)
    before = ["", "\x1f", "a\x1f", "ROLE#", "ROLE#ROLE#", "~\x1f", "\x00\x1f", "a\x1e"]
    before += [text + "\x1f" for text in ("k" * longest, "k" * (longest + 1), "\u00e9" * 1_000)]
    for listed in lists:
        for text in before:
            assert_place(listed, text + one_id, 100)


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_the_pages_of_every_list_have_every_item_once(lists: list[Listed], limit: int) -> None:
    for listed in lists:
        assert_place(listed, None, limit)


@tried(30)
@given(data=st.data())
def test_any_query_is_answered_or_rejected(lists: list[Listed], data: st.DataObject) -> None:
    listed = data.draw(st.sampled_from(lists))
    near_cursors = st.sampled_from(lists).map(
        lambda li: paging.encode_cursor(li.name, li.places[0])
    )
    texts = {
        "limit": st.integers(-1, 102).map(str) | st.text(max_size=4),
        "sort": st.sampled_from(["title", "-name", "id", ""]) | st.text(max_size=4),
        "cursor": near_cursors | texts_like_cursors(listed.name),
        "colour": st.text(max_size=4),
    }
    query = data.draw(
        st.dictionaries(st.sampled_from(sorted(texts)), st.none(), max_size=3).flatmap(
            lambda chosen: st.fixed_dictionaries(
                {name: st.lists(texts[name], min_size=1, max_size=2) for name in chosen}
            )
        )
    )
    answer = listed.page(**query)
    assert answer.status in (200, 400)
    if answer.status == 200:
        assert all(item in listed.whole for item in answer.body[listed.member])
        assert len(answer.body[listed.member]) <= int(query.get("limit", ["20"])[-1])


@tried(30)
@given(data=st.data())
def test_a_filter_returns_the_roles_of_one_movie_or_actor(
    lists: list[Listed], data: st.DataObject
) -> None:
    [every] = [li for li in lists if li.resource == "/roles" and not li.query]
    query = {}
    for name in ("movie_id", "actor_id"):
        known = [role[name] for role in every.whole]
        texts = st.sampled_from(known) | made_up_ids | st.text(max_size=20)
        query[name] = data.draw(st.none() | st.lists(texts, min_size=1, max_size=2))
    asked = {name: texts for name, texts in query.items() if texts is not None}
    answer = call(resource="/roles", query=asked)
    expected = [
        role["id"]
        for role in every.whole
        if all(role[name] == texts[-1] for name, texts in asked.items())
    ]
    assert answer.status == 200
    assert sorted(role["id"] for role in answer.body["roles"]) == sorted(expected)


@tried(20)
@given(
    condition=condition_texts
    | tag_lists.map(",".join)
    | st.integers(0, 120).map(
        lambda most: ", ".join(f'"{version}"' for version in range(1, most + 1))
    )
)
def test_a_condition_on_a_write_is_what_the_parser_says(
    lists: list[Listed], condition: str
) -> None:
    ids = {"actor_id": post("/actors", {"name": "al", "gender": "other", "age": 40})}
    ask_for(headers={"if-match": condition})
    allowed = conditions.if_match()
    answer = call(
        method="PATCH", resource="/actors/{actor_id}", ids=ids, body=b'{"age": 41}',
        headers={"if-match": condition},
    )  # fmt: skip
    holds = allowed is None or 1 in allowed
    assert answer.status == (200 if holds else 412)
    assert answer.headers["ETag"] == ('"2"' if holds else '"1"')
    # The lists must stay as they are, for the other tests.
    assert call(method="DELETE", resource="/actors/{actor_id}", ids=ids).status == 200


POSTED: dict[str, tuple[str, type[Body]]] = {
    "/movies": ("movie", NewMovie),
    "/actors": ("actor", NewActor),
}


@tried(30)
@given(resource=st.sampled_from(sorted(POSTED)), data=st.data())
def test_the_table_returns_what_the_parser_accepts(
    lists: list[Listed], resource: str, data: st.DataObject
) -> None:
    member, body_type = POSTED[resource]
    document = data.draw(documents(body_type))
    made = call(method="POST", resource=resource, body=json.dumps(document).encode())
    expected = expected_of_body(body_type, document)
    if not isinstance(expected, dict):
        assert made.status == 422
        return
    assert made.status == 201
    resource_id = {f"{member}_id": made.body["created"]}
    path = f"{resource}/{{{member}_id}}"
    shown = call(resource=path, ids=resource_id).body[member]
    assert {name: shown[name] for name in expected if expected[name] is not None} == {
        name: value for name, value in expected.items() if value is not None
    }
    # The lists must stay as they are, for the other tests.
    assert call(method="DELETE", resource=path, ids=resource_id).status == 200
