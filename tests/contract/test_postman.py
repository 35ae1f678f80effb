"""The Postman collection, generated from the contract and run by newman against the product."""

import copy
import itertools
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from chalicelib.permissions import AGENCY_ROLES
from chalicelib.routes.actors import NewActor
from chalicelib.routes.movies import NewMovie
from chalicelib.store import table
from dev.contract import openapi, postman
from tests.conftest import PROJECT, Product
from tests.contract import fuzz
from tests.contract.test_contract import DOCUMENT, OPERATIONS
from tests.support import agents, node
from tests.support.agents import AGENT_ID, with_agents
from tests.support.client import Client
from tests.support.issuer import Issuer

pytestmark = pytest.mark.slow

SECRET = "a-secret-of-the-testers"


class Server:
    """A server on 127.0.0.1 that answers every request with success."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                server.tokens.append(self.headers.get("Authorization", ""))
                status, told, headers = server.answer(self, body)
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(json.dumps(told).encode())

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return self._answer
                raise AttributeError(name)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(
        self, request: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[int, Any, dict[str, str]]:
        return *self.answer_to(request.path, body), {}

    def answer_to(self, _path: str, _body: bytes) -> tuple[int, Any]:
        return 200, {"success": True}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Login(Server):
    """A token endpoint like that of Auth0, for machine clients."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.asked: list[Any] = []
        super().__init__()

    def answer_to(self, path: str, body: bytes) -> tuple[int, Any]:
        if path != "/oauth/token":
            return super().answer_to(path, body)
        asked = json.loads(body)
        self.asked.append(asked)
        who = asked["client_id"].removesuffix("-client")
        good = {"grant_type": "client_credentials", "audience": "casting-api"}
        good |= {"client_id": f"{who}-client", "client_secret": SECRET}
        if asked != good:
            return 403, {"error": "access_denied", "error_description": "Unauthorized"}
        token = self.issuer.token(who)
        return 200, {"access_token": token, "expires_in": 3_600, "token_type": "Bearer"}


SPOILS: list[Callable[[Any], Any]] = [
    lambda body: {**body, "success": True},
    lambda body: {**body, "detail": ""},
    lambda body: {**body, "message": "no"},
    lambda body: {name: value for name, value in body.items() if name != "error"},
]


class Spoiler(Server):
    """A proxy of the product that keeps each failure's status and makes its body wrong."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.ways = itertools.cycle(SPOILS)
        super().__init__()

    def answer(
        self, request: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[int, Any, dict[str, str]]:
        headers = {n: v for n, v in request.headers.items() if n.lower() != "host"}
        url = self.product.url + request.path
        answer = requests.request(request.command, url, headers=headers, data=body, timeout=10)
        return answer.status_code, next(self.ways)(answer.json()), {"X-Request-Id": "", "Allow": ""}


@pytest.fixture(scope="module")
def login(product_issuer: Issuer) -> Iterator[Login]:
    login = Login(product_issuer)
    yield login
    login.close()


def newman(
    tmp_path: Path, *options: str, made: str = str(postman.COLLECTION), **variables: str
) -> tuple[int, Any, str]:
    """Run the collection. Return the exit status, newman's report and its output."""
    node.install()
    report = tmp_path / "report.json"
    arguments = ["run", made, "--environment", str(postman.ENVIRONMENT)]
    for name, value in variables.items():
        arguments += ["--env-var", f"{name}={value}"]
    arguments += ["--reporters", "cli,json", "--reporter-json-export", str(report), *options]
    done = node.tool("newman", *arguments)
    return done.returncode, json.loads(report.read_text())["run"], done.stdout + done.stderr


def items(part: Any) -> Iterator[Any]:
    for item in part["item"]:
        yield from items(item) if "item" in item else [item]


def folder(collection: Any, name: str) -> Any:
    (found,) = (folder for folder in collection["item"] if folder["name"] == name)
    return found


COLLECTION = json.loads(postman.COLLECTION.read_text())
REQUESTS = list(items(COLLECTION))

PROVOKED = {
    "ActorNotFound", "AlreadyCast", "BadBody", "BadCursor", "BadIdempotencyKey", "BadLimit",
    "BadSort", "BodyTooLarge", "CandidateNotFound", "ExternalIdTaken", "InvalidBody",
    "InvalidClaims", "InvalidFilter", "InvalidHeader", "KeyReused", "MovieNotFound",
    "NeededTooFew", "NotJson",
    "PartClosed", "PartFull", "PartNotFound", "PermissionMissing", "RoleNotFound", "StillEngaged",
    "TokenExpired", "TooManyTerms", "Unsortable", "VersionMismatch", "WrongTransition",
}  # fmt: skip
"""Errors that must keep a request. The collection may provoke further ones."""


def test_the_generated_files_are_up_to_date() -> None:
    for file, text in postman.files().items():
        assert file.read_text() == text, "make contract"


def test_newman_runs_it_without_a_failure_and_it_deletes_what_it_created(
    product: Product, product_issuer: Issuer, real: Client, login: Login, tmp_path: Path
) -> None:
    def all_resources() -> list[Any]:
        lists = (real.every(f"/{name}", name) for name in ("movies", "actors", "roles"))
        return [resource for resources in lists for resource in resources]

    # Other tests may have left a resource with the external ids of the examples.
    for path, example in (("movies", NewMovie.example), ("actors", NewActor.example)):
        for resource in real.every(f"/{path}", path, limit=100):
            if any(resource[name] == example[name] for name in ("imdb_id", "tmdb_id")):
                assert real.delete(f"/{path}/{resource['id']}").status == 200
    began, now = table.now(), int(time.time())
    status, run, output = newman(
        tmp_path,
        baseUrl=product.url,
        token_url=f"{login.url}/oauth/token",
        # One token is pasted, the other roles log in.
        assistant_token=product_issuer.token("assistant"),
        **{f"{role}_client_id": f"{role}-client" for role in AGENCY_ROLES},
        **{f"{role}_client_secret": SECRET for role in AGENCY_ROLES},
        expired_token=product_issuer.token(iat=now - 7_200, exp=now - 3_600),
        foreign_token=product_issuer.token(aud="another-api"),
    )
    assert status == 0, output
    assert run["failures"] == []
    # No request was skipped, and each has assertions that were executed.
    assert run["stats"]["items"] == {"total": len(REQUESTS), "pending": 0, "failed": 0}
    looked_at = Counter[str]()
    for execution in run["executions"]:
        looked_at[execution["item"]["name"]] += len(execution.get("assertions", []))
    assert looked_at.keys() == {item["name"] for item in REQUESTS}
    assert min(looked_at.values()) >= 2
    assert Counter(asked["client_id"] for asked in login.asked) == {
        f"{role}-client": 1 for role in AGENCY_ROLES if role != "assistant"
    }
    assert SECRET not in output
    assert product_issuer.token("assistant")[:40] not in output
    assert [resource for resource in all_resources() if resource["created_at"] >= began] == []
    assert fuzz.verify(product) == ""


def test_each_request_for_an_error_fails_if_the_api_returns_200(tmp_path: Path) -> None:
    wrong = Server()
    try:
        tokens = {f"{who}_token": "x" for who in (*AGENCY_ROLES, "expired", "foreign")}
        status, run, _ = newman(tmp_path, "--folder=Errors", baseUrl=wrong.url, **tokens)
    finally:
        wrong.close()
    assert status == 1
    failed = {failure["source"]["name"] for failure in run["failures"]}
    errors = folder(COLLECTION, "Errors")
    assert failed == {item["name"] for item in errors["item"]}


def test_it_detects_a_wrong_body_or_header_of_a_response_with_the_right_status(
    product: Product, product_issuer: Issuer, tmp_path: Path
) -> None:
    spoiler = Spoiler(product)
    now = int(time.time())
    tokens = {f"{role}_token": product_issuer.token(role) for role in AGENCY_ROLES}
    tokens["expired_token"] = product_issuer.token(iat=now - 7_200, exp=now - 3_600)
    tokens["foreign_token"] = product_issuer.token(aud="another-api")
    try:
        _, run, _ = newman(tmp_path, "--folder=Errors", baseUrl=spoiler.url, **tokens)
    finally:
        spoiler.close()
    errors = folder(COLLECTION, "Errors")
    assert len(run["executions"]) == len(errors["item"])
    for execution in run["executions"]:
        looked_at = {check["assertion"]: "error" in check for check in execution["assertions"]}
        (status,) = (name for name in looked_at if name.startswith("status is "))
        del looked_at[status]
        assert looked_at.pop("has header X-Request-Id")
        (message,) = (name for name in looked_at if name.startswith("message is "))
        assert looked_at.pop(message)
        # What no operation answers has no schema there.
        by_itself = execution["item"]["name"].startswith("nobody: The path ")
        rest = {"has header Allow"} if "MethodNotAllowed" in execution["item"]["name"] else set()
        assert all(looked_at.values())
        assert by_itself or "matches the schema" in looked_at
        assert rest <= looked_at.keys()


def test_a_failed_login_is_reported_without_the_secret(login: Login, tmp_path: Path) -> None:
    wrong = "not-the-secret-at-all"
    status, run, output = newman(
        tmp_path,
        "--folder=Clean up",
        baseUrl=login.url,
        token_url=f"{login.url}/oauth/token",
        director_client_id="director-client",
        director_client_secret=wrong,
        producer_token="x",
    )
    assert status == 1
    assert "the director can log in at token_url" in output
    assert wrong not in output
    failed = [failure["error"]["test"] for failure in run["failures"]]
    assert "the director can log in at token_url" in failed


def test_a_saved_login_is_used_only_in_its_own_environment(login: Login, tmp_path: Path) -> None:
    asked = len(login.asked)
    sent = {}
    for stage in ("http://other.example", login.url):
        environment = [stage, f"{login.url}/oauth/token", "casting-api", "director-client"]
        kept = {"token": "kept", "environment": " ".join(environment), "until": 9_999_999_999_999}
        # Postman keeps it with the collection, also when another environment is chosen.
        variable = {"key": "director_login", "value": json.dumps(kept)}
        made = tmp_path / "collection.json"
        made.write_text(json.dumps({**COLLECTION, "variable": [variable]}))
        login.tokens.clear()
        newman(
            tmp_path,
            "--folder=Clean up",
            made=str(made),
            baseUrl=login.url,
            token_url=f"{login.url}/oauth/token",
            director_client_id="director-client",
            director_client_secret=SECRET,
            producer_token="x",
        )
        sent[stage] = "Bearer kept" in login.tokens
        assert any(token.startswith("Bearer") for token in login.tokens)
    assert sent == {"http://other.example": False, login.url: True}
    assert len(login.asked) == asked + 1


def test_an_operation_with_an_id_in_its_path_must_document_a_404_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    document = copy.deepcopy(DOCUMENT)
    del document["paths"]["/movies/{movie_id}"]["get"]["responses"]["404"]
    monkeypatch.setattr(openapi, "text", lambda: json.dumps(document))
    with pytest.raises(
        SystemExit, match="get_movie has an id in its path and documents no error with status 404"
    ):
        postman.collection()


