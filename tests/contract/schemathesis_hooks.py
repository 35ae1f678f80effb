"""Rules of the API that JSON Schema cannot express, for schemathesis.

The `st` command loads this module (SCHEMATHESIS_HOOKS), see `fuzz.py`. Everything else must match
the served contract as it is. Ids, filters and lists are derived from the contract.
"""

import datetime
import itertools
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs
import requests
import schemathesis
from schemathesis import Case, GenerationMode, HookContext
from schemathesis.generation.meta import TestPhase

from chalicelib.http import body as http_body
from chalicelib.permissions import AGENCY_ROLES
from chalicelib.store.statuses import SELECTION
from chalicelib.store.text import search_words

URL, TOKEN = os.environ["CONTRACT_URL"], os.environ.get("CONTRACT_TOKEN")
ROLE = os.environ["CONTRACT_ROLE"]
PERMISSIONS = AGENCY_ROLES[ROLE].permissions if ROLE in AGENCY_ROLES else frozenset[str]()
RUN = os.urandom(4).hex()
SHARE = int(os.environ.get("CONTRACT_SHARE", "1"))
FIRST_NUMBER = 10_000_000 + int(RUN, 16) % 2_000_000_000

PAIRS = (
    ("playing_age_min", "playing_age_max"),
    ("shoot_start", "shoot_end"),
    ("work_start", "work_end"),
)
"""The second field of a pair must not be less than the first."""

RANGES = (("available_from", "available_to"), ("released_from", "released_to"))
"""The second filter of a pair must not be less than the first."""

ListKey = tuple[str, frozenset[tuple[str, str]]]
"""A list: its path and its query, without `limit` and `cursor`."""

_numbers, _systematic = itertools.count(), itertools.count()
_contract: dict[str, Any] = requests.get(f"{URL}/openapi.json", timeout=10).json()
_operations = {
    operation["operationId"]: (path, operation)
    for path, methods in _contract["paths"].items()
    for operation in methods.values()
}
_validators: dict[str, Any] = {}
_cursors: set[tuple[ListKey, str]] = set()


def _existing_ids() -> Iterator[tuple[str, list[str]]]:
    """Yield each path parameter that is an id, with the ids that its collection contains.

    The ids are those of the start of the run. There are none if this caller may not list them.
    """
    headers = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}
    for path in _contract["paths"]:
        match = re.fullmatch(r"(/[^{}]+)/\{(\w+)\}", path)
        if match is None or "get" not in _contract["paths"].get(match[1], {}):
            continue
        response = requests.get(f"{URL}{match[1]}?limit=100", headers=headers, timeout=10)
        lists = [member for member in response.json().values() if isinstance(member, list)]
        yield match[2], [item["id"] for items in lists for item in items]


IDS = dict(_existing_ids())


def _is_valid(case: "Case[Any]", body: Any) -> bool:
    """Return whether a body matches the contract."""
    name = case.operation.definition.raw["operationId"]
    if name not in _validators:
        content = case.operation.definition.raw["requestBody"]["content"]["application/json"]
        schema = {**content["schema"], "components": _contract["components"]}
        _validators[name] = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    return bool(_validators[name].is_valid(body))


@schemathesis.hook
def filter_case(context: HookContext, case: "Case[Any]") -> bool:
    """Skip bodies for which the contract alone cannot tell what the API does.

    Of the thousands of systematic cases, use one in SHARE.
    """
    phase = case.meta.phase.name if case.meta else None
    if phase == TestPhase.COVERAGE and next(_systematic) % SHARE:
        return False
    if _is_positive(case) and not _are_filters_valid(case.query or {}):
        return False
    if not isinstance(case.body, dict):
        return True
    # The API trims strings, and rejects those that are then empty.
    body = _trimmed(case.body)
    positive = _is_positive(case)
    if positive and any(isinstance(value, float) for value in body.values()):
        return False  # the API accepts 1, but not 1.0
    if positive and not _is_ordered(body, is_whole=case.method == "POST"):
        return False
    audition_at = body.get("audition_at")
    if positive and isinstance(audition_at, str) and _is_valid(case, body):
        # The API rejects the first and the last year, also in UTC, and a second of 60.
        return bool(re.match(r"(?!000[0-2]|999[89])\d{4}-..-..T..:..:[0-5]", audition_at))
    date_of_birth = body.get("date_of_birth")
    if positive and isinstance(date_of_birth, str) and _is_valid(case, body):
        # The API rejects actors over 150 years or not born yet. The exact limit depends on today.
        born = datetime.date.fromisoformat(date_of_birth)
        return datetime.date(1900, 1, 1) <= born <= datetime.date.today()
    return positive == _is_valid(case, body) or body == case.body


def _trimmed(value: Any) -> Any:
    """Return a JSON value with its strings trimmed, except the names of members."""
    if isinstance(value, str):
        return http_body.trim(value)
    if isinstance(value, list):
        return [_trimmed(part) for part in value]
    return {k: _trimmed(v) for k, v in value.items()} if isinstance(value, dict) else value


def _is_ordered(body: Mapping[str, Any], is_whole: bool) -> bool:
    """Return whether the API accepts the ends of all ranges in a body.

    In a change, an end that is sent without the other one depends on what is stored.
    """
    for low, high in PAIRS:
        if not is_whole and len({low, high} & body.keys()) == 1:
            return False
        ends: list[Any] = [body.get(low), body.get(high)]
        if type(ends[0]) in (int, str) and type(ends[0]) is type(ends[1]) and ends[0] > ends[1]:
            return False
    ranges = body.get("availability")
    return not isinstance(ranges, list) or all(
        str(days.get("from")) <= str(days.get("to")) for days in ranges if isinstance(days, dict)
    )


