"""Only a valid token opens the API: every check and every known attack, over HTTP.

A case changes one thing. If possible, its signature is valid, so that only one check rejects it.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib import tokens
from tests.support.client import ApiResponse, Client, assert_failure
from tests.support.issuer import Issuer, base64url, rs256
from tests.tokens.header_attacks import Case, Headers
from tests.tokens.hostile import GOOD, HOSTILE
from tests.tokens.world import GONE, HEADER, World, of_length, sealed


def ask(world: World, headers: Headers) -> ApiResponse:
    world.sent.extend(headers.values())
    return Client(world.product.url).call("GET", "/movies", headers=headers)


def bear(world: World, token: str, scheme: str = "Bearer") -> ApiResponse:
    return ask(world, {"Authorization": f"{scheme} {token}"})


LONGEST_SEARCHED = 100_000
"""Characters. A longer text repeats itself, and takes seconds to search."""


def pieces(text: str) -> set[str]:
    return {text[start : start + 20] for start in range(len(text) - 19)}


def assert_untold(text: str, secret: str) -> None:
    """Assert that no 20 characters of the secret are in a text."""
    searched = secret[:LONGEST_SEARCHED]
    assert not [piece for piece in pieces(text) if piece in searched]


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.name)
def test_a_hostile_token_is_rejected(world: World, case: Case) -> None:
    headers = case.headers(world)
    answer = ask(world, headers)
    assert_failure(answer, 401, case.message)
    for value in headers.values():
        assert_untold(answer.text + str(answer.headers), value)
    assert world.stranger.fetches == 0


def test_a_token_in_the_query_is_ignored(world: World) -> None:
    token = world.token()
    answer = Client(world.product.url).get("/movies", access_token=token)
    assert_failure(answer, 401, HEADER)
    assert_untold(answer.text + world.product.log_text(), token)


@pytest.mark.parametrize("name", GOOD)
def test_a_valid_token_is_accepted(world: World, name: str) -> None:
    answer = bear(world, world.token(*GOOD[name]))
    assert answer.status == 200, answer
    assert answer["movies"]


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "bEARER"])
def test_the_case_of_the_scheme_does_not_matter(world: World, scheme: str) -> None:
    assert bear(world, world.token(), scheme).status == 200


@pytest.mark.parametrize("kid", ["plain", "verifying"])
def test_a_key_may_have_fewer_or_more_members_about_its_use(world: World, kid: str) -> None:
    token = world.token({"kid": kid}, sign=lambda message: rs256(message, kid))
    assert bear(world, token).status == 200


def test_the_longest_token_is_accepted(world: World) -> None:
    token = of_length(world, 8_192)
    assert len(token) == 8_192
    assert bear(world, token).status == 200


@pytest.mark.parametrize(
    "permissions",
    [GONE, [], ["write:movies", "GET:movies", "get:movie", "get:movies:all", "*"], ["get:actors"]],
    ids=["absent", "none", "foreign", "another"],
)
def test_a_valid_token_without_the_permission_is_403(world: World, permissions: object) -> None:
    assert_failure(bear(world, world.token({}, {"permissions": permissions})), 403)


def test_only_our_permissions_are_used(issuer: Issuer) -> None:
    token = issuer.token(permissions=["get:movies", "write:movies", "GET:movies"])
    assert tokens.verify(f"Bearer {token}").permissions == {"get:movies"}


def test_after_all_attacks_a_valid_token_is_still_accepted(world: World) -> None:
    assert bear(world, world.token()).status == 200
    assert world.issuer.fetches <= 2
    assert set(world.issuer.paths) == {"/.well-known/jwks.json"}
    assert world.stranger.fetches == 0


def test_a_flood_of_unknown_keys_is_rejected_with_one_fetch_at_most(world: World) -> None:
    before = world.issuer.fetches
    signature = world.token().rpartition(".")[2]
    payload = base64url(world.payload().encode())

    def flood(number: int) -> ApiResponse:
        header = base64url(world.header({"kid": f"unknown {number}"}).encode())
        return bear(world, f"{header}.{payload}.{signature}")

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(flood, range(1_000)))
    for answer in answers:
        assert_failure(answer, 401, HEADER)
    assert world.issuer.fetches <= before + 1
    assert bear(world, world.token()).status == 200


def test_the_log_reveals_nothing_of_a_token(world: World) -> None:
    assert bear(world, sealed(world.header(), "nonsense")).status == 401
    # Repeated lines have the same pieces.
    logged = set().union(*map(pieces, set(world.product.log_text().splitlines())))
    assert any("token rejected" in piece for piece in logged)
    for value in world.sent:
        assert not [piece for piece in logged if piece in value[:LONGEST_SEARCHED]]


PERSONAL: dict[str, Any] = {
    "date_of_birth": "1903-07-09",
    "email": "ilsa.lund.of.oslo@example.com",
    "phone": "+47 55 501 503 507 509",
    "notes": "Prefers not to be telephoned before the ninth hour.",
    "agent": {
        "agency": "Laszlo and Partners of Casablanca",
        "name": "Signor Ferrari the Elder",
        "email": "ferrari.blue.parrot@example.com",
        "phone": "+212 55 521 523 541",
    },
}
"""Values of every personal field. None of them occurs elsewhere."""


def test_the_log_reveals_no_personal_value(world: World) -> None:
    values = [value for value in PERSONAL.values() if isinstance(value, str)]
    values += PERSONAL["agent"].values()
    client = Client(world.product.url, world.issuer.token("producer"))
    actor = {"name": "Ilsa Lund", "gender": "female", **PERSONAL}
    created = client.post("/actors", actor)
    assert created.status == 201
    assert created["actor"]["email"] == PERSONAL["email"]
    path = f"/actors/{created['created']}"
    requests = [
        client.get(path),
        client.patch(path, PERSONAL),
        client.patch(path, {"name": "Ilsa", **PERSONAL}, **{"If-Match": '"9"'}),
        client.post("/actors", {**actor, "gender": "spy"}),
        client.post("/actors", {**actor, "height_cm": 1}),
        client.post("/actors", {**actor, "agent": {**actor["agent"], "fax": values[1]}}),
        *(
            client.patch(path, {name: {value: value}})
            for name, value in zip(PERSONAL, values[:4], strict=False)
        ),
        *(client.patch(path, {value: value}) for value in values),
        *(client.get("/actors", cursor=value, limit=value) for value in values),
        *(client.get("/actors/" + quote(value)) for value in values),
        client.delete(path),
    ]
    assert not [answer for answer in requests if answer.status >= 500]
    logged = world.product.log_text()
    assert "PATCH" in logged
    assert not [value for value in values if value in logged or quote(value) in logged]


def test_no_case_is_lost() -> None:
    assert len(HOSTILE) >= 190
    assert len({case.name for case in HOSTILE}) == len(HOSTILE)