def test_it_calls_every_operation_in_every_role_and_provokes_every_known_error() -> None:
    names = {item["name"] for item in REQUESTS}
    assert len(names) == len(REQUESTS)
    asked = {
        (item["request"]["method"], "/" + "/".join(item["request"]["url"]["path"]))
        for item in REQUESTS
    }
    for method, path, operation in OPERATIONS.values():
        in_postman = path.replace("{", ":").replace("}", "")
        assert (method, in_postman) in asked
        if not operation["security"]:
            continue
        ((permission,),) = (requirement["token"] for requirement in operation["security"])
        for who, role in AGENCY_ROLES.items():
            verdict = "is allowed" if permission in role.permissions else "is not allowed"
            assert any(n.startswith(f"{who}: {method} {path} {verdict}") for n in names)
        assert any(n.startswith(f"nobody: {method} {path} (InvalidHeader)") for n in names)
    errors = {
        name
        for response in DOCUMENT["components"]["responses"].values()
        for name in response["content"]["application/json"]["examples"]
    }
    provoked = {e for e in errors if any(f"({e})" in name for name in names)}
    assert provoked >= PROVOKED
    description = folder(COLLECTION, "Errors")["description"]
    assert set(re.findall(r"\w+", description.rpartition(":")[2])) == errors - provoked


def test_a_request_checks_the_schema_of_the_document() -> None:
    (item,) = (i for i in REQUESTS if i["name"] == "producer: Add a movie")
    script = next(e for e in item["event"] if e["listen"] == "prerequest")["script"]["exec"][-1]
    expected = json.loads(script.partition("JSON.stringify(")[2].removesuffix("));"))
    movie = expected["schema"]["properties"]["movie"]
    assert movie["properties"].keys() == set(movie["required"])
    assert movie["properties"]["title"]["maxLength"] == 300


def test_the_environment_has_empty_secrets_to_fill_in() -> None:
    values = json.loads(postman.ENVIRONMENT.read_text())["values"]
    assert {v["key"] for v in values if v["type"] == "secret"} >= {
        f"{role}_{kind}" for role in AGENCY_ROLES for kind in ("token", "client_secret")
    }
    assert all(v["value"] == "" for v in values if v["type"] == "secret")
    text = postman.COLLECTION.read_text() + postman.ENVIRONMENT.read_text()
    assert str(PROJECT) not in text
    assert "eyJ" not in text


@pytest.fixture
def agency_with_agents(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Any]:
    """Return a function that builds the collection from a document with agents."""
    agents.allow(monkeypatch)

    def build(document: Any) -> Any:
        monkeypatch.setattr(openapi, "text", lambda: json.dumps(document))
        return postman.collection()

    return build


def calls(collection: Any, name: str) -> list[tuple[str, str]]:
    """Return the methods and paths of a folder's requests, in their order."""
    requests = [item["request"] for item in folder(collection, name)["item"]]
    return [(request["method"], "/" + "/".join(request["url"]["path"])) for request in requests]


def test_a_new_resource_is_called_and_deleted_without_a_change_of_the_generator(
    agency_with_agents: Callable[[Any], Any],
) -> None:
    collection = agency_with_agents(with_agents(DOCUMENT))
    called = calls(collection, "Every operation")
    for call in (
        ("POST", "/agents"),
        ("GET", "/agents"),
        ("GET", "/agents/:agent_id"),
        ("PATCH", "/agents/:agent_id"),
    ):
        assert call in called
    assert ("DELETE", "/agents/:agent_id") not in called
    assert calls(collection, "Clean up").count(("DELETE", "/agents/:agent_id")) == 1
    names = [item["name"] for item in items(collection)]
    assert len(set(names)) == len(names)
    # Later requests need the id of the agent that was added.
    scripts = json.dumps(folder(collection, "Every operation"))
    assert r"pm.collectionVariables.set(\"agent_id\", pm.response.json().created);" in scripts
    for name in ("Every operation", "Clean up"):
        for item in folder(collection, name)["item"]:
            for variable in item["request"]["url"]["variable"]:
                # A further resource of a kind has a variable with a prefix.
                ids = re.sub(r"{{(?:other_|double_)?(\w+)}}", r"\1", variable["value"])
                key = variable["key"]
                assert ids == key or (key, ids) == ("candidate_id", "part_id.actor_id")
    assert "director: DELETE /agents/{agent_id} is allowed (AgentNotFound)" in names
    assert "assistant: The id is unknown (AgentNotFound)" in names


def test_the_requests_of_who_may_do_what_have_ids_that_no_resource_has(
    agency_with_agents: Callable[[Any], Any],
) -> None:
    document = with_agents(DOCUMENT)
    patterns = {
        parameter["name"]: parameter["schema"]["pattern"]
        for methods in document["paths"].values()
        for operation in methods.values()
        for parameter in operation.get("parameters", [])
        if parameter.get("in") == "path"
    }
    seen = set()
    for item in folder(agency_with_agents(document), "Who may do what")["item"]:
        for variable in item["request"]["url"]["variable"]:
            seen.add(variable["key"])
            assert set(variable["value"]) <= {"A", "."}
            assert re.search(patterns[variable["key"]], variable["value"])
        assert item["request"].get("body", {"raw": "{}"})["raw"] == "{}"
        path = item["request"]["url"]["path"]
        assert item["request"]["url"]["variable"] or not any(step[0] == ":" for step in path)
    assert seen >= {"movie_id", "actor_id", "role_id", "agent_id"}


@pytest.mark.parametrize(
    ("member", "value"), [("agent_id", "any-example"), ("represented_by", AGENT_ID)]
)
def test_a_resource_is_created_after_those_that_its_body_names(
    agency_with_agents: Callable[[Any], Any], member: str, value: str
) -> None:
    document = with_agents(DOCUMENT)
    body = document["paths"]["/movies"]["post"]["requestBody"]["content"]["application/json"]
    body["example"][member] = value
    collection = agency_with_agents(document)
    called = calls(collection, "Every operation")
    assert called.index(("POST", "/agents")) < called.index(("POST", "/movies"))
    movie = next(i for i in items(collection) if i["name"] == "producer: Add a movie")
    assert json.loads(movie["request"]["body"]["raw"])[member] == "{{agent_id}}"
    deleted = calls(collection, "Clean up")
    movie_deleted = deleted.index(("DELETE", "/movies/:movie_id"))
    assert deleted.index(("DELETE", "/agents/:agent_id")) > movie_deleted


def test_every_operation_is_called_with_an_expected_success() -> None:
    called = calls(COLLECTION, "Every operation") + calls(COLLECTION, "Clean up")
    expected = {
        (method, path.replace("{", ":").replace("}", "")) for method, path, _ in OPERATIONS.values()
    }
    assert set(called) == expected


def test_resources_that_need_each_other_are_rejected(
    agency_with_agents: Callable[[Any], Any],
) -> None:
    document = with_agents(DOCUMENT)
    for path, member in (("/movies", "agent_id"), ("/agents", "movie_id")):
        body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        body["example"][member] = "any-example"
    with pytest.raises(SystemExit, match=r"needs an id that another creates: .*create_agent"):
        agency_with_agents(document)


def test_a_write_that_cannot_be_called_without_an_effect_is_rejected(
    agency_with_agents: Callable[[Any], Any],
) -> None:
    document = with_agents(DOCUMENT)
    delete_all = copy.deepcopy(document["paths"]["/agents/{agent_id}"]["delete"])
    delete_all |= {"operationId": "delete_agents", "parameters": []}
    document["paths"]["/agents"]["delete"] = delete_all
    with pytest.raises(SystemExit, match="delete_agents takes no id and no body"):
        agency_with_agents(document)


def test_a_path_parameter_without_an_example_is_rejected(
    agency_with_agents: Callable[[Any], Any],
) -> None:
    document = with_agents(DOCUMENT)
    del document["paths"]["/agents/{agent_id}"]["delete"]["parameters"][0]["schema"]["examples"]
    with pytest.raises(
        SystemExit, match="delete_agent: the path parameter agent_id has no example"
    ):
        agency_with_agents(document)
