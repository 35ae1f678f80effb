"""Every answer has the one form, whoever makes it: a handler, Chalice, or the gateway."""

import http.client
import json
import logging
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import EndpointConnectionError

from app import app
from chalicelib import tokens
from chalicelib.errors import MESSAGES, ApiError
from chalicelib.http.gateway import GATEWAY_RESPONSES
from dev.local import gateway
from tests.support.client import (
    ApiResponse,
    Client,
    assert_failure,
    assert_headers,
    invoke,
    real_routes,
)


def raw(url: str, request: bytes) -> ApiResponse:
    """Send these bytes and read an answer."""
    netloc = urlsplit(url)
    with socket.create_connection((netloc.hostname, netloc.port), timeout=10) as connection:
        connection.sendall(request)
        response = http.client.HTTPResponse(connection, method="GET")
        response.begin()
        return ApiResponse(response)


@pytest.mark.parametrize(
    "path",
    ["/nope", "/movie", "/movies/x/y", "/movies/x/actors/y/z", "/Movies", "/%6Dovies", "/.env"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PROPFIND"])
def test_an_unknown_path_is_not_found_with_a_token_and_without(
    producer: Client, nobody: Client, method: str, path: str
) -> None:
    for client in (producer, nobody):
        answer = client.call(method, path)
        assert_failure(answer, 404)
        assert str(producer.token)[:20] not in answer.text


@pytest.mark.parametrize("path", list(app.routes))
def test_a_wrong_verb_is_told_the_right_ones(nobody: Client, path: str) -> None:
    real = set(real_routes()[path])
    wrong = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "TRACE", "PROPFIND", "get"} - real
    for method in wrong:
        answer = nobody.call(method, path.replace("{", "").replace("}", ""))
        assert answer.status == 405
        assert answer.headers["allow"] == ", ".join(sorted(real))
        if method == "HEAD":
            assert answer.text == ""
            assert_headers(answer)
        else:
            assert_failure(answer, 405)


@pytest.mark.parametrize("path", list(app.routes))
def test_a_browser_may_ask_before_it_calls(nobody: Client, path: str) -> None:
    real = set(real_routes()[path])
    answer = nobody.call(
        "OPTIONS",
        path.replace("{", "").replace("}", ""),
        headers={"Origin": "http://localhost:3000", "Access-Control-Request-Method": "GET"},
    )
    assert answer.status == 200
    assert_headers(answer, named=False)
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert set(answer.headers["access-control-allow-methods"].split(",")) == real | {"OPTIONS"}
    allowed = answer.headers["access-control-allow-headers"]
    assert {"Authorization", "Content-Type", "If-Match"} <= set(allowed.split(","))


def test_a_success_has_the_cors_headers_too(producer: Client) -> None:
    answer = producer.get("/movies")
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
    exposed = answer.headers["access-control-expose-headers"].split(",")
    assert set(exposed) == {
        "Allow", "ETag", "Location", "Retry-After", "WWW-Authenticate", "X-Request-Id"
    }  # fmt: skip


def test_a_path_may_end_in_a_slash(producer: Client) -> None:
    created = producer.post("/movies/", {"title": "Heat", "release_date": "1995-12-15"})
    assert created.headers["location"] == f"/movies/{created['created']}"
    assert producer.get("/movies/").status == 200


def test_a_location_stands_below_the_gateways_stage(producer: Client) -> None:
    # API Gateway gives the path with its stage, which the local server does not have.
    movie_id = producer.new_movie()
    event: dict[str, Any] = {
        "requestContext": {
            "httpMethod": "POST",
            "resourcePath": "/movies/{movie_id}/actors",
            "path": f"/prod/movies/{movie_id}/actors",
            "authorizer": {"sub": "x", "permissions": '["post:roles"]', "exp": "9999999999"},
        },
        "headers": {},
        "pathParameters": {"movie_id": movie_id},
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": json.dumps({"actor_id": producer.new_actor()}),
    }
    answer = invoke(app, event)
    assert answer["statusCode"] == 201
    assert answer["headers"]["Location"].startswith(f"/prod/roles/{movie_id}.")


def test_an_exception_of_ours_is_logged_and_not_shown(
    producer: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("the flux capacitor")

    monkeypatch.setattr("chalicelib.store.movies.page", fail)
    answer = producer.get("/movies")
    assert_failure(answer, 500)
    assert "flux" not in answer.text
    assert "Traceback" not in answer.text
    assert "the flux capacitor" in caplog.text
    assert "Traceback" in caplog.text


def test_health_tells_that_the_table_does_not_answer(
    nobody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nobody.get("/health").body == {"success": True, "table": "answers"}

    def unreachable(*_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://nowhere.example")

    monkeypatch.setattr("chalicelib.store.table.connection.connection.dispatch", unreachable)
    answer = nobody.get("/health")
    assert_failure(answer, 503)
    assert answer.headers["retry-after"] == "2"


def test_every_gateway_answer_is_in_the_envelope() -> None:
    statuses = {}
    for response_type, gateway_answer in GATEWAY_RESPONSES.items():
        told = gateway_answer.response()
        assert told.body.keys() == {"success", "error", "message", "detail"}
        assert told.status_code == told.body["error"]
        assert "Access-Control-Allow-Origin" in told.headers
        assert "X-Content-Type-Options" in told.headers
        if told.status_code != 401:
            assert told.body["message"] == MESSAGES[told.status_code]
        statuses[response_type] = told.status_code
    assert statuses["ACCESS_DENIED"] == statuses["UNAUTHORIZED"] == 401
    assert statuses["MISSING_AUTHENTICATION_TOKEN"] == statuses["INVALID_SIGNATURE"] == 404
    assert statuses["REQUEST_TOO_LARGE"] == 413
    assert statuses["UNSUPPORTED_MEDIA_TYPE"] == 415
    assert statuses["THROTTLED"] == statuses["QUOTA_EXCEEDED"] == 429
    assert statuses["INTEGRATION_TIMEOUT"] == 503
    assert statuses["DEFAULT_4XX"] == 404
    assert statuses["DEFAULT_5XX"] == statuses["AUTHORIZER_FAILURE"] == 500
    assert GATEWAY_RESPONSES["THROTTLED"].response().headers["Retry-After"] == "1"


@pytest.mark.parametrize("response_type", GATEWAY_RESPONSES)
def test_api_gateway_is_told_what_the_local_one_says(response_type: str) -> None:
    told = GATEWAY_RESPONSES[response_type]
    local = gateway.own_response(response_type, "an-id", message="token expired")
    # What the gateway puts in: the request's id, and one of the authorizer's three words.
    body = told.template().replace("$context.requestId", "an-id")
    body = body.replace("$context.authorizer.message", "token expired")
    assert local["statusCode"] == told.status
    assert json.loads(local["body"]) == json.loads(body)
    assert "$" not in body
    assert "$context.requestId " in told.template() or told.status < 500
    parameters = told.parameters()
    assert parameters.pop("gatewayresponse.header.X-Request-Id") == "context.requestId"
    assert local["headers"].pop("X-Request-Id") == "an-id"
    assert parameters == {
        f"gatewayresponse.header.{name}": f"'{value}'" for name, value in local["headers"].items()
    }
    assert parameters["gatewayresponse.header.Cache-Control"] == "'no-store'"


def test_the_authorizers_word_is_the_message(url: str) -> None:
    answer = gateway.own_response("ACCESS_DENIED", gateway.new_id(), message="token expired")
    assert json.loads(answer["body"])["message"] == "token expired"
    assert_failure(Client(url, "x.y.z").get("/movies"), 401, "invalid header")


def test_a_failing_authorizer_is_our_fault_and_no_dropped_connection(
    producer: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(tokens, "verify", fail)
    with caplog.at_level(logging.ERROR):
        assert_failure(producer.get("/movies"), 500)


def test_every_error_has_a_status_a_message_and_a_sentence() -> None:
    kinds = ApiError.__subclasses__()
    assert len(kinds) > 15
    for kind in kinds:
        assert kind.status in {*MESSAGES, 401}
        assert kind.message
        assert kind.detail.endswith((".", ">."))
    assert {kind.message for kind in kinds if kind.status == 401} == {
        "token expired",
        "invalid claims",
        "invalid header",
    }


MALFORMED = {
    "no HTTP": b"nonsense\r\n\r\n",
    "a version that is none": b"GET / HTTP/x.y\r\n\r\n",
    "HTTP 2": b"GET / HTTP/2.0\r\n\r\n",
    "a line of 100 kB": b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
    "a header of 100 kB": b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    "3,000 headers": b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 3_000 + b"\r\n",
    "150 short headers": b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 150 + b"\r\n",
    "a negative length": b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "a length that is none": b"POST / HTTP/1.1\r\nContent-Length: five\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length and chunks": (
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "a coding that we do not know": b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
    "a chunk that does not end": (
        b"POST /movies HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{GARBAGE\r\n0\r\n\r\n"
    ),
    "a header without a colon": b"GET / HTTP/1.1\r\nnocolon\r\nX: 1\r\n\r\n",
    # Behind it another request could hide.
    "a space before the colon": (
        b"POST /nope HTTP/1.1\r\nContent-Length : 31\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    ),
    "no version": b"GET /\r\n\r\n",
    "a chunk that is none": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
}


@pytest.mark.parametrize("request_bytes", MALFORMED.values(), ids=MALFORMED)
def test_what_is_hardly_http_is_answered_too(url: str, request_bytes: bytes) -> None:
    answer = raw(url, request_bytes)
    assert_failure(answer, 400)
    assert answer.headers["connection"] == "close"


def test_an_oversized_token_is_no_token(url: str) -> None:
    for size in (8_193, 20_000, 3_000_000):
        request = b"GET /movies HTTP/1.1\r\nAuthorization: Bearer " + b"x" * size + b"\r\n\r\n"
        assert_failure(raw(url, request), 401, "invalid header")


def test_a_body_in_chunks_is_read(producer: Client, url: str) -> None:
    body = b'{"title": "Heat", "release_date": "1995-12-15"}'
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(c), c) for c in (body[:7], body[7:]))
    head = (
        f"POST /movies HTTP/1.1\r\nAuthorization: Bearer {producer.token}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    assert raw(url, head.encode() + chunks + b"0\r\n\r\n").status == 201
    assert_failure(raw(url, head.encode() + b"fffffff\r\n"), 413)


def test_one_connection_serves_many_requests(producer: Client, url: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    bearer = {"Authorization": f"Bearer {producer.token}"}
    for method, path, status in [
        ("GET", "/movies", 200),
        ("HEAD", "/movies", 405),
        ("GET", "/nope", 404),
        ("OPTIONS", "/movies", 200),
        ("POST", "/movies", 400),
        ("GET", "/", 200),
    ]:
        connection.request(method, path, b"{" if method == "POST" else None, bearer)
        answer = ApiResponse(connection.getresponse())
        assert answer.status == status
    connection.close()


def test_two_authorization_headers_are_no_token(producer: Client, url: str) -> None:
    twice = f"Authorization: Bearer {producer.token}\r\n" * 2
    assert_failure(raw(url, f"GET /movies HTTP/1.1\r\n{twice}\r\n".encode()), 401, "invalid header")


def test_the_log_holds_nothing_of_what_was_sent_but_the_route(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        Client(url).get("/movies", access_token="a-secret-of-mine")
        Client(url).get("/movies/a-secret-of-mine")
        raw(url, b"GET /a-secret\x1b[31m HTTP/1.1\r\n\r\n")
        Client(url).call("A-SECRET", "/movies/x/actors")
    assert [
        record.getMessage() for record in caplog.records if record.name == "dev.local.gateway"
    ] == [
        "GET /movies 401",
        "GET /movies/{movie_id} 401",
        "GET (no such path) 404",
        "(another method) /movies/{movie_id}/actors 405",
    ]


@pytest.mark.parametrize(
    "request_line",
    ["GET /movies/" + "a" * 9_500, "GET /movies?cursor=" + "a" * 12_000, "GET /" + "a" * 60_000],
)
def test_a_good_token_is_not_blamed_for_a_long_request(
    producer: Client, url: str, request_line: str
) -> None:
    head = f"{request_line} HTTP/1.1\r\nAuthorization: Bearer {producer.token}\r\n"
    assert_failure(raw(url, f"{head}\r\n".encode()), 400)
    many = "".join(f"X-{n}: {'x' * 200}\r\n" for n in range(60))
    head = f"GET /movies HTTP/1.1\r\nAuthorization: Bearer {producer.token}\r\n{many}\r\n"
    assert_failure(raw(url, head.encode()), 400)


def test_empty_lines_before_a_request_do_not_matter(url: str) -> None:
    assert raw(url, b"\r\n\r\nGET /health HTTP/1.1\r\n\r\n").status in (200, 503)
    netloc = urlsplit(url)
    with socket.create_connection((netloc.hostname, netloc.port), timeout=10) as connection:
        # As some clients end a body.
        request = b"POST /movies HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}\r\n"
        connection.sendall(request + b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        answers = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert answers.count(b"HTTP/1.1 401 ") == answers.count(b"HTTP/1.1 200 ") == 1


def test_blanks_around_a_token_are_no_part_of_it(producer: Client, url: str) -> None:
    head = f"GET /movies HTTP/1.1\r\nAuthorization: \t Bearer {producer.token} \t\r\n\r\n"
    assert raw(url, head.encode()).status == 200


def test_a_location_is_right_however_the_path_is_written(producer: Client, url: str) -> None:
    movie_id, body = producer.new_movie(), {"title": "Heat", "release_date": "1995-12-15"}
    written = "".join(f"%{ord(c):02x}" for c in movie_id)
    created = producer.post(f"/movies/{written}/actors/", {"actor_id": producer.new_actor()})
    assert created.headers["location"] == f"/roles/{created['created']}"
    absolute = producer.post(f"{url}/movies", body)
    assert absolute.headers["location"] == f"/movies/{absolute['created']}"
    assert_failure(producer.post("/movies;a=b", body), 404)


def test_the_server_does_not_say_what_it_is_made_of(nobody: Client) -> None:
    assert nobody.get("/").headers["server"] == "casting"
