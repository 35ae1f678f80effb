"""Logs: in Lambda one JSON line per request, and nothing that callers send."""

import base64
import contextlib
import hashlib
import json
import logging
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chalice.app import Request, Response

from chalicelib import logs, signing_keys
from dev.local import gateway
from tests.conftest import Product
from tests.support.client import Client
from tests.support.cloud import TlsIssuer
from tests.support.issuer import Issuer, jwk
from tests.support.lambda_function import SUB, Engine, Function, Json, event
from tests.tokens.hostile import HOSTILE
from tests.tokens.test_hostile_tokens import pieces
from tests.tokens.world import World, published

pytestmark = pytest.mark.slow

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
NOWHERE = "AAAAAAAAAAAAAAAA"
MOVIE = {"title": "Heat", "release_date": "1995-12-15"}

Start = Callable[..., Function]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Return a function that starts a Lambda function. All of them end with the last test."""
    with contextlib.ExitStack() as functions:

        def start_function(handler: str = "app.app", level: str = "", **settings: str) -> Function:
            function = Function(tmp_path_factory.mktemp("function"), handler, level, **settings)
            functions.callback(function.close)
            return function

        yield start_function


@pytest.fixture(scope="module")
def running_engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.close()


@pytest.fixture
def engine(running_engine: Engine, empty_table: None) -> Engine:
    """Return the engine with an empty table and without recorded requests."""
    running_engine.requests, running_engine.failures = [], []
    running_engine.reports_capacity = True
    return running_engine


@pytest.fixture(scope="module")
def running_api(start: Start, running_engine: Engine) -> Function:
    return start(AWS_ENDPOINT_URL_DYNAMODB=running_engine.url)


@pytest.fixture
def api(running_api: Function, engine: Engine) -> Function:
    """Return the API's function with an empty table, after its cold start."""
    running_api(event("GET", "/"))
    running_api.lines()
    return running_api


def hashed(sub: str) -> str:
    """Return a caller's id as the log shows it."""
    return hashlib.sha256(sub.encode()).hexdigest()[:16]


def assert_metrics(line: Json) -> None:
    """Assert the rules of CloudWatch's embedded metric format."""
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


# The API in Lambda


def test_a_request_is_logged_in_one_line(api: Function) -> None:
    movie_id = json.loads(api(event("POST", "/movies", MOVIE))["body"])["created"]
    api.lines()
    request = event(
        "GET",
        "/movies/{movie_id}",
        pathParameters={"movie_id": movie_id},
        multiValueQueryStringParameters={"secret": ["a-secret-of-mine"]},
    )
    response = api(request)
    assert response["statusCode"] == 200
    line = api.line()
    text = json.dumps(line)
    assert movie_id not in text
    assert "a-secret-of-mine" not in text
    assert SUB not in text
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
        "request_id": request["requestContext"]["requestId"],
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
    assert response["headers"]["X-Request-Id"] == line["request_id"]


def test_the_only_dimension_of_the_metrics_is_the_stage(api: Function) -> None:
    api(event("GET", "/"))
    [directive] = api.line()["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["stage"]]


def test_only_the_first_request_of_a_process_is_a_cold_start(start: Start) -> None:
    api = start()
    for _ in range(3):
        api(event("GET", "/"))
    assert [line["cold_start"] for line in api.lines()] == [1, 0, 0]


def test_a_request_to_a_public_route_has_no_caller(api: Function) -> None:
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
        ("POST", "/movies", "[]", 422),
    ],
)
def test_a_line_contains_the_method_the_route_and_the_status(
    api: Function, method: str, route: str, body: Any, status: int
) -> None:
    request = event(method, route, body, pathParameters={"movie_id": NOWHERE})
    assert api(request)["statusCode"] == status
    line = api.line()
    assert_metrics(line)
    assert (line["method"], line["route"], line["status"]) == (method, route, status)
    assert line["client_errors"] == (400 <= status < 500)
    assert line["server_errors"] == 0


CAPACITIES = {
    "a single item": ("GET", "/health", None, ["GetItem"], 1.0),
    "a list": ("GET", "/movies", None, ["Query"], 0.5),
    "a new item": ("POST", "/movies", MOVIE, ["TransactWriteItems"], 8.5),
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
def test_consumed_capacity_is_added_up(
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
    assert [operation for operation, _ in engine.requests] == operations
    assert {sent["ReturnConsumedCapacity"] for _, sent in engine.requests} == {"TOTAL"}
    assert (line["table_calls"], line["table_capacity"]) == (len(operations), units)


def test_every_attempt_of_botocore_is_counted(api: Function, engine: Engine) -> None:
    engine.failures = [(500, {"__type": "x#InternalServerError"})]
    assert api(event("GET", "/health"))["statusCode"] == 200
    line = api.line()
    assert len(engine.requests) == line["table_calls"] == 2
    assert line["table_capacity"] == 1.0


def test_a_response_without_consumed_capacity_is_accepted(api: Function, engine: Engine) -> None:
    engine.reports_capacity = False
    assert api(event("GET", "/health"))["statusCode"] == 200
    line = api.line()
    assert (line["table_calls"], line["table_capacity"]) == (1, 0)


def test_an_unexpected_exception_is_logged_in_one_line_with_its_traceback(
    api: Function, engine: Engine
) -> None:
    engine.failures = [(400, {"__type": "x#ValidationException", "message": "flux\ncapacitor"})]
    request = event("GET", "/health")
    response = api(request)
    request_id = request["requestContext"]["requestId"]
    assert response["statusCode"] == 500
    assert f"Quote request {request_id} " in json.loads(response["body"])["detail"]
    error, line = api.lines()
    assert_metrics(line)
    assert (line["status"], line["server_errors"], line["client_errors"]) == (500, 1, 0)
    assert (error["level"], error["logger"]) == ("ERROR", "casting")
    assert error["request_id"] == line["request_id"] == request_id
    assert error["traceback"].startswith("Traceback (most recent call last):\n")
    assert "flux\ncapacitor" in error["traceback"]


def test_an_exception_outside_of_a_view_has_the_envelope_and_is_logged_once(
    api: Function,
) -> None:
    response = api(event("GET", "/movies/{movie_id}", pathParameters={}))
    body = json.loads(response["body"])
    assert (response["statusCode"], body["message"]) == (500, "internal server error")
    error, line = api.lines()
    assert error["traceback"].endswith("KeyError: 'movie_id'")
    assert line["status"] == 500
    assert response["headers"]["X-Request-Id"] == line["request_id"] == error["request_id"]


def test_a_request_that_cannot_be_logged_gets_its_response(api: Function) -> None:
    response = api(event("GET", "/movies", requestContext={"authorizer": "nonsense"}))
    assert (response["statusCode"], json.loads(response["body"])["message"]) == (
        401,
        "invalid header",
    )
    error = api.line()
    assert (error["level"], error["message"]) == ("ERROR", "a request cannot be logged")


@pytest.mark.parametrize(
    "requested_id", [None, "", "x.y.z", "eyJhbGciOiJSUzI1NiIsImtpZCI6Im1haW4i", "a" * 65, "1\n2", 5]
)
def test_a_malformed_request_id_is_replaced(api: Function, requested_id: Any) -> None:
    response = api(event("GET", "/", requestContext={"requestId": requested_id}))
    assert re.fullmatch(UUID, response["headers"]["X-Request-Id"])
    assert api.line()["request_id"] == response["headers"]["X-Request-Id"]


def test_a_log_record_that_cannot_be_formatted_shows_only_its_logger() -> None:
    record = logging.LogRecord("a library", logging.INFO, "file", 1, "%d", ("a-secret",), None)
    line = logs.JsonLine().format(record)
    assert json.loads(line)["logger"] == "a library"
    assert "a-secret" not in line


def test_concurrent_requests_are_logged_separately(caplog: pytest.LogCaptureFixture) -> None:
    both_started = threading.Barrier(2)
    request_ids = {}

    def send(calls: int) -> None:
        def get_response(_: Request) -> Response:
            both_started.wait(10)
            for _call in range(calls):
                logs.count_call()
                logs.count_capacity(0.5)
            both_started.wait(10)
            request_ids[calls] = logs.request_id()
            return Response("")

        request = event("GET", f"/{calls}", requestContext={"requestId": f"{calls}-{calls}"})
        logs.log_requests(Request(request), get_response)

    with caplog.at_level(logging.INFO):
        threads = [threading.Thread(target=send, args=(calls,)) for calls in (1, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert request_ids == {1: "1-1", 3: "3-3"}
    logged = [vars(record)["members"] for record in caplog.records]
    assert {m["route"]: (m["table_calls"], m["table_capacity"]) for m in logged} == {
        "/1": (1, 0.5),
        "/3": (3, 1.5),
    }


# The authorizer in Lambda


@pytest.fixture(scope="module")
def tls_issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsIssuer]:
    """Start an issuer with HTTPS, as Lambda requires it, and with every kind of key."""
    issuer = TlsIssuer(tmp_path_factory.mktemp("tls"))
    issuer.answer = json.dumps({"keys": published()}).encode()
    yield issuer
    issuer.close()


def authorizer(start: Start, issuer: TlsIssuer, level: str = "") -> Function:
    """Start the authorizer's function, which trusts this issuer."""
    settings = {"AUTH_ISSUER": issuer.url, "REQUESTS_CA_BUNDLE": str(issuer.ca)}
    return start("chalicelib.auth.auth0", level, **settings)


def authorizer_event(authorization: str) -> Json:
    """Return the event that API Gateway sends to the authorizer."""
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
        function(authorizer_event(f"Bearer {token}"))
    lines = function.lines()
    verifier = [line["message"] for line in lines if line["logger"] == "chalicelib.tokens"]
    assert verifier == ["token rejected: the claim aud does not name this API"]
    lines = [line for line in lines if line["logger"] == "chalicelib.logs"]
    for line in lines:
        assert line.pop("timestamp")
        assert 0 <= line.pop("duration_ms") < 5_000
    common = {"level": "INFO", "logger": "chalicelib.logs", "event": "authorizer", "stage": "prod"}
    denied = {**common, "allowed": False, "caller": None, "cold_start": 0, "rejected_tokens": 1}
    metrics = [{"Name": "rejected_tokens", "Unit": "Count"}]
    for line in lines:
        (directive,) = line.pop("_aws")["CloudWatchMetrics"]
        assert directive["Metrics"] == metrics
        assert directive["Dimensions"] == [["stage"]]
    assert lines == [
        {
            **common,
            "message": "authorizer: allowed",
            "allowed": True,
            "reason": None,
            "caller": hashed(SUB),
            "cold_start": 1,
            "rejected_tokens": 0,
        },
        *(
            {**denied, "message": f"authorizer: {reason}", "reason": reason}
            for reason in ("token expired", "invalid claims", "invalid header")
        ),
    ]


def test_an_unreachable_issuer_is_logged_as_json(start: Start) -> None:
    # No issuer listens on this port.
    function = start("chalicelib.auth.auth0", AUTH_ISSUER="https://127.0.0.1:9/")
    token = Issuer().token("producer")
    with pytest.raises(AssertionError):
        function(authorizer_event(f"Bearer {token}"))
    function.process.wait(10)
    error = function.errors.read_text()
    assert "IssuerUnreachable: Tokens cannot be verified" in error
    assert not pieces(token) & pieces(error)
    warning, line = map(json.loads, function.log.read_text().splitlines())
    assert (warning["level"], warning["logger"]) == ("WARNING", "chalicelib.signing_keys")
    assert (line["level"], line["reason"]) == ("ERROR", "temporarily unavailable")
    assert (line["allowed"], line["rejected_tokens"]) == (False, 0)


# Secrets


SPACES = " " * 20
"""Not a secret: tracebacks are indented, and some payloads are padded with spaces."""


def forbidden_by(secrets: list[str]) -> set[str]:
    """Return all 20-character pieces of these secrets, and of what their segments encode."""
    forbidden: set[str] = set()
    for secret in {secret[:20_000] for secret in secrets}:
        forbidden |= pieces(secret)
        for segment in secret.rpartition(" ")[2].split("."):
            with contextlib.suppress(ValueError):
                decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
                forbidden |= pieces(decoded.decode("latin-1"))
    return forbidden - {SPACES}


def assert_not_logged(log: str, secrets: list[str]) -> None:
    """Assert that the log contains no 20 characters of a secret."""
    forbidden = forbidden_by(secrets)
    assert len(forbidden) > 10_000
    for line in set(log.splitlines()):
        strings = [text for text in json.loads(line).values() if isinstance(text, str)]
        for text in (line, *strings):
            assert not pieces(text) & forbidden, text


def test_no_function_logs_any_part_of_a_token(
    start: Start, engine: Engine, tls_issuer: TlsIssuer, tmp_path: Path
) -> None:
    world = World(Product(tmp_path / "unused"), tls_issuer, Issuer(), [])
    world.stranger.publish(jwk("attacker"), jwk("attacker", kid="main"))
    authorize = authorizer(start, tls_issuer, "DEBUG")
    api = start(level="DEBUG", AWS_ENDPOINT_URL_DYNAMODB=engine.url)
    secrets = [world.token()]
    allowed = authorize(authorizer_event(f"Bearer {secrets[0]}"))
    assert allowed["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    statuses = set()
    for case in HOSTILE:
        headers = case.headers(world)
        for value in headers.values():
            secrets.append(value)
            authorize(authorizer_event(value))
            # Put the token wherever API Gateway accepts it, as much of it as it accepts.
            value = value[:10_240]
            engine.failures = [(400, {"__type": "x#ValidationException"})]
            for method, movie_id, body in (
                ("GET", value, None),
                ("DELETE", value, value),
                ("PATCH", NOWHERE, {value: 1}),
                ("PATCH", NOWHERE, {"title": value[:200]}),
            ):
                response = api(
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
                statuses.add(response["statusCode"])
            engine.failures = []
    world.stranger.close()
    assert statuses == {404, 422, 500}
    authorizer_lines, api_lines = authorize.lines(), api.lines()
    assert len([line for line in authorizer_lines if line.get("event")]) == len(secrets)
    assert len([line for line in api_lines if line.get("event")]) == 4 * (len(secrets) - 1)
    assert any("traceback" in line for line in api_lines)
    # `lines` has asserted that standard error is empty.
    assert_not_logged(authorize.log.read_text() + api.log.read_text(), secrets)


def test_the_local_server_logs_no_part_of_a_token(
    url: str,
    issuer: Issuer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    keys = json.dumps({"keys": published()}).encode()
    monkeypatch.setattr(issuer, "answer", keys)
    monkeypatch.setattr(signing_keys, "KEYS", signing_keys.KeySet(issuer.url))
    world = World(Product(tmp_path / "unused"), issuer, Issuer(), [])
    secrets: list[str] = []
    for name in ("casting", "chalicelib", "dev"):
        caplog.set_level(logging.DEBUG, name)
    for case in HOSTILE:
        headers = case.headers(world)
        secrets.extend(headers.values())
        assert Client(url).call("GET", "/movies", headers=headers).status == 401
    world.stranger.close()
    log_lines = [logs.JsonLine().format(record) for record in caplog.records]
    assert len(log_lines) > len(secrets)
    log_lines += [json.dumps({"output": output}) for output in capfd.readouterr()]
    assert_not_logged("\n".join(log_lines), secrets)


# On a developer's machine


def test_on_a_developers_machine_requests_are_not_logged(start: Start, engine: Engine) -> None:
    function = start(
        STAGE="local",
        AWS_LAMBDA_FUNCTION_NAME="",
        AUTH_ISSUER="http://127.0.0.1:9/",
        DYNAMODB_URL=engine.url,
    )
    assert function(event("GET", "/health"))["statusCode"] == 200
    assert function(event("GET", "/movies/{movie_id}", pathParameters={}))["statusCode"] == 500
    log = function.log.read_text()
    # Only the error, in the format of the runtime's own log handler.
    assert log.startswith("[ERROR]\t")
    assert log.endswith("KeyError: 'movie_id'\n")
    assert "/health" not in log


# Request ids


def test_every_response_has_the_request_id_of_the_gateway(
    producer: Client, nobody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = str(uuid.uuid4())
    monkeypatch.setattr(gateway, "new_id", lambda: request_id)
    for response in (
        producer.get("/movies"),
        producer.get("/movies/x"),
        nobody.get("/movies"),
        nobody.get("/nope"),
        producer.call("GET", "/movies", headers={"Content-Length": "five"}),
    ):
        assert response.headers["x-request-id"] == request_id


def test_request_ids_are_unique(nobody: Client) -> None:
    for path in ("/", "/nope", "/movies"):
        first, second = (nobody.get(path).headers["x-request-id"] for _ in range(2))
        assert first != second
