"""Idempotency-Key: a POST that is sent again makes nothing more, and answers as the first one."""

import json
from collections import Counter
from contextvars import copy_context
from functools import partial
from typing import Any

import pytest

from app import app
from chalicelib.store import dynamodb, table
from chalicelib.store.items import Parent
from dev.table.integrity import problems, read
from tests.conftest import Sent
from tests.store.test_races import at_once
from tests.store.test_requests import WRITE, Things
from tests.support.client import ApiResponse, Client, assert_failure, invoke
from tests.support.issuer import Issuer

KEY = "7f9c24e8 / the caller's own"


@pytest.fixture
def empty_table(real_table: str) -> str:
    """The real engine here: it is what has to tell one request from another."""
    return real_table


class Post:
    """One of the POSTs, complete and not yet sent."""

    def __init__(self, client: Client, kind: str, things: Any = None) -> None:
        things = things or Things(client)
        bodies: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
            "movie": (
                "/movies",
                {"title": "Amélie", "release_date": "2001-04-25"},
                {"title": "Alien"},
            ),
            "actor": ("/actors", {"name": "Zoë", "gender": "female", "age": 30}, {"age": 31}),
            "role": (
                "/roles",
                {"movie_id": things.movie, "actor_id": things.actor, "character_name": "Noël"},
                {"billing_order": 1},
            ),
            "role in a movie": (
                f"/movies/{things.movie}/actors",
                {"actor_id": things.actor, "character_name": "Noël"},
                {"character_name": "Vincent"},
            ),
        }
        self.client, self.kind, self.things = client, kind, things
        self.path, self.body, changes = bodies[kind]
        self.other_body = self.body | changes
        self.member = kind.partition(" ")[0]
        self.items = 2 if self.member == "role" else 1

    def send(
        self, key: str | None = KEY, body: Any = None, token: str | None = None
    ) -> ApiResponse:
        headers = {} if key is None else {"Idempotency-Key": key}
        client = Client(self.client.url, token or self.client.token)
        return client.post(self.path, self.body if body is None else body, **headers)


KINDS = ["movie", "actor", "role", "role in a movie"]


@pytest.fixture(params=KINDS)
def post(request: pytest.FixtureRequest, producer: Client) -> Post:
    return Post(producer, str(request.param))


def test_the_same_request_twice_makes_one_thing_and_answers_the_same(post: Post) -> None:
    before = len(list(read()))
    first, *replays = [post.send() for _ in range(3)]
    assert first.status == 201
    for replay in replays:
        assert replay.status == 201
        assert replay.body == first.body
        for header in ("location", "etag"):
            assert replay.headers[header] == first.headers[header]
    assert len(list(read())) == before + post.items
    assert problems(read()) == []
    assert post.client.get(first.headers["location"])[post.member] == first[post.member]
    if post.member == "role":
        for path, kind in ((f"/movies/{post.things.movie}", "movie"),
                           (f"/actors/{post.things.actor}", "actor")):  # fmt: skip
            assert post.client.get(path)[kind]["role_count"] == 1


def test_another_body_with_the_same_key_is_refused_and_changes_nothing(post: Post) -> None:
    first = post.send()
    before = list(read())
    refused = post.send(body=post.other_body)
    assert_failure(refused, 422)
    assert "Idempotency-Key" in refused["detail"]
    assert list(read()) == before
    assert post.send().body == first.body


def test_a_body_may_be_written_differently_and_is_the_same(post: Post) -> None:
    first = post.send()
    backwards = dict(reversed(post.body.items()))
    padded = {k: f" {v}\u00a0" if isinstance(v, str) and "name" in k else v
              for k, v in post.body.items()}  # fmt: skip
    for body in (
        json.dumps(backwards, indent=4).encode(),
        json.dumps(post.body, ensure_ascii=False, separators=(",", ":")).encode(),
        json.dumps(padded).encode(),
    ):
        replay = post.send(body=body)
        assert replay.status == 201, replay
        assert replay.body == first.body


@pytest.mark.parametrize("what", ["key", "caller", "none"])
def test_another_key_or_caller_makes_another_request(post: Post, issuer: Issuer, what: str) -> None:
    first, before = post.send(), len(list(read()))
    other = {
        "key": lambda: post.send(KEY + "x"),
        "caller": lambda: post.send(token=issuer.token("producer", sub="auth0|another")),
        "none": lambda: post.send(None),
    }[what]()
    if post.member == "role":
        # It exists, and was not made by this request.
        assert_failure(other, 409)
        assert "already" in other["detail"]
        assert len(list(read())) == before
    else:
        assert other.status == 201
        assert other["created"] != first["created"]
        assert len(list(read())) == before + 1
    assert problems(read()) == []


def test_a_renewed_token_is_the_same_caller(post: Post, issuer: Issuer) -> None:
    first = post.send()
    renewed = issuer.token("producer", jti="another token", iat=issuer.claims()["iat"] - 60)
    assert post.send(token=renewed).body == first.body


def test_another_route_makes_another_request(producer: Client) -> None:
    things = Things(producer)
    movie, actor, role = (Post(producer, kind, things) for kind in KINDS[:3])
    ids = {post.send()["created"] for post in (movie, actor, role)}
    assert len(ids) == 3
    # The role is there, and came in another way.
    assert_failure(Post(producer, "role in a movie", things).send(), 409)
    assert [post.send()["created"] in ids for post in (movie, actor, role)] == [True] * 3
    assert problems(read()) == []


def test_a_key_is_1_to_255_printable_characters(post: Post) -> None:
    for key in ("1", "~" * 255, '"quoted"', "a, b; c=d", "Basic ?/\\%00"):
        first = post.send(key)
        assert first.status == 201, first
        assert post.send(key).body == first.body
        post.client.delete(first.headers["location"])


def test_what_cannot_be_a_key_is_refused_and_nothing_is_written(post: Post) -> None:
    before = list(read())
    for key in ("", " ", "   \t", "x" * 256, "a\tb", "\x00", "a\x1fb", "\x7f", "é", "\xa0", "Ã©"):
        refused = post.send(key)
        assert_failure(refused, 400)
        assert "Idempotency-Key" in refused["detail"]
    assert list(read()) == before


def test_nothing_but_blanks_is_no_key(real_table: str) -> None:
    # The local gateway cuts them off; API Gateway may not.
    event = {
        "requestContext": {
            "httpMethod": "POST",
            "resourcePath": "/movies",
            "path": "/movies",
            "authorizer": {"sub": "x", "permissions": '["post:movies"]', "exp": "9999999999"},
        },
        "headers": {"idempotency-key": "   "},
        "pathParameters": None,
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": json.dumps({"title": "Heat", "release_date": "1995-12-15"}),
    }
    assert copy_context().run(invoke, app, event)["statusCode"] == 400
    assert list(read()) == []


def test_a_key_does_not_make_a_bad_request_good(
    post: Post, assistant: Client, issuer: Issuer
) -> None:
    before = list(read())
    for key in (KEY, ""):
        assert_failure(post.send(key, {**post.body, "unknown": 1}), 422)
        assert_failure(post.send(key, b"{"), 400)
        assert_failure(post.send(key, token=assistant.token), 403)
    assert list(read()) == before
    # And what was refused has not used it up.
    assert post.send().status == 201


def test_a_key_of_a_request_that_found_nothing_can_be_used_again(producer: Client) -> None:
    post = Post(producer, "role")
    producer.delete(f"/actors/{post.things.actor}")
    assert_failure(post.send(), 404)
    post.body["actor_id"] = producer.new_actor()
    assert post.send().status == 201


CHANGES: dict[str, dict[str, Any]] = {
    "movie": {"title": "Ronin"},
    "actor": {"name": "Zoé", "date_of_birth": "1990-01-01"},
    "role": {"character_name": None, "billing_order": 7},
}


def test_a_replay_shows_the_resource_as_it_is_now(post: Post) -> None:
    first = post.send()
    path = first.headers["location"]
    changed = post.client.patch(path, CHANGES[post.member])
    assert changed.status == 200
    replay = post.send()
    assert replay.status == 201
    assert replay["created"] == first["created"]
    assert replay[post.member] == changed[post.member]
    assert (replay.headers["etag"], replay.headers["location"]) == ('"2"', path)
    assert post.client.get(path)[post.member] == changed[post.member]
    assert_failure(post.send(body=post.other_body), 422)
    assert problems(read()) == []


@pytest.mark.parametrize("kind", KINDS[:2])
def test_a_replay_of_what_is_being_deleted_is_told_to_wait(producer: Client, kind: str) -> None:
    post = Post(producer, kind)
    first = post.send()
    pk = f"{kind.upper()}#{first['created']}"
    dynamodb.update(Parent, pk, "#", [Parent.deleting.set(table.now())], Parent.pk.exists())
    refused = post.send()
    assert_failure(refused, 409)
    assert refused.headers["retry-after"] == "1"
    assert producer.delete(first.headers["location"]).status == 200
    assert post.send().status == 201


def test_a_replay_counts_the_roles_of_now(producer: Client) -> None:
    post = Post(producer, "movie")
    first = post.send()
    producer.new_role(first["created"], post.things.actor)
    assert post.send()["movie"] == {**first["movie"], "role_count": 1}
    assert problems(read()) == []


@pytest.mark.parametrize("kind", KINDS[2:])
def test_a_role_that_was_cast_without_the_key_was_cast_already(producer: Client, kind: str) -> None:
    post = Post(producer, kind)
    assert post.send(None).status == 201
    before = list(read())
    assert_failure(post.send(), 409)
    assert list(read()) == before


def test_a_role_that_was_taken_away_can_be_cast_again_with_its_key(producer: Client) -> None:
    post = Post(producer, "role")
    for _ in range(2):
        cast = post.send()
        assert cast.status == 201
        assert producer.delete(cast.headers["location"]).status == 200
    assert producer.get(f"/movies/{post.things.movie}")["movie"]["role_count"] == 0


def test_the_key_is_in_no_answer(post: Post) -> None:
    key, without = "not-to-be-shown", Post(post.client, post.kind).send(None)
    made = post.send(key)
    assert made[post.member].keys() == without[post.member].keys()
    path, listed = made.headers["location"], f"/{post.member}s"
    answers = [
        made,
        post.send(key),
        post.send(key, post.other_body),
        post.client.get(path),
        post.client.get(listed),
        post.client.get(f"/movies/{post.things.movie}/actors"),
        post.client.patch(path, CHANGES[post.member]),
        post.client.delete(path),
    ]
    assert [answer.status for answer in answers] == [201, 201, 422, *[200] * 5]
    for answer in answers:
        assert key not in answer.text + str(answer.headers)


def write_units(item: dict[str, dict[str, Any]]) -> int:
    """Give what writing an item costs: a unit for each begun KiB of names and values (DynamoDB)."""
    size = sum(len((name + str(*value.values())).encode()) for name, value in item.items())
    return -(-size // 1_024)


def test_a_key_costs_no_request_and_no_capacity(post: Post, sent: Sent) -> None:
    requests = ["BatchGetItem", WRITE] if post.member == "role" else ["PutItem"]
    costs = []
    for key in (None, KEY):
        again = Post(post.client, post.kind)
        before = list(read())
        sent.clear()
        sent.answers.clear()
        assert again.send(key).status == 201
        assert sent == requests
        told = [answer.get("ConsumedCapacity") for answer in sent.answers]
        written = [item for item in read() if item not in before]
        assert len(written) == (4 if post.member == "role" else 1)
        costs.append((told, sorted(map(write_units, written))))
    assert costs[0] == costs[1]
    sent.clear()
    assert again.send().status == 201
    assert sent == requests


@pytest.mark.parametrize("kind", KINDS)
def test_of_fifty_at_once_one_makes_it_and_all_hear_so(real: Client, kind: str) -> None:
    post = Post(real, kind)
    name = next(iter(post.body))
    if post.member != "role":
        post.body[name] = f"The {kind} of fifty"
    answers = at_once(*[partial(post.send, f"fifty of a {kind}")] * 50)
    assert {answer.status for answer in answers} == {201}, Counter(map(repr, answers))
    assert len({answer.text for answer in answers}) == 1
    assert len({answer.headers["location"] for answer in answers}) == 1
    made = answers[0]["created"]
    listed = real.every(f"/{post.member}s", f"{post.member}s", limit=100)
    if post.member == "role":
        assert [role["id"] for role in listed if role["movie_id"] == post.things.movie] == [made]
        assert real.get(f"/movies/{post.things.movie}")["movie"]["role_count"] == 1
        assert real.get(f"/actors/{post.things.actor}")["actor"]["role_count"] == 1
    else:
        assert [item["id"] for item in listed if item[name] == post.body[name]] == [made]
