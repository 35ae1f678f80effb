"""The generated contract: two validators and a linter accept it, and responses match it."""

import copy
import datetime
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jsonschema_rs
import pytest
from chalice.app import Chalice
from openapi_spec_validator import OpenAPIV31SpecValidator

from app import app
from chalicelib import settings
from chalicelib.contract import document as openapi
from chalicelib.errors import MESSAGES, ApiError
from chalicelib.http import answers, views
from chalicelib.http.fields import MOVIE_ID
from chalicelib.http.views import declared
from chalicelib.permissions import AGENCY_ROLES
from chalicelib.store import entries
from dev.contract.operations import Operations
from tests.conftest import PROJECT, Product
from tests.contract import fuzz
from tests.support import node
from tests.support.client import ApiResponse, Client, invoke
from tests.support.issuer import Issuer

DOCUMENT = json.loads((PROJECT / "docs" / "generated" / "openapi.json").read_text())
JSON = "application/json"

OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def dereferenced(part: Any) -> Any:
    """Return a part of the document, with its reference resolved."""
    while "$ref" in part:
        target: Any = DOCUMENT
        for step in part["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        part = target
    return part


def responses(operation: Any) -> dict[int, Any]:
    return {int(status): dereferenced(r) for status, r in operation["responses"].items()}


def problems(schema: Any, value: Any) -> list[str]:
    """Return the errors of a value by a schema of the document."""
    whole = {**schema, "components": DOCUMENT["components"]}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    return [error.message for error in validator.iter_errors(value)]


def assert_as_documented(answer: ApiResponse, operation_id: str) -> None:
    """Check that the operation documents a response: its status, headers and body."""
    documented = responses(OPERATIONS[operation_id][2])
    assert answer.status in documented, answer
    response = documented[answer.status]
    for name, header in response["headers"].items():
        header = dereferenced(header)
        assert name.lower() in answer.headers or not header["required"], name
        if name.lower() in answer.headers:
            assert problems(header["schema"], answer.headers[name.lower()]) == []
    if content := response.get("content", {}).get(JSON):
        assert problems(content["schema"], answer.body) == []
    else:
        assert answer.text == "" or answer.headers["content-type"].startswith("text/html")


def test_the_contract_is_served_as_it_is_in_the_docs(nobody: Client) -> None:
    answer = nobody.get("/openapi.json")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.body == DOCUMENT


def test_below_the_gateways_stage_the_server_is_the_stage() -> None:
    event: dict[str, Any] = {
        "requestContext": {
            "httpMethod": "GET",
            "resourcePath": "/openapi.json",
            "path": "/prod/openapi.json",
        },
        "headers": {},
        "pathParameters": {},
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": None,
    }
    served = json.loads(invoke(app, event)["body"])
    assert served.pop("servers") == [{"url": "/prod"}]
    assert served == {k: v for k, v in DOCUMENT.items() if k != "servers"}


def test_the_contract_is_valid_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Return a contract with an error."""
    document = copy.deepcopy(DOCUMENT)
    del document["paths"]["/movies"]["get"]["responses"]
    document["paths"]["/movies"]["get"]["parameters"][0]["in"] = "nowhere"
    file = tmp_path / "broken.json"
    file.write_text(json.dumps(document))
    return file


def validated_elsewhere(file: Path) -> Any:
    node.install()
    done = node.run(PROJECT / "tests" / "contract" / "validate.mjs", str(node.MODULES), str(file))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def linted(file: Path) -> tuple[int, str]:
    config = PROJECT / "tests" / "contract" / "redocly.yaml"
    done = node.tool("@redocly/cli", "lint", "--config", str(config), str(file))
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_another_validator_says_so_too(broken: Path) -> None:
    assert validated_elsewhere(PROJECT / "docs" / "generated" / "openapi.json")["valid"] is True
    assert validated_elsewhere(broken)["valid"] is False


@pytest.mark.slow
def test_the_linter_has_no_error_and_no_warning(broken: Path) -> None:
    status, output = linted(PROJECT / "docs" / "generated" / "openapi.json")
    assert status == 0, output
    assert "Your API description is valid" in output
    assert "warning" not in output.lower().replace("deprecation warning", "")
    assert linted(broken)[0] == 1


def test_every_route_is_in_the_contract_with_its_view_and_its_permission() -> None:
    documented = {
        (method, path): (operation_id, operation["security"])
        for operation_id, (method, path, operation) in OPERATIONS.items()
    }
    routes = {
        (method, path): (route.view_name, [{"token": [permission]}] if permission else [])
        for path, methods in app.routes.items()
        for method, route in methods.items()
        for permission in [declared(route.view_function).permission]
        if declared(route.view_function).is_listed
    }
    assert documented == routes


def sealed(*decorators: Any) -> Chalice:
    """Return an app with one route, whose view has these decorators."""
    app_with_route = Chalice("films", configure_logs=False)

    def show_film(film_id: str) -> Any:
        """Show a film."""

    for decorator in decorators:
        decorator(show_film)
    app_with_route.route("/films/{film_id}")(show_film)
    views.seal(app_with_route)
    return app_with_route


def test_a_path_parameter_without_a_described_type_is_an_error_that_names_the_route() -> None:
    with pytest.raises(KeyError) as raised:
        openapi.document(sealed(views.public, views.answers(answers.success)))
    assert raised.value.__notes__ == ["in the contract of GET /films/{film_id}"]


def test_a_module_of_views_without_a_docstring_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    described = openapi.document(app)["tags"]
    assert {"name": "roles", "description": "Roles: which actor plays whom in which movie"} in (
        described
    )
    monkeypatch.setattr("chalicelib.routes.roles.__doc__", None)
    openapi._document.cache_clear()
    with pytest.raises(TypeError, match="roles: a module of views needs a docstring"):
        openapi.document(app)
    monkeypatch.undo()
    assert openapi.document(app)["tags"] == described


def test_every_description_names_the_roles_that_may_call_the_operation() -> None:
    for _, _, operation in OPERATIONS.values():
        if not operation["security"]:
            assert operation["description"] == "Open to everybody, without a token."
            continue
        ((permission,),) = (requirement["token"] for requirement in operation["security"])
        assert f"`{permission}`" in operation["description"]
        for role in AGENCY_ROLES.values():
            is_named = role.name in operation["description"]
            assert is_named == (permission in role.permissions)


def test_every_operation_says_what_it_is_and_what_it_takes() -> None:
    for method, path, operation in OPERATIONS.values():
        assert operation["summary"]
        assert operation["tags"]
        names = {dereferenced(p)["name"] for p in operation.get("parameters", [])}
        assert set(re.findall(r"{(\w+)}", path)) <= names
        for parameter in map(dereferenced, operation.get("parameters", [])):
            assert parameter["description"].endswith(".")
            assert parameter["schema"]
        statuses = set(responses(operation))
        assert {400, 429, 500, 503} <= statuses
        assert ({401, 403} <= statuses) == bool(operation["security"])
        assert ({413, 415, 422} <= statuses) == ("requestBody" in operation)
        assert ("requestBody" in operation) == (method in ("POST", "PATCH"))
        assert (412 in statuses) == (method in ("PATCH", "DELETE")) == ("If-Match" in names)
        assert ("Idempotency-Key" in names) == (method == "POST")
        assert ({"limit", "cursor"} <= names) == operation["operationId"].startswith("list_")
        assert (404 in statuses) == ("{" in path or operation["operationId"] == "create_role")


def test_every_error_is_in_the_contract_with_its_message() -> None:
    examples = {
        name: (example["value"]["error"], example["value"]["message"])
        for response in DOCUMENT["components"]["responses"].values()
        for name, example in response["content"][JSON]["examples"].items()
    }
    ours = {
        kind.__name__: (kind.status, kind.message)
        for kind in walk(ApiError)
        # The first two belong to no single operation, the next is an InvalidBody, and the last
        # is of the console's files.
        if kind.__name__ not in ("MethodNotAllowed", "TryAgain", "Unordered", "ConsoleFileNotFound")
    }
    assert ours.items() <= examples.items()
    for name in examples.keys() - ours.keys():
        assert examples[name][1] == MESSAGES[examples[name][0]]
    for response in DOCUMENT["components"]["responses"].values():
        content = response["content"][JSON]
        for example in content["examples"].values():
            assert problems(content["schema"], example["value"]) == []


def walk(kind: type[ApiError]) -> Iterator[type[ApiError]]:
    for child in kind.__subclasses__():
        if child.__module__ == "chalicelib.errors":
            yield child
            yield from walk(child)


SERVERS_OWN = (
    *("id", "created_at", "updated_at", "version", "created", "deleted"),
    *("status_since", "status_by", "at", "by"),
)


def without_the_servers_own(value: Any) -> Any:
    """Return the value without what differs between servers: ids, times, callers, versions."""
    if isinstance(value, list):
        return [without_the_servers_own(part) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        name: without_the_servers_own(part)
        for name, part in value.items()
        if name not in SERVERS_OWN and not name.endswith("_id")
    }


def example_filters(operation_id: str, ids: dict[str, str]) -> dict[str, Any]:
    """Return the example of each filter of an operation, with these ids."""
    parameters = map(dereferenced, OPERATIONS[operation_id][2].get("parameters", []))
    examples = {
        parameter["name"]: ids.get(parameter["name"], parameter["schema"]["examples"][0])
        for parameter in parameters
        if parameter["in"] == "query" and "examples" in parameter["schema"]
    }
    return {name: json.dumps(e) if e in (True, False) else e for name, e in examples.items()}


def test_the_examples_are_what_the_api_takes_and_answers(
    producer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids: dict[str, str] = {}
    operations = Operations()
    entries.note_complete()  # as in a new table

    def example_of(operation_id: str) -> Any:
        _, _, operation = OPERATIONS[operation_id]
        status = min(responses(operation))
        return responses(operation)[status]["content"][JSON]["example"]

    def ask(operation_id: str, **query: Any) -> ApiResponse:
        method, path, operation = OPERATIONS[operation_id]
        path = path.format(**ids) + (f"?{urlencode(query, doseq=True)}" if query else "")
        body = operation.get("requestBody", {}).get("content", {}).get(JSON, {}).get("example")
        if body:
            assert problems(operation["requestBody"]["content"][JSON]["schema"], body) == []
            body = operations.body_with(operations[operation_id], ids)
        answer = producer.call(method, path, body)
        assert answer.status == min(responses(operation)), answer
        assert_as_documented(answer, operation_id)
        if path.endswith("/history"):
            return answer  # see the next test
        shown = without_the_servers_own(answer.body)
        assert shown == without_the_servers_own(example_of(operation_id)), operation_id
        return answer

    monkeypatch.setattr(settings, "COMMIT", example_of("get_root")["commit"])
    for id_name, create in operations.creators.items():
        members = operations.created_list(create)
        created = ask(create.id)
        ids[id_name] = created[members][0]["id"] if members else created["created"]
    creates = list(operations.creators.values())
    # What a resource shows of others is as in the examples when these are changed before it.
    changes, deletes = (
        [item for create in reversed(creates) if (item := operations.item_of(method, create))]
        for method in ("PATCH", "DELETE")
    )
    order = [*changes, *(o for o in operations if o.method == "GET")]
    order += [o for o in operations if o.method == "PATCH" and o not in changes]
    # Another way to remove a resource, then another way to create it again.
    order += [o for o in operations if o.method == "DELETE" and o not in deletes]
    order += [o for o in operations if o.is_create and o not in creates]
    order += deletes
    for operation in order:
        if operation.id not in ("get_docs", "get_contract", "get_console"):
            ask(operation.id)
            if filters := example_filters(operation.id, ids):
                ask(operation.id, **filters)
    assert {operation.id for operation in [*creates, *order]} == OPERATIONS.keys()


def test_the_example_of_a_history_is_what_a_change_records(producer: Client) -> None:
    movie_id = producer.new_movie("Everybody Comes to Rick's")
    assert producer.patch(f"/movies/{movie_id}", {"title": "Casablanca"}).status == 200
    newest, _ = producer.get(f"/movies/{movie_id}/history")["history"]
    _, _, operation = OPERATIONS["list_movie_history"]
    (example,) = responses(operation)[200]["content"][JSON]["example"]["history"]
    assert newest["version"] == example["version"]
    assert without_the_servers_own(newest) == without_the_servers_own(example)


def casting_failures(producer: Client, movie_id: str, actor_id: str) -> dict[str, ApiResponse]:
    """Return a response of each failure that needs a part and its candidates."""
    two_parts = [
        producer.post(f"/movies/{movie_id}/parts", {"name": "Rick", "needed": needed})["created"]
        for needed in (1, 2)
    ]
    candidates = []
    for part_id in two_parts:
        body = {"actor_ids": [actor_id, producer.new_actor()]}
        for candidate in producer.post(f"/parts/{part_id}/candidates", body)["candidates"]:
            candidates.append(f"/candidates/{candidate['id']}")
    first, second, third, fourth = candidates
    for path in (first, third, fourth):
        assert producer.patch(path, {"status": "cast"}).status == 200
    full = producer.patch(second, {"status": "cast"})
    assert producer.patch(second, {"status": "on_hold"}).status == 200
    failures = {
        "NeededTooFew": producer.patch(f"/parts/{two_parts[1]}", {"needed": 1}),
        "PartFull": full,
        "StillEngaged": producer.delete(first),
        "WrongTransition": producer.patch(second, {"status": "submitted"}),
    }
    assert producer.patch(f"/parts/{two_parts[0]}", {"status": "closed"}).status == 200
    closed = producer.post(f"/parts/{two_parts[0]}/candidates", {"actor_ids": [actor_id]})
    return {**failures, "PartClosed": closed}


def test_the_examples_of_failures_are_what_the_api_answers(
    producer: Client, assistant: Client, nobody: Client, url: str, issuer: Issuer
) -> None:
    movie_id, actor_id = producer.new_movie(), producer.new_actor()
    role = {"movie_id": movie_id, "actor_id": actor_id}
    producer.post("/roles", role)
    film = {"title": "Heat", "release_date": "1995-12-15"}
    elsewhere = Client(url, issuer.token(aud="another-api"))
    large = "x" * (64 * 1024)
    many_terms = {
        "name": "a " * 24,
        "stage_name": "b " * 24,
        "skills": [f"skill {n}" for n in range(30)],
        "languages": {f"a{letter}": "fluent" for letter in "abcdefghijklmnopqrst"},
    }
    casting = casting_failures(producer, movie_id, actor_id)
    answers = {
        **casting,
        "ActorNotFound": producer.get("/actors/AAAAAAAAAAAAAAAA"),
        "AlreadyCast": producer.post("/roles", role),
        "BadCursor": producer.get("/movies", cursor="x"),
        "BadLimit": producer.get("/movies", limit="0"),
        "BadSort": producer.get("/movies", sort="length"),
        "BodyTooLarge": producer.post("/movies", {"title": large}),
        "CandidateNotFound": producer.get(f"/candidates/{'.'.join(['A' * 16] * 3)}"),
        "InvalidBody": producer.post("/movies", {"release_date": "1995-12-15"}),
        "InvalidClaims": elsewhere.get("/movies"),
        "InvalidFilter": producer.get("/parts", status="x"),
        "TooManyTerms": producer.patch(f"/actors/{actor_id}", many_terms),
        "Unsortable": producer.get("/movies", sort="title", genre="drama"),
        "InvalidHeader": nobody.get("/movies"),
        "MovieNotFound": producer.get("/movies/AAAAAAAAAAAAAAAA"),
        "PartNotFound": producer.get(f"/parts/{'.'.join(['A' * 16] * 2)}"),
        "PermissionMissing": assistant.post("/actors", {}),
        "RoleNotFound": producer.get("/roles/AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAA"),
        "VersionMismatch": producer.call(
            "PATCH", f"/movies/{movie_id}", film, {"If-Match": '"4711"'}
        ),
    }
    examples = {
        name: example["value"]
        for response in DOCUMENT["components"]["responses"].values()
        for name, example in response["content"][JSON]["examples"].items()
    }
    assert {name: answer.body for name, answer in answers.items()} == {
        name: examples[name] for name in answers
    }
    film["imdb_id"] = "tt0113277"
    first, second = (producer.post("/movies", film) for _ in range(2))
    example = examples["ExternalIdTaken"]
    detail = example["detail"].replace(MOVIE_ID, first["created"])
    assert second.body == {**example, "detail": detail}


@pytest.mark.parametrize(
    ("fields", "taken"),
    [
        ({}, False),
        ({"age": None}, True),
        ({"age": None, "date_of_birth": None}, True),
        ({"age": 42}, True),
        ({"age": 42, "date_of_birth": None}, True),
        ({"age": 42, "date_of_birth": "1984-01-01"}, False),
        ({"age": None, "date_of_birth": "1984-01-01"}, True),
        ({"date_of_birth": "1984-01-01"}, True),
        ({"date_of_birth": "1984-02-30"}, False),
        ({"date_of_birth": None}, False),
        ({"age": 151}, False),
        ({"age": True}, False),
    ],
)
def test_of_age_and_date_of_birth_the_document_says_what_the_api_does(
    producer: Client, fields: dict[str, Any], taken: bool
) -> None:
    bodies = {
        "create_actor": {"name": "Al Pacino", "gender": "male", **fields},
        "change_actor": fields or {"name": "Al"},
    }
    actor_id = producer.new_actor()
    for operation_id, body in bodies.items():
        method, path, operation = OPERATIONS[operation_id]
        taken = taken or body == {"name": "Al"}
        answer = producer.call(method, path.format(actor_id=actor_id), body)
        assert (answer.status < 300) == taken, answer
        schema = operation["requestBody"]["content"][JSON]["schema"]
        assert (problems(schema, body) == []) == taken, body


def test_what_was_begun_is_in_the_contract() -> None:
    for operation_id, (_, _, operation) in OPERATIONS.items():
        steps = operation_id in (
            *("change_movie", "delete_movie", "change_actor", "delete_actor"),
            "delete_part",
        )
        assert (202 in responses(operation)) == steps
        if steps:
            begun = responses(operation)[202]
            assert "remaining" in begun["content"][JSON]["schema"]["required"]
            assert "Retry-After" in begun["headers"]


def test_links_lead_to_operations_by_parameters_that_they_have() -> None:
    for _, _, operation in OPERATIONS.values():
        for response in operation["responses"].values():
            for link in response.get("links", {}).values():
                target = OPERATIONS[link["operationId"]][2]
                names = {dereferenced(p)["name"] for p in target["parameters"]}
                assert set(link["parameters"]) <= names


def test_a_link_to_the_next_page_asks_for_the_same_list() -> None:
    for operation_id, (_, path, operation) in OPERATIONS.items():
        (success,) = (
            dereferenced(r) for s, r in operation["responses"].items() if s in ("200", "201")
        )
        link = success.get("links", {}).get("next_page")
        shown = success.get("content", {}).get(JSON, {}).get("schema", {}).get("properties", {})
        assert (link is not None) == ("next_cursor" in shown), operation_id
        if link is None:
            continue
        sent = dict(link["parameters"])
        assert sent.pop("cursor") == "$response.body#/next_cursor"
        if operation_id.startswith("list_"):
            assert link["operationId"] == operation_id
            asked = [dereferenced(p) for p in operation["parameters"]]
            same = {p["name"]: f"$request.{p['in']}.{p['name']}" for p in asked}
            del same["cursor"]
        else:
            below = {"get_part": "list_part_candidates"}
            assert link["operationId"] == below.get(operation_id, "list_roles")
            same = {name: f"$request.path.{name}" for name in re.findall(r"{(\w+)}", path)}
        assert sent == same


def test_its_version_is_the_newest_of_the_changelog_or_what_comes_next() -> None:
    headings = re.findall(
        r"^## (\d+\.\d+\.\d+) \((.+)\)$", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    released = json.loads((PROJECT / "docs" / "released" / "openapi.json").read_text())
    assert released["info"]["version"] == headings[0][0]
    assert DOCUMENT["info"]["version"] == openapi.VERSION
    now, then = ([int(n) for n in v.split(".")] for v in (openapi.VERSION, headings[0][0]))
    assert now >= then
    for _, day in headings:
        datetime.date.fromisoformat(day)


@pytest.mark.parametrize("who", [*fuzz.EXAMPLES])
def test_the_running_product_holds_its_contract(
    product: Product, product_issuer: Issuer, tmp_path: Path, who: str
) -> None:
    token = product_issuer.token(who) if who in AGENCY_ROLES else None
    # Invalid input fails alike for every role: send it in the highest role only.
    some, least = ([], 500) if who == fuzz.HIGHEST_ROLE else (["--phases=examples,fuzzing"], 40)
    # `make fuzz` has more examples, and all systematic cases.
    outcome = fuzz.run_schemathesis(product, who, token, 1, tmp_path, *some, share=10)
    assert outcome.status == 0, outcome.output
    assert outcome.cases > least
    assert outcome.links > 0 or who != fuzz.HIGHEST_ROLE
    assert fuzz.verify(product) == ""


FEW = ("--phases=fuzzing", "--include-path=/movies")


def test_a_run_that_is_refused_everything_fails(product: Product, tmp_path: Path) -> None:
    outcome = fuzz.run_schemathesis(product, "assistant", "no.such.token", 1, tmp_path, *FEW)
    assert outcome.status == 1
    assert "assistant must have " in outcome.output


def test_a_run_in_which_somebody_may_too_much_fails(
    product: Product, product_issuer: Issuer, tmp_path: Path
) -> None:
    token = product_issuer.token("producer")
    outcome = fuzz.run_schemathesis(product, "assistant", token, 1, tmp_path, *FEW)
    assert outcome.status == 1
    assert "assistant must not have " in outcome.output
