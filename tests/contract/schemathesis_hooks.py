"""What schemathesis has to know of valid requests beyond what JSON Schema can say of them.

Loaded by the `st` command (SCHEMATHESIS_HOOKS), see tests/contract/fuzz.py. Each rule here is a
sentence of the contract's; everything else is held to the document as it stands.
"""

import datetime
import itertools
import os
from typing import Any

import jsonschema_rs
import requests
import schemathesis
from schemathesis import Case, GenerationMode, HookContext

from chalicelib.errors import BadCursor
from chalicelib.http import body as http_body
from chalicelib.http import paging
from chalicelib.permissions import AGENCY_ROLES
from chalicelib.routes.roles import list_name

URL, TOKEN = os.environ["CONTRACT_URL"], os.environ.get("CONTRACT_TOKEN")
WHO = os.environ["CONTRACT_WHO"]
MAY = AGENCY_ROLES[WHO].permissions if WHO in AGENCY_ROLES else frozenset[str]()
RUN = os.urandom(4).hex()

_numbers = itertools.count()
_contract: dict[str, Any] = requests.get(f"{URL}/openapi.json", timeout=10).json()
_validators: dict[str, Any] = {}


def _ids(collection: str) -> list[str]:
    """Give the ids of what the API has at the start, where this caller may list it."""
    headers = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}
    answer = requests.get(f"{URL}/{collection}", {"limit": "100"}, headers=headers, timeout=10)
    return [one["id"] for one in answer.json().get(collection, [])]


IDS = {"movie_id": _ids("movies"), "actor_id": _ids("actors")}


def _takes(case: "Case[Any]", body: Any) -> bool:
    """Tell whether the document takes this body."""
    name = case.operation.definition.raw["operationId"]
    if name not in _validators:
        reference = case.operation.definition.raw["requestBody"]["content"]["application/json"]
        schema = {**reference["schema"], "components": _contract["components"]}
        _validators[name] = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    return bool(_validators[name].is_valid(body))


@schemathesis.hook
def filter_case(context: HookContext, case: "Case[Any]") -> bool:
    """Leave out bodies of which the document alone says something else than the API."""
    if not isinstance(case.body, dict):
        return True
    # Strings are trimmed first, and must then show something.
    body = {k: http_body.trim(v) if isinstance(v, str) else v for k, v in case.body.items()}
    valid = _is_positive(case)
    if valid and any(isinstance(value, float) for value in body.values()):
        return False  # a whole number is written as one: 1, not 1.0
    born = body.get("date_of_birth")
    if valid and isinstance(born, str) and _takes(case, body):
        # No actor is older than 150 years or not yet born; the edge itself moves with the day.
        return (
            datetime.date(1900, 1, 1) <= datetime.date.fromisoformat(born) <= datetime.date.today()
        )
    return valid == _takes(case, body) or body == case.body


@schemathesis.hook
def map_case(context: HookContext, case: "Case[Any]") -> "Case[Any]":
    """Make of what may be valid what is."""
    if not _is_positive(case):
        return case
    # A cursor is one that this list gave out: those come by the links from page to page.
    if case.query and "cursor" in case.query and not _is_of_list(case, case.query["cursor"]):
        del case.query["cursor"]
    # A key is a new one for each thing that is added.
    if case.headers and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = f"{RUN}-{next(_numbers)}"
    # Whom one casts, and in what, is there; every fifth time it is not.
    if isinstance(case.body, dict) and context.operation is not None and case.method == "POST":
        for name, there in IDS.items():
            if name in case.body and there and next(_numbers) % 5:
                case.body[name] = there[next(_numbers) % len(there)]
    return case


@schemathesis.check
def who_may(ctx: Any, response: Any, case: "Case[Any]") -> bool | None:
    """Hold the answer to the agency's table: the statuses of the other checks are for everyone."""
    if response.request.method != case.operation.method.upper():
        return None  # another method is another matter: 405, and a preflight is for everyone
    for requirement in case.operation.definition.raw["security"]:
        (permission,) = requirement["token"]
        # Some cases leave the token out, or send another.
        if TOKEN and response.request.headers.get("Authorization") != f"Bearer {TOKEN}":
            assert response.status_code >= 400, "nobody may"
        elif permission in MAY:
            assert response.status_code not in (401, 403), f"{permission} is refused to {WHO}"
        else:
            assert response.status_code >= 400, f"{permission} is not for {WHO}"
    return None


def _is_of_list(case: "Case[Any]", cursor: str) -> bool:
    """Tell whether a list gave out this cursor, or could have."""
    path, query = case.operation.path, case.query
    name = path.format(**case.path_parameters or {})
    if path == "/roles":
        if "movie_id" in query and "actor_id" in query:
            return False
        name = list_name(query.get("movie_id"), query.get("actor_id"))
    elif path in ("/movies", "/actors"):
        (sort,) = (p for p in case.operation.definition.raw["parameters"] if p["name"] == "sort")
        name += f"?sort={query.get('sort', sort['schema']['default'])}"
    try:
        return bool(paging.decode_cursor(name, cursor))
    except BadCursor:
        return False


def _is_positive(case: "Case[Any]") -> bool:
    return case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE
