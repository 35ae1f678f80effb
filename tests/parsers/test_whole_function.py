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
from chalicelib.http.body import Body, trim
from chalicelib.routes.actors import NewActor
from chalicelib.routes.movies import NewMovie
from chalicelib.routes.parts import NewPart
from chalicelib.store import entries
from chalicelib.store.statuses import PartStatus, Status
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
    board: list[Any]  # in the order in which one page with all of them shows them
    pages: bool  # or it has one item at most
    falls: bool

    def is_past(self, place: str, key: str) -> bool:
        """Return whether a page that continues after this key does not have this place."""
        if "sort=-release_date" in self.name and (place > "~") != (key > "~"):
            return key > "~"
        return place >= key if self.falls else place <= key

    @property
    def column(self) -> str:
        """The beginning of all sort keys of a column of a part's board, or nothing."""
        is_column = self.resource == "/parts/{part_id}/candidates" and self.query
        return "\x1f".join([*self.places[0].split("\x1f")[:2], ""]) if is_column else ""

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


def send(method: str, resource: str, body: dict[str, Any], **ids: str) -> Any:
    made = call(method=method, resource=resource, ids=ids, body=json.dumps(body).encode())
    assert made.status == (201 if method == "POST" else 200), made
    return made.body


def post(resource: str, body: dict[str, Any], **ids: str) -> str:
    return str(send("POST", resource, body, **ids)["created"])


def add_parts(movies: list[str], actors: list[str]) -> str:
    """Add a few parts with candidates. Return the id of the first part."""
    parts = [
        post("/movies/{movie_id}/parts", body, movie_id=movie)
        for movie, body in (
            (movies[0], {"name": "Rick", "billing_order": 2, "work_start": "2027-05-01"}),
            (movies[0], {"name": "\ufdfa" * 200}),
            (movies[0], {"name": "Ilsa", "billing_order": 1, "work_start": "2027-04-01"}),
            (movies[0], {"name": "Sam", "status": "closed"}),
            (movies[1], {"name": "Rick", "work_start": "2027-05-01", "needed": 2}),
        )
    ]
    candidates = []
    for part in (*parts[:3], parts[4]):
        added = send("POST", "/parts/{part_id}/candidates", {"actor_ids": actors}, part_id=part)
        candidates += [candidate["id"] for candidate in added["candidates"]]
    for number, changes in (
        (1, {"rating": 1}),
        (2, {"rating": 6}),
        (3, {"status": "on_hold"}),
        (5, {"status": "passed", "rating": 3}),
        (10, {"status": "on_hold"}),
        (10, {"status": "declined"}),
    ):
        send("PATCH", "/candidates/{candidate_id}", changes, candidate_id=candidates[number])
    return parts[0]


@pytest.fixture(scope="module")
def lists() -> Iterator[list[Listed]]:
    """The lists of an agency with a few resources of each kind, in a table of its own."""
    with mock_aws():
        Item.create_table(wait=True)
        entries.note_complete()
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
        yield list(_lists(movies[0], actors[0], add_parts(movies, actors)))


def _lists(movie: str, actor: str, part: str) -> Iterator[Listed]:
    beside, by_name, by_date = items_under(""), items_under("gsi1"), items_under("gsi2")
    both = [f"{movie}.{actor}"]
    board = by_name[f"CANDIDATES#{movie}"]
    column = "\x1f".join([part.partition(".")[2], Status.SUBMITTED.stage, ""])
    submitted = [place for place in board if place.startswith(column)]
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
        ("/movies/{movie_id}/parts", {"movie_id": movie}, {}, "parts", f"/movies/{movie}/parts",
         by_name[f"PARTS#{movie}"]),
        ("/parts", {}, {}, "parts", "/parts?status=open", by_date["PARTS#open"]),
        ("/parts", {}, {"status": "closed"}, "parts", "/parts?status=closed",
         by_date["PARTS#closed"]),
        ("/parts/{part_id}/candidates", {"part_id": part}, {}, "candidates",
         f"/parts/{part}/candidates?status=None", beside[f"PART#{part}"]),
        ("/parts/{part_id}/candidates", {"part_id": part}, {"status": "submitted"}, "candidates",
         f"/parts/{part}/candidates?status=submitted", submitted),
        ("/movies/{movie_id}/candidates", {"movie_id": movie}, {}, "candidates",
         f"/movies/{movie}/candidates", board),
        ("/actors/{actor_id}/candidacies", {"actor_id": actor}, {}, "candidacies",
         f"/actors/{actor}/candidacies", by_date[f"CANDIDACIES#{actor}"]),
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
        whole = shown[member]
        if places == beside[f"PART#{part}"]:
            # Only all of a part's candidates on one page are in the order of its board.
            whole = sorted(whole, key=lambda candidate: str(candidate["actor_id"]))
        yield Listed(
            resource, ids, asked, member, name, places, whole, shown[member], pages, falling
        )  # fmt: skip


def is_place(listed: Listed, key: str) -> bool:
    """Return whether a sort key could belong to this list, with or without an item."""
    an_id = "[A-Za-z0-9_-]{16}"
    if not listed.pages:
        return False
    if listed.name.startswith("/roles?") and "None&actor_id=None" not in listed.name:
        return bool(re.fullmatch(f"ROLE#{an_id}", key))
    if listed.resource == "/parts/{part_id}/candidates" and not listed.query:
        return bool(re.fullmatch(f"CANDIDATE#{an_id}", key))
    first, last = (key.split("\x1f")[place] for place in (0, -1))
    of_movie = listed.resource == "/movies/{movie_id}/candidates"
    if of_movie and not re.fullmatch(an_id, first):  # the part
        return False
    if listed.resource in ("/roles", "/parts", "/actors/{actor_id}/candidacies"):
        an_id = rf"{an_id}\.{an_id}"
    is_id = bool(re.fullmatch(an_id, last)) and len(key.encode()) <= 1_024
    return is_id and key.startswith(listed.column)


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
        | st.tuples(st.sampled_from(["ROLE#", "CANDIDATE#"]), one_id).map("".join)
        | st.tuples(made_up_ids, parts, one_id).map(
            lambda key: "\x1f".join([key[0], *key[1], key[2]])
        )
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
        # A page with candidates may be shorter, but not in an agency as small as this one.
        assert len(page) == limit
        query["cursor"] = [cursor]
    assert len(page) <= limit
    is_board = key is None and len(listed.places) <= limit
    assert items == (listed.board if is_board else listed.whole[past:])


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
    before += ["CANDIDATE#", "CANDIDATE#ROLE#", "A" * 16 + "\x1f", "A" * 17 + "\x1fa\x1f"]
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
    if not all(trim(texts[-1]) for texts in asked.values()):
        assert answer.status == 422
        return
    expected = [
        role["id"]
        for role in every.whole
        if all(role[name] == texts[-1] for name, texts in asked.items())
    ]
    assert answer.status == 200
    assert sorted(role["id"] for role in answer.body["roles"]) == sorted(expected)


@tried(50)
@given(
    resource=st.sampled_from(["/parts", "/parts/{part_id}/candidates"]),
    status=st.sampled_from([*Status, *PartStatus, "", "Open"]) | st.text(max_size=8),
)
def test_a_filter_by_status_returns_what_has_it_or_is_rejected(
    lists: list[Listed], resource: str, status: str
) -> None:
    whole = next(li for li in lists if li.resource == "/parts/{part_id}/candidates")
    ids = whole.ids if "{" in resource else {}
    answer = call(resource=resource, ids=ids, query={"status": [status]})
    statuses: list[str] = [*(Status if ids else PartStatus)]
    assert answer.status == (200 if status in statuses else 422)
    if answer.status == 200:
        shown = answer.body["candidates" if ids else "parts"]
        assert all(item["status"] == status for item in shown)
        if ids:
            assert len(shown) == sum(c["status"] == status for c in whole.whole)


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


POSTED: dict[str, tuple[str, type[Body], str]] = {
    "/movies": ("movie", NewMovie, "/movies/{movie_id}"),
    "/actors": ("actor", NewActor, "/actors/{actor_id}"),
    "/movies/{movie_id}/parts": ("part", NewPart, "/parts/{part_id}"),
}


@tried(30)
@given(resource=st.sampled_from(sorted(POSTED)), data=st.data())
def test_the_table_returns_what_the_parser_accepts(
    lists: list[Listed], resource: str, data: st.DataObject
) -> None:
    member, body_type, path = POSTED[resource]
    document = data.draw(documents(body_type))
    below = next(li.ids for li in lists if li.resource == "/movies/{movie_id}/parts")
    ids = below if "{" in resource else {}
    body = json.dumps(document).encode()
    made = call(method="POST", resource=resource, ids=ids, body=body)
    expected = expected_of_body(body_type, document)
    if not isinstance(expected, dict):
        assert made.status == 422
        return
    assert made.status == 201
    resource_id = {f"{member}_id": made.body["created"]}
    shown = call(resource=path, ids=resource_id).body[member]
    assert {name: shown[name] for name in expected if expected[name] is not None} == {
        name: value for name, value in expected.items() if value is not None
    }
    # The lists must stay as they are, for the other tests.
    assert call(method="DELETE", resource=path, ids=resource_id).status == 200
