"""What is logged: in Lambda JSON, one line for each request, and nothing of what callers send."""

import base64
import contextlib
import hashlib
import json
import logging
import os
import re
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from chalice.app import Request, Response

from chalicelib import logs, tokens
from chalicelib.permissions import PERMISSIONS
from chalicelib.store import table
from dev.local import gateway
from tests.conftest import PROJECT, Product
from tests.support.client import Client
from tests.support.cloud import TlsIssuer
from tests.support.issuer import Issuer, jwk
from tests.support.settings import SETTINGS
from tests.tokens.hostile import HOSTILE
from tests.tokens.test_hostile_tokens import pieces
from tests.tokens.world import World, published

pytestmark = pytest.mark.slow

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
NOWHERE = "AAAAAAAAAAAAAAAA"
MOVIE = {"title": "Heat", "release_date": "1995-12-15"}
SUB = "auth0|producer"

Json = dict[str, Any]


class Function:
    """One of the two functions, in a process of its own as Lambda runs it."""

    def __init__(self, folder: Path, handler: str, level: str = "", **settings: str) -> None:
        self.log = folder / f"{handler}.log"
        self.errors = folder / f"{handler}.errors"
        self.told = 0  # bytes of the log that `lines` has given
        answers, written = os.pipe()
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_FUNCTION_NAME": "casting",
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            **SETTINGS,
            "TABLE_NAME": "casting-test",
        }
        command = [sys.executable, "-W", "error", "-m", "tests.support.runtime", handler]
        command.append(str(written))
        with open(self.log, "wb") as log, open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                command + ([level] if level else []),
                cwd=PROJECT,
                env={name: v for name, v in {**environment, **settings}.items() if v},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=errors,
                pass_fds=[written],
            )
        os.close(written)
        self.answers = os.fdopen(answers)

    def __call__(self, event: Json) -> Json:
        """Invoke it."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(event).encode() + b"\n")
        self.process.stdin.flush()
        answered = self.answers.readline()
        assert answered, self.errors.read_text()
        answer: Json = json.loads(answered)
        return answer

    def lines(self) -> list[Json]:
        """Give what it has logged since the last time, each line of which is a JSON object."""
        said = self.log.read_bytes()[self.told :]
        self.told += len(said)
        assert self.errors.read_bytes() == b""
        lines = [json.loads(line) for line in said.splitlines()]
        assert all(isinstance(line, dict) for line in lines)
        return lines

    def line(self) -> Json:
        [line] = self.lines()
        return line

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(10)
        self.answers.close()


class Engine:
    """moto's DynamoDB over HTTP, which tells consumed capacity as AWS does, and can fail."""

    UNITS = {"GetItem": 1.0, "PutItem": 3.0, "Query": 0.5, "BatchGetItem": 2.0}
    TRANSACTION = 8.5
    LISTED = {"BatchGetItem", "TransactWriteItems", "TransactGetItems"}

    def __init__(self) -> None:
        self.asked: list[tuple[str, Json]] = []
        self.failures: list[tuple[int, Json]] = []  # what is answered first
        self.tells_capacity = True
        engine = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                status, body = engine.answer(
                    self.headers["X-Amz-Target"].partition(".")[2],
                    json.loads(self.rfile.read(int(self.headers["Content-Length"]))),
                )
                told = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, operation: str, request: Json) -> tuple[int, Json]:
        self.asked.append((operation, dict(request)))
        if self.failures:
            return self.failures.pop(0)
        request.pop("ReturnConsumedCapacity", None)
        try:
            found = table.connection.connection.client._make_api_call(operation, request)
        except ClientError as error:
            return 400, {"__type": f"x#{error.response['Error']['Code']}"}
        told = {name: value for name, value in found.items() if name != "ResponseMetadata"}
        if self.tells_capacity:
            units = {
                "TableName": "casting-test",
                "CapacityUnits": self.UNITS.get(operation, self.TRANSACTION),
            }
            told["ConsumedCapacity"] = [units] if operation in self.LISTED else units
        return 200, told

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


Start = Callable[..., Function]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start a function; all of them end with the last test."""
    with contextlib.ExitStack() as ending:

        def begin(handler: str = "app.app", level: str = "", **settings: str) -> Function:
            function = Function(tmp_path_factory.mktemp("function"), handler, level, **settings)
            ending.callback(function.close)
            return function

        yield begin


@pytest.fixture(scope="module")
def running_engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.close()


@pytest.fixture
def engine(running_engine: Engine, empty_table: None) -> Engine:
    """The engine, with an empty table, which has been asked nothing yet."""
    running_engine.asked, running_engine.failures = [], []
    running_engine.tells_capacity = True
    return running_engine


@pytest.fixture(scope="module")
def running_api(start: Start, running_engine: Engine) -> Function:
    return start(AWS_ENDPOINT_URL_DYNAMODB=running_engine.url)


@pytest.fixture
def api(running_api: Function, engine: Engine) -> Function:
    """The API's function, on an empty table; it has answered a request already."""
    running_api(event("GET", "/"))
    running_api.lines()
    return running_api


def event(method: str, route: str, body: Any = None, **changes: Any) -> Json:
    """Give what API Gateway sends for a producer's request; path parameters are to be given."""
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    context = {
        "httpMethod": method,
        "resourcePath": route,
        "path": f"/prod{route}",
        "requestId": str(uuid.uuid4()),
        "stage": "prod",
        "authorizer": {
            "sub": SUB,
            "permissions": json.dumps(sorted(PERMISSIONS)),
            "exp": "9999999999.0",
        },
    }
    whole = {
        "headers": {"Content-Type": "application/json"},
        "pathParameters": {},
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": text,
        **changes,
    }
    return {**whole, "requestContext": {**context, **changes.get("requestContext", {})}}


def hashed(sub: str) -> str:
    return hashlib.sha256(sub.encode()).hexdigest()[:16]


def assert_metrics(line: Json) -> None:
    """The rules of CloudWatch's embedded metric format (its specification's JSON schema)."""
    directive = line["_aws"]
    assert directive.keys() == {"Timestamp", "CloudWatchMetrics"}
    assert isinstance(directive["Timestamp"], int)
    assert abs(directive["Timestamp"] / 1000 - time.time()) < 60
    for metrics in directive["CloudWatchMetrics"]:
        assert metrics.keys() == {"Namespace", "Dimensions", "Metrics"}
        assert metrics["Namespace"] == "casting"
        for dimensions in metrics["Dimensions"]:
            assert all(isinstance(line[name], str) and line[name] for name in dimensions)
        assert len(metrics["Metrics"]) <= 100
        for metric in metrics["Metrics"]:
            assert metric.keys() == {"Name", "Unit"}
            assert type(line[metric["Name"]]) in (int, float)
            assert metric["Unit"] in {"Milliseconds", "Count"}


# In Lambda, the API


def test_a_request_is_one_line(api: Function) -> None:
    movie_id = json.loads(api(event("POST", "/movies", MOVIE))["body"])["created"]
    api.lines()
    asked = event(
        "GET",
        "/movies/{movie_id}",
        pathParameters={"movie_id": movie_id},
        multiValueQueryStringParameters={"secret": ["a-secret-of-mine"]},
    )
    answer = api(asked)
    assert answer["statusCode"] == 200
    line = api.line()
    told = json.dumps(line)
    assert movie_id not in told
    assert "a-secret-of-mine" not in told
    assert SUB not in told
    assert_metrics(line)
    assert {
        metric["Name"]: metric["Unit"]
        for metric in line.pop("_aws")["CloudWatchMetrics"][0]["Metrics"]
    } == {
        "duration_ms": "Milliseconds",
        "table_calls": "Count",
        "table_capacity": "Count",
        "cold_start": "Count",
        "client_errors": "Count",
        "server_errors": "Count",
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("timestamp"))
    assert 0 < line.pop("duration_ms") < 5_000
    assert line == {
        "event": "request",
        "level": "INFO",
        "logger": "chalicelib.logs",
        "message": "GET /movies/{movie_id} 200",
        "request_id": asked["requestContext"]["requestId"],
        "stage": "prod",
        "method": "GET",
        "route": "/movies/{movie_id}",
        "status": 200,
        "caller": hashed(SUB),
        "table_calls": 1,
        "table_capacity": 0.5,
        "cold_start": 0,
        "client_errors": 0,
        "server_errors": 0,
    }
    assert answer["headers"]["X-Request-Id"] == line["request_id"]


def test_metrics_have_the_stage_and_nothing_else_for_a_dimension(api: Function) -> None:
    api(event("GET", "/"))
    [directive] = api.line()["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["stage"]]


def test_only_the_first_request_of_an_environment_is_cold(start: Start) -> None:
    api = start()
    for _ in range(3):
        api(event("GET", "/"))
    assert [line["cold_start"] for line in api.lines()] == [1, 0, 0]


def test_a_public_route_has_no_caller(api: Function) -> None:
    public = {"requestContext": {"authorizer": None}}
    api(event("GET", "/", **public))
    assert api.line()["caller"] is None


@pytest.mark.parametrize(
    ("method", "route", "body", "status"),
    [
        ("GET", "/", None, 200),
        ("POST", "/movies", MOVIE, 201),
        ("POST", "/movies", "{", 400),
        ("GET", "/movies/{movie_id}", None, 404),
        ("PUT", "/movies", None, 405),
        ("POST", "/movies", "[]", 422),
    ],
)
def test_a_line_tells_how_the_request_ended(
    api: Function, method: str, route: str, body: Any, status: int
) -> None:
    asked = event(method, route, body, pathParameters={"movie_id": NOWHERE})
    assert api(asked)["statusCode"] == status
    line = api.line()
    assert_metrics(line)
    assert (line["method"], line["route"], line["status"]) == (method, route, status)
    assert line["client_errors"] == (400 <= status < 500)
    assert line["server_errors"] == 0


CAPACITIES = {
    "a single item": ("GET", "/health", None, ["GetItem"], 1.0),
    "a list": ("GET", "/movies", None, ["Query"], 0.5),
    "a new item": ("POST", "/movies", MOVIE, ["PutItem"], 3.0),
    "a batch and a transaction": (
        "POST",
        "/roles",
        {"movie_id": "", "actor_id": ""},
        ["BatchGetItem", "TransactWriteItems"],
        10.5,
    ),
}


@pytest.mark.parametrize(
    ("method", "route", "body", "operations", "units"), CAPACITIES.values(), ids=CAPACITIES
)
def test_what_the_table_takes_is_added_up(
    api: Function,
    engine: Engine,
    producer: Client,
    method: str,
    route: str,
    body: Any,
    operations: list[str],
    units: float,
) -> None:
    if route == "/roles":
        body = {"movie_id": producer.new_movie(), "actor_id": producer.new_actor()}
    assert api(event(method, route, body))["statusCode"] in (200, 201)
    line = api.line()
    assert [operation for operation, _ in engine.asked] == operations
    assert {request["ReturnConsumedCapacity"] for _, request in engine.asked} == {"TOTAL"}
    assert (line["table_calls"], line["table_capacity"]) == (len(operations), units)


def test_every_attempt_of_botocore_is_counted(api: Function, engine: Engine) -> None:
    engine.failures = [(500, {"__type": "x#InternalServerError"})]
    assert api(event("GET", "/health"))["statusCode"] == 200
    line = api.line()
    assert len(engine.asked) == line["table_calls"] == 2
    assert line["table_capacity"] == 1.0


def test_an_engine_that_tells_no_capacity_does_not_matter(api: Function, engine: Engine) -> None:
    engine.tells_capacity = False
    assert api(event("GET", "/health"))["statusCode"] == 200
    line = api.line()
    assert (line["table_calls"], line["table_capacity"]) == (1, 0)


def test_an_unexpected_exception_is_one_line_with_its_traceback(
    api: Function, engine: Engine
) -> None:
    engine.failures = [(400, {"__type": "x#ValidationException", "message": "flux\ncapacitor"})]
    asked = event("GET", "/health")
    answer = api(asked)
    request_id = asked["requestContext"]["requestId"]
    assert answer["statusCode"] == 500
    assert f"Quote request {request_id} " in json.loads(answer["body"])["detail"]
    error, line = api.lines()
    assert_metrics(line)
    assert (line["status"], line["server_errors"], line["client_errors"]) == (500, 1, 0)
    assert (error["level"], error["logger"]) == ("ERROR", "casting")
    assert error["request_id"] == line["request_id"] == request_id
    assert error["traceback"].startswith("Traceback (most recent call last):\n")
    assert "flux\ncapacitor" in error["traceback"]


def test_what_fails_outside_of_a_view_is_told_in_the_envelope_and_logged_once(
    api: Function,
) -> None:
    answer = api(event("GET", "/movies/{movie_id}", pathParameters={}))
    told = json.loads(answer["body"])
    assert (answer["statusCode"], told["message"]) == (500, "internal server error")
    error, line = api.lines()
    assert error["traceback"].endswith("KeyError: 'movie_id'")
    assert line["status"] == 500
    assert answer["headers"]["X-Request-Id"] == line["request_id"] == error["request_id"]


def test_what_cannot_be_told_costs_nobody_an_answer(api: Function) -> None:
    answer = api(event("GET", "/movies", requestContext={"authorizer": "nonsense"}))
    assert (answer["statusCode"], json.loads(answer["body"])["message"]) == (401, "invalid header")
    error = api.line()
    assert (error["level"], error["message"]) == ("ERROR", "a request cannot be logged")


@pytest.mark.parametrize(
    "chosen", [None, "", "x.y.z", "eyJhbGciOiJSUzI1NiIsImtpZCI6Im1haW4i", "a" * 65, "1\n2", 5]
)
def test_an_id_that_a_caller_chose_is_not_repeated(api: Function, chosen: Any) -> None:
    answer = api(event("GET", "/", requestContext={"requestId": chosen}))
    assert re.fullmatch(UUID, answer["headers"]["X-Request-Id"])
    assert api.line()["request_id"] == answer["headers"]["X-Request-Id"]


def test_a_record_that_cannot_be_told_is_named_and_not_quoted() -> None:
    record = logging.LogRecord("theirs", logging.INFO, "file", 1, "%d", ("a-secret",), None)
    told = logs.OneLine().format(record)
    assert json.loads(told)["logger"] == "theirs"
    assert "a-secret" not in told


def test_requests_at_the_same_time_are_told_apart(caplog: pytest.LogCaptureFixture) -> None:
    both_there = threading.Barrier(2)
    named = {}

    def ask(calls: int) -> None:
        def get_response(_: Request) -> Response:
            both_there.wait(10)
            for _call in range(calls):
                logs.count_call()
                logs.count_capacity(0.5)
            both_there.wait(10)
            named[calls] = logs.request_id()
            return Response("")

        requested = event("GET", f"/{calls}", requestContext={"requestId": f"{calls}-{calls}"})
        logs.watch(Request(requested), get_response)

    with caplog.at_level(logging.INFO):
        threads = [threading.Thread(target=ask, args=(calls,)) for calls in (1, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert named == {1: "1-1", 3: "3-3"}
    told = [vars(record)["members"] for record in caplog.records]
    assert {m["route"]: (m["table_calls"], m["table_capacity"]) for m in told} == {
        "/1": (1, 0.5),
        "/3": (3, 1.5),
    }


# In Lambda, the authorizer


@pytest.fixture(scope="module")
def tls_issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsIssuer]:
    """An issuer over https, as Lambda must have it, with every kind of key."""
    issuer = TlsIssuer(tmp_path_factory.mktemp("tls"))
    issuer.answer = json.dumps({"keys": published()}).encode()
    yield issuer
    issuer.close()


def authorizer(start: Start, issuer: TlsIssuer, level: str = "") -> Function:
    settings = {"AUTH_ISSUER": issuer.url, "REQUESTS_CA_BUNDLE": str(issuer.ca)}
    return start("chalicelib.auth.auth0", level, **settings)


def bearing(authorization: str) -> Json:
    arn = "arn:aws:execute-api:eu-central-1:123456789012:api/prod/GET/movies"
    return {"type": "TOKEN", "authorizationToken": authorization, "methodArn": arn}


def test_the_authorizer_logs_a_line_for_each_token(start: Start, tls_issuer: TlsIssuer) -> None:
    function = authorizer(start, tls_issuer)
    now = int(time.time())
    for token in (
        tls_issuer.token("producer"),
        tls_issuer.token("producer", iat=now - 120, exp=now - 60),
        tls_issuer.token("producer", aud="another"),
        "nonsense",
    ):
        function(bearing(f"Bearer {token}"))
    lines = function.lines()
    verifier = [line["message"] for line in lines if line["logger"] == "chalicelib.tokens"]
    assert verifier == ["token rejected: the claim aud does not name this API"]
    lines = [line for line in lines if line["logger"] == "chalicelib.logs"]
    for line in lines:
        assert line.pop("timestamp")
        assert 0 <= line.pop("duration_ms") < 5_000
    common = {"level": "INFO", "logger": "chalicelib.logs", "event": "authorizer", "stage": "prod"}
    refused = {**common, "allowed": False, "caller": None, "cold_start": 0}
    assert lines == [
        {
            **common,
            "message": "authorizer: allowed",
            "allowed": True,
            "reason": None,
            "caller": hashed(SUB),
            "cold_start": 1,
        },
        *(
            {**refused, "message": f"authorizer: {reason}", "reason": reason}
            for reason in ("token expired", "invalid claims", "invalid header")
        ),
    ]


def test_what_goes_wrong_beside_a_token_is_json_too(start: Start) -> None:
    # Nobody is there to give keys.
    function = start("chalicelib.auth.auth0", AUTH_ISSUER="https://127.0.0.1:9/")
    function(bearing(f"Bearer {Issuer().token('producer')}"))
    warning, line = function.lines()
    assert (warning["level"], warning["logger"]) == ("WARNING", "chalicelib.tokens")
    assert line["reason"] == "invalid header"


# Secrets


BLANK = " " * 20
"""A piece that is no secret: tracebacks are indented, and some payloads are filled with blanks."""


def forbidden_by(secrets: list[str]) -> set[str]:
    """Give every piece of these, and of what is encoded in their segments."""
    forbidden: set[str] = set()
    for secret in {secret[:20_000] for secret in secrets}:
        forbidden |= pieces(secret)
        for segment in secret.rpartition(" ")[2].split("."):
            with contextlib.suppress(ValueError):
                decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
                forbidden |= pieces(decoded.decode("latin-1"))
    return forbidden - {BLANK}


def assert_untold(said: str, secrets: list[str]) -> None:
    """No 20 characters of a secret are in what is said, nor in the strings of its JSON."""
    forbidden = forbidden_by(secrets)
    assert len(forbidden) > 10_000
    for line in set(said.splitlines()):
        strings = [text for text in json.loads(line).values() if isinstance(text, str)]
        for told in (line, *strings):
            assert not pieces(told) & forbidden, told


def test_neither_function_logs_any_of_a_token(
    start: Start, engine: Engine, tls_issuer: TlsIssuer, tmp_path: Path
) -> None:
    world = World(Product(tmp_path / "unused"), tls_issuer, Issuer(), [])
    world.stranger.publish(jwk("attacker"), jwk("attacker", kid="main"))
    judge = authorizer(start, tls_issuer, "DEBUG")
    api = start(level="DEBUG", AWS_ENDPOINT_URL_DYNAMODB=engine.url)
    secrets = [world.token()]
    allowed = judge(bearing(f"Bearer {secrets[0]}"))
    assert allowed["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    statuses = set()
    for case in HOSTILE:
        headers = case.headers(world)
        for value in headers.values():
            secrets.append(value)
            judge(bearing(value))
            # Wherever a token can be put, as much of it as API Gateway lets through.
            value = value[:10_240]
            engine.failures = [(400, {"__type": "x#ValidationException"})]
            for method, movie_id, body in (
                ("GET", value, None),
                ("DELETE", value, value),
                ("PATCH", NOWHERE, {value: 1}),
                ("PATCH", NOWHERE, {"title": value[:200]}),
            ):
                answer = api(
                    event(
                        method,
                        "/movies/{movie_id}",
                        body,
                        headers={**headers, "Content-Type": "application/json"},
                        pathParameters={"movie_id": movie_id},
                        multiValueQueryStringParameters={"access_token": [value]},
                        requestContext={"requestId": value, "path": f"/prod/movies/{value}"},
                    )
                )
                statuses.add(answer["statusCode"])
            engine.failures = []
    world.stranger.close()
    assert statuses == {404, 422, 500}
    judged, answered = judge.lines(), api.lines()
    assert len([line for line in judged if line.get("event")]) == len(secrets)
    assert len([line for line in answered if line.get("event")]) == 4 * (len(secrets) - 1)
    assert any("traceback" in line for line in answered)
    # Nothing is in the errors: `lines` has looked.
    assert_untold(judge.log.read_text() + api.log.read_text(), secrets)


def test_the_local_server_logs_nothing_of_a_token(
    url: str,
    issuer: Issuer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    keys = json.dumps({"keys": published()}).encode()
    monkeypatch.setattr(issuer, "answer", keys)
    monkeypatch.setattr(tokens, "KEYS", tokens.KeySet(issuer.url))
    world = World(Product(tmp_path / "unused"), issuer, Issuer(), [])
    secrets: list[str] = []
    for name in ("casting", "chalicelib", "dev"):
        caplog.set_level(logging.DEBUG, name)
    for case in HOSTILE:
        headers = case.headers(world)
        secrets.extend(headers.values())
        assert Client(url).call("GET", "/movies", headers=headers).status == 401
    world.stranger.close()
    told = [logs.OneLine().format(record) for record in caplog.records]
    assert len(told) > len(secrets)
    told += [json.dumps({"said": said}) for said in capfd.readouterr()]
    assert_untold("\n".join(told), secrets)


# On a laptop


def test_on_a_laptop_a_request_logs_nothing_of_its_own(start: Start, engine: Engine) -> None:
    function = start(
        STAGE="local",
        AWS_LAMBDA_FUNCTION_NAME="",
        AUTH_ISSUER="http://127.0.0.1:9/",
        DYNAMODB_URL=engine.url,
    )
    assert function(event("GET", "/health"))["statusCode"] == 200
    assert function(event("GET", "/movies/{movie_id}", pathParameters={}))["statusCode"] == 500
    said = function.log.read_text()
    # The error as the runtime's own handler tells it, and no line of a request.
    assert said.startswith("[ERROR]\t")
    assert said.endswith("KeyError: 'movie_id'\n")
    assert "/health" not in said


# The answer's own id


def test_a_request_has_one_id_whoever_answers_it(
    producer: Client, nobody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = str(uuid.uuid4())
    monkeypatch.setattr(gateway, "new_id", lambda: request_id)
    for answer in (
        producer.get("/movies"),
        producer.get("/movies/x"),
        nobody.get("/movies"),
        nobody.get("/nope"),
        producer.call("GET", "/movies", headers={"Content-Length": "five"}),
    ):
        assert answer.headers["x-request-id"] == request_id


def test_no_two_requests_have_the_same_id(nobody: Client) -> None:
    for path in ("/", "/nope", "/movies"):
        first, second = (nobody.get(path).headers["x-request-id"] for _ in range(2))
        assert first != second