def _are_filters_valid(query: Mapping[str, Any]) -> bool:
    """Return whether the API accepts the filters of a list that match the contract."""
    texts = [text for value in query.values() for text in _texts(value)]
    if not all(map(http_body.trim, texts)):
        return False
    if "search" in query and not search_words(http_body.trim(query["search"])):
        return False
    ages = [int(age) for age in str(query.get("playing_age", "")).split("-") if age]
    if ages != sorted(ages) or ("available_from" in query) != ("available_to" in query):
        return False
    for low, high in RANGES:
        if low in query and high in query and query[low] > query[high]:
            return False
    # Which orders a filtered list has depends on its filters.
    return "sort" not in query or query.keys() <= {"sort", "limit", "cursor"}


def _texts(value: Any) -> list[str]:
    """Return the texts among a query parameter's value or values."""
    return [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str)]


@schemathesis.hook
def map_case(context: HookContext, case: "Case[Any]") -> "Case[Any]":
    """Make a case valid that only might be valid."""
    if not _is_positive(case):
        return case
    # A list accepts only its own cursors. They come from the links to the next page.
    if case.query and "cursor" in case.query and not _is_own_cursor(case, case.query["cursor"]):
        del case.query["cursor"]
    # Every created resource needs a new idempotency key.
    if case.headers and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = f"{RUN}-{next(_numbers)}"
    # Only one resource can have an external id.
    external: Any = case.body if isinstance(case.body, dict) else {}
    if isinstance(external.get("imdb_id"), str):
        external["imdb_id"] = f"{external['imdb_id'][:2]}{FIRST_NUMBER + next(_numbers)}"
    if isinstance(external.get("tmdb_id"), int):
        external["tmdb_id"] = FIRST_NUMBER + next(_numbers)
    # Four of five ids in a body exist.
    if isinstance(case.body, dict) and context.operation is not None and case.method == "POST":
        for name, ids in IDS.items():
            if name in case.body and ids and next(_numbers) % 5:
                case.body[name] = ids[next(_numbers) % len(ids)]
            if f"{name}s" in case.body and ids and next(_numbers) % 5:
                case.body[f"{name}s"] = [*ids[: 1 + next(_numbers) % 5]]
    return case


@schemathesis.hook
def after_call(context: HookContext, case: "Case[Any]", response: Any) -> None:
    """Remember the cursor of the next page, and the list that the link to it names."""
    if response.request.method != case.operation.method.upper():
        return  # a preflight request
    responses = case.operation.definition.raw["responses"]
    link = responses.get(str(response.status_code), {}).get("links", {}).get("next_page")
    cursor = response.json()["next_cursor"] if link else None
    if cursor is None:
        return
    sent = {"path": case.path_parameters or {}, "query": case.query or {}}
    values = {}
    for name, expression in link["parameters"].items():
        source = re.fullmatch(r"\$request\.(path|query)\.(\w+)", expression)
        if source and source[2] in sent[source[1]]:
            values[name] = sent[source[1]][source[2]]
    path, operation = _operations[link["operationId"]]
    _cursors.add((_list_key(path, operation, values), cursor))


@schemathesis.check
def permissions_of_the_role(ctx: Any, response: Any, case: "Case[Any]") -> bool | None:
    """Check the response against the permissions of the caller's agency role."""
    if response.request.method != case.operation.method.upper():
        return None  # a method that the path does not have, or a preflight request
    for requirement in case.operation.definition.raw["security"]:
        (permission,) = requirement["token"]
        # Some cases send no token or an invalid one.
        if TOKEN and response.request.headers.get("Authorization") != f"Bearer {TOKEN}":
            assert response.status_code >= 400, "the request has no valid token"
        elif _engages(case) and "post:roles" not in PERMISSIONS:
            assert response.status_code >= 400, f"{ROLE} must not engage a candidate"
        elif permission in PERMISSIONS:
            assert response.status_code not in (401, 403), f"{ROLE} must have {permission}"
        else:
            assert response.status_code >= 400, f"{ROLE} must not have {permission}"
    return None


@schemathesis.check
def rejected_changes_of_a_status(ctx: Any, response: Any, case: "Case[Any]") -> bool | None:
    """Check that only the rule of statuses rejects a valid change of a candidate."""
    is_change = case.operation.definition.raw["operationId"] == "change_candidate"
    if is_change and response.status_code == 422 and _is_positive(case):
        detail = response.json()["detail"]
        assert re.fullmatch(r"status: expected one of .* after \w+\.", detail), detail
    return None


def _engages(case: "Case[Any]") -> bool:
    """Return whether a request engages a candidate, or ends an engagement."""
    if case.operation.definition.raw["operationId"] != "change_candidate":
        return False
    return isinstance(case.body, dict) and case.body.get("status") not in (None, *SELECTION)


def _list_key(path: str, operation: Mapping[str, Any], values: Mapping[str, Any]) -> ListKey:
    """Return the list that a request with these parameters reads."""
    query = {
        parameter["name"]: values.get(parameter["name"], parameter["schema"].get("default"))
        for parameter in operation["parameters"]
        if parameter["in"] == "query" and parameter["name"] not in ("limit", "cursor")
    }
    sent = frozenset((name, str(value)) for name, value in query.items() if value is not None)
    return path.format_map(values), sent


def _is_own_cursor(case: "Case[Any]", cursor: str) -> bool:
    """Return whether the list has returned this cursor."""
    operation = case.operation
    values = {**(case.path_parameters or {}), **case.query}
    return (_list_key(operation.path, operation.definition.raw, values), cursor) in _cursors


def _is_positive(case: "Case[Any]") -> bool:
    return case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE
