"""`Idempotency-Key`: a repeated POST creates nothing and returns the first response again."""

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
from tests.store.test_races import call_together
from tests.store.test_requests import WRITE, Resources
from tests.support.client import ApiResponse, Client, assert_failure, invoke
from tests.support.issuer import Issuer
from tests.support.resources import resources

KEY = "7f9c24e8 / the caller's own"


@pytest.fixture
def empty_table(real_table: str) -> str:
    """Use the DynamoDB engine instead of moto: it must tell a replay from another request."""
    return real_table


class Post:
    """A complete POST request that can be sent several times."""

    def __init__(self, client: Client, kind: str, known: Any = None) -> None:
        known = known or Resources(client)
        bodies: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
            "movie": (
                "/movies",
                {"title": "Amélie", "release_date": "2001-04-25"},
                {"title": "Alien"},
            ),
            "actor": ("/actors", {"name": "Zoë", "gender": "female", "age": 30}, {"age": 31}),
            "role": (
                "/roles",
                {
                    "movie_id": known.movie,
                    "actor_id": known.actor,
                    "character_name": "Noël",
                },
                {"billing_order": 1},
            ),
            "role in a movie": (
                f"/movies/{known.movie}/actors",
                {"actor_id": known.actor, "character_name": "Noël"},
                {"character_name": "Vincent"},
            ),
        }
        self.client, self.kind, self.resources = client, kind, known
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


def test_a_repeated_request_creates_one_resource_and_returns_the_same_response(post: Post) -> None:
    before = len(resources())
    first, *replays = [post.send() for _ in range(3)]
    assert first.status == 201
    for replay in replays:
        assert replay.status == 201
        assert replay.body == first.body
        for header in ("location", "etag"):
            assert replay.headers[header] == first.headers[header]
    assert len(resources()) == before + post.items
    assert problems(read()) == []
    assert post.client.get(first.headers["location"])[post.member] == first[post.member]
    if post.member == "role":
        for path, kind in ((f"/movies/{post.resources.movie}", "movie"),
                           (f"/actors/{post.resources.actor}", "actor")):  # fmt: skip
            assert post.client.get(path)[kind]["role_count"] == 1


def test_another_body_with_the_same_key_is_rejected_and_changes_nothing(post: Post) -> None:
    first = post.send()
    before = list(read())
    response = post.send(body=post.other_body)
    assert_failure(response, 422)
    assert "Idempotency-Key" in response["detail"]
    assert list(read()) == before
    assert post.send().body == first.body


def test_the_same_body_in_another_notation_is_a_replay(post: Post) -> None:
    first = post.send()
    reordered = dict(reversed(post.body.items()))
    padded = {k: f" {v}\u00a0" if isinstance(v, str) and "name" in k else v
              for k, v in post.body.items()}  # fmt: skip
    for body in (
        json.dumps(reordered, indent=4).encode(),
        json.dumps(post.body, ensure_ascii=False, separators=(",", ":")).encode(),
        json.dumps(padded).encode(),
    ):
        replay = post.send(body=body)
        assert replay.status == 201, replay
        assert replay.body == first.body


@pytest.mark.parametrize("difference", ["another key", "another caller", "no key"])
def test_a_request_with_another_key_or_caller_is_not_a_replay(
    post: Post, issuer: Issuer, difference: str
) -> None:
    first, before = post.send(), len(resources())
    other = {
        "another key": lambda: post.send(KEY + "x"),
        "another caller": lambda: post.send(token=issuer.token("producer", sub="auth0|another")),
        "no key": lambda: post.send(None),
    }[difference]()
    if post.member == "role":
        # The role exists already, but this request did not create it.
        assert_failure(other, 409)
        assert "already" in other["detail"]
        assert len(resources()) == before
    else:
        assert other.status == 201
        assert other["created"] != first["created"]
        assert len(resources()) == before + 1
    assert problems(read()) == []


def test_a_renewed_token_belongs_to_the_same_caller(post: Post, issuer: Issuer) -> None:
    first = post.send()
    renewed = issuer.token("producer", jti="another token", iat=issuer.claims()["iat"] - 60)
    assert post.send(token=renewed).body == first.body


def test_the_same_key_on_another_route_is_not_a_replay(producer: Client) -> None:
    known = Resources(producer)
    movie, actor, role = (Post(producer, kind, known) for kind in KINDS[:3])
    ids = {post.send()["created"] for post in (movie, actor, role)}
    assert len(ids) == 3
    # The role exists already: another route created it.
    assert_failure(Post(producer, "role in a movie", known).send(), 409)
    assert [post.send()["created"] in ids for post in (movie, actor, role)] == [True] * 3
    assert problems(read()) == []


def test_a_key_is_1_to_255_printable_characters(post: Post) -> None:
    for key in ("1", "~" * 255, '"quoted"', "a, b; c=d", "Basic ?/\\%00"):
        first = post.send(key)
        assert first.status == 201, first
        assert post.send(key).body == first.body
        post.client.delete(first.headers["location"])


def test_an_invalid_key_is_rejected_and_nothing_is_written(post: Post) -> None:
    before = list(read())
    for key in ("", " ", "   \t", "x" * 256, "a\tb", "\x00", "a\x1fb", "\x7f", "é", "\xa0", "Ã©"):
        response = post.send(key)
        assert_failure(response, 400)
        assert "Idempotency-Key" in response["detail"]
    assert list(read()) == before


def test_a_key_of_spaces_is_rejected(real_table: str) -> None:
    # The local gateway strips the spaces. API Gateway may keep them.
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
    assert resources() == []


def test_an_invalid_request_with_a_key_is_rejected(
    post: Post, assistant: Client, issuer: Issuer
) -> None:
    before = list(read())
    for key in (KEY, ""):
        assert_failure(post.send(key, {**post.body, "unknown": 1}), 422)
        assert_failure(post.send(key, b"{"), 400)
        assert_failure(post.send(key, token=assistant.token), 403)
    assert list(read()) == before
    # The key can still be used after a rejected request.
    assert post.send().status == 201


def test_a_key_can_be_used_again_after_a_404(producer: Client) -> None:
    post = Post(producer, "role")
    producer.delete(f"/actors/{post.resources.actor}")
    assert_failure(post.send(), 404)
    post.body["actor_id"] = producer.new_actor()
    assert post.send().status == 201


CHANGES: dict[str, dict[str, Any]] = {
    "movie": {"title": "Ronin"},
    "actor": {"name": "Zoé", "date_of_birth": "1990-01-01"},
    "role": {"character_name": None, "billing_order": 7},
}


def test_a_replay_returns_the_current_state_of_the_resource(post: Post) -> None:
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
def test_a_replay_for_a_resource_that_is_being_deleted_returns_409(
    producer: Client, kind: str
) -> None:
    post = Post(producer, kind)
    first = post.send()
    pk = f"{kind.upper()}#{first['created']}"
    dynamodb.update(Parent, pk, "#", [Parent.deleting.set(table.now())], Parent.pk.exists())
    response = post.send()
    assert_failure(response, 409)
    assert response.headers["retry-after"] == "1"
    assert producer.delete(first.headers["location"]).status == 200
    assert post.send().status == 201


def test_a_replay_returns_the_current_number_of_roles(producer: Client) -> None:
    post = Post(producer, "movie")
    first = post.send()
    producer.new_role(first["created"], post.resources.actor)
    assert post.send()["movie"] == {**first["movie"], "role_count": 1}
    assert problems(read()) == []


@pytest.mark.parametrize("kind", KINDS[2:])
def test_a_role_that_was_created_without_the_key_is_a_conflict(producer: Client, kind: str) -> None:
    post = Post(producer, kind)
    assert post.send(None).status == 201
    before = list(read())
    assert_failure(post.send(), 409)
    assert list(read()) == before


def test_a_deleted_role_can_be_created_again_with_its_key(producer: Client) -> None:
    post = Post(producer, "role")
    for _ in range(2):
        created = post.send()
        assert created.status == 201
        assert producer.delete(created.headers["location"]).status == 200
    assert producer.get(f"/movies/{post.resources.movie}")["movie"]["role_count"] == 0


def test_no_response_contains_the_key(post: Post) -> None:
    key, created_without_key = "not-to-be-shown", Post(post.client, post.kind).send(None)
    created = post.send(key)
    assert created[post.member].keys() == created_without_key[post.member].keys()
    path, list_path = created.headers["location"], f"/{post.member}s"
    responses = [
        created,
        post.send(key),
        post.send(key, post.other_body),
        post.client.get(path),
        post.client.get(list_path),
        post.client.get(f"/movies/{post.resources.movie}/actors"),
        post.client.patch(path, CHANGES[post.member]),
        post.client.delete(path),
    ]
    assert [response.status for response in responses] == [201, 201, 422, *[200] * 5]
    for response in responses:
        assert key not in response.text + str(response.headers)


def write_units(item: dict[str, dict[str, Any]]) -> int:
    """Return the write units that DynamoDB charges for an item: one per started KiB."""
    size = sum(len((name + str(*value.values())).encode()) for name, value in item.items())
    return -(-size // 1_024)


def test_a_key_costs_no_request_and_no_capacity(post: Post, sent: Sent) -> None:
    requests = ["BatchGetItem", WRITE] if post.member == "role" else [WRITE]
    costs = []
    for key in (None, KEY):
        repeated = Post(post.client, post.kind)
        before = resources()
        sent.clear()
        sent.answers.clear()
        assert repeated.send(key).status == 201
        assert sent == requests
        capacity = [response.get("ConsumedCapacity") for response in sent.answers]
        new_items = [item for item in resources() if item not in before]
        assert len(new_items) == (4 if post.member == "role" else 1)
        costs.append((capacity, sorted(map(write_units, new_items))))
    assert costs[0] == costs[1]
    sent.clear()
    assert repeated.send().status == 201
    assert sent == requests


@pytest.mark.parametrize("kind", KINDS)
def test_one_of_fifty_concurrent_requests_creates_the_resource_and_all_return_it(
    real: Client, kind: str
) -> None:
    post = Post(real, kind)
    name = next(iter(post.body))
    if post.member != "role":
        post.body[name] = f"The {kind} of fifty"
    responses = call_together(*[partial(post.send, f"fifty of a {kind}")] * 50)
    assert {response.status for response in responses} == {201}, Counter(map(repr, responses))
    assert len({response.text for response in responses}) == 1
    assert len({response.headers["location"] for response in responses}) == 1
    created_id = responses[0]["created"]
    listed = real.every(f"/{post.member}s", f"{post.member}s", limit=100)
    if post.member == "role":
        assert [role["id"] for role in listed if role["movie_id"] == post.resources.movie] == [
            created_id
        ]
        assert real.get(f"/movies/{post.resources.movie}")["movie"]["role_count"] == 1
        assert real.get(f"/actors/{post.resources.actor}")["actor"]["role_count"] == 1
    else:
        assert [item["id"] for item in listed if item[name] == post.body[name]] == [created_id]
