"""Every response has the same envelope: from a handler, from Chalice or from the gateway."""

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
)


def send_bytes(url: str, request: bytes) -> ApiResponse:
    """Send these bytes and return the response."""
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
def test_an_unknown_path_is_not_found_with_or_without_a_token(
    producer: Client, nobody: Client, method: str, path: str
) -> None:
    for client in (producer, nobody):
        response = client.call(method, path)
        assert_failure(response, 404)
        assert str(producer.token)[:20] not in response.text


@pytest.mark.parametrize("path", list(app.routes))
def test_a_method_that_a_path_does_not_have_returns_405_and_the_allowed_methods(
    nobody: Client, path: str
) -> None:
    allowed = set(app.routes[path])
    others = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "TRACE", "PROPFIND", "get"} - allowed
    for method in others:
        response = nobody.call(method, path.replace("{", "").replace("}", ""))
        assert response.status == 405
        assert response.headers["allow"] == ", ".join(sorted(allowed))
        if method == "HEAD":
            assert response.text == ""
            assert_headers(response)
        else:
            assert_failure(response, 405)


@pytest.mark.parametrize("path", list(app.routes))
def test_a_preflight_request_is_accepted_on_every_path(nobody: Client, path: str) -> None:
    methods = set(app.routes[path])
    response = nobody.call(
        "OPTIONS",
        path.replace("{", "").replace("}", ""),
        headers={"Origin": "http://localhost:3000", "Access-Control-Request-Method": "GET"},
    )
    assert response.status == 200
    assert_headers(response, has_request_id=False)
    assert response.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert set(response.headers["access-control-allow-methods"].split(",")) == methods | {"OPTIONS"}
    allowed = response.headers["access-control-allow-headers"]
    assert {"Authorization", "Content-Type", "If-Match"} <= set(allowed.split(","))


def test_a_success_has_the_cors_headers(producer: Client) -> None:
    response = producer.get("/movies")
    assert response.headers["access-control-allow-origin"] == "http://localhost:3000"
    exposed = response.headers["access-control-expose-headers"].split(",")
    assert set(exposed) == {
        "Allow", "ETag", "Location", "Retry-After", "WWW-Authenticate", "X-Request-Id"
    }  # fmt: skip


def test_a_path_may_end_with_a_slash(producer: Client) -> None:
    created = producer.post("/movies/", {"title": "Heat", "release_date": "1995-12-15"})
    assert created.headers["location"] == f"/movies/{created['created']}"
    assert producer.get("/movies/").status == 200


@pytest.mark.parametrize("prefix", ["/prod", "/v1", ""])
def test_a_location_includes_the_stage_of_api_gateway_or_the_base_path_of_the_domain(
    producer: Client, prefix: str
) -> None:
    # In API Gateway, the path starts with one of them. A domain may have no base path.
    movie_id = producer.new_movie()
    event: dict[str, Any] = {
        "requestContext": {
            "httpMethod": "POST",
            "resourcePath": "/movies/{movie_id}/actors",
            "path": f"{prefix}/movies/{movie_id}/actors",
            "authorizer": {"sub": "x", "permissions": '["post:roles"]', "exp": "9999999999"},
        },
        "headers": {},
        "pathParameters": {"movie_id": movie_id},
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": json.dumps({"actor_id": producer.new_actor()}),
    }
    response = invoke(app, event)
    assert response["statusCode"] == 201
    assert response["headers"]["Location"].startswith(f"{prefix}/roles/{movie_id}.")


def test_an_unexpected_exception_is_logged_and_not_shown(
    producer: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("the flux capacitor")

    monkeypatch.setattr("chalicelib.store.movies.page", fail)
    response = producer.get("/movies")
    assert_failure(response, 500)
    assert "flux" not in response.text
    assert "Traceback" not in response.text
    assert "the flux capacitor" in caplog.text
    assert "Traceback" in caplog.text


def test_health_returns_503_if_the_table_is_unreachable(
    nobody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy = {"success": True, "table": "answers", "index": "complete"}
    assert nobody.get("/health").body == healthy

    def unreachable(*_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://nowhere.example")

    monkeypatch.setattr("chalicelib.store.dynamodb.call", unreachable)
    response = nobody.get("/health")
    assert_failure(response, 503)
    assert response.headers["retry-after"] == "2"


def test_every_gateway_response_has_the_envelope() -> None:
    statuses = {}
    for response_type, gateway_response in GATEWAY_RESPONSES.items():
        response = gateway_response.response()
        assert response.body.keys() == {"success", "error", "message", "detail"}
        assert response.status_code == response.body["error"]
        assert "Access-Control-Allow-Origin" in response.headers
        assert "X-Content-Type-Options" in response.headers
        if response.status_code != 401:
            assert response.body["message"] == MESSAGES[response.status_code]
        statuses[response_type] = response.status_code
    assert statuses["ACCESS_DENIED"] == statuses["UNAUTHORIZED"] == 401
    assert statuses["MISSING_AUTHENTICATION_TOKEN"] == statuses["INVALID_SIGNATURE"] == 404
    assert statuses["REQUEST_TOO_LARGE"] == 413
    assert statuses["UNSUPPORTED_MEDIA_TYPE"] == 415
    assert statuses["THROTTLED"] == statuses["QUOTA_EXCEEDED"] == 429
    assert statuses["INTEGRATION_TIMEOUT"] == 503
    for failed in ("AUTHORIZER_FAILURE", "AUTHORIZER_CONFIGURATION_ERROR"):
        assert statuses[failed] == 503
        assert GATEWAY_RESPONSES[failed].response().headers["Retry-After"] == "30"
    assert statuses["DEFAULT_4XX"] == 404
    assert statuses["DEFAULT_5XX"] == 500
    assert GATEWAY_RESPONSES["THROTTLED"].response().headers["Retry-After"] == "1"


@pytest.mark.parametrize("response_type", GATEWAY_RESPONSES)
def test_api_gateway_is_configured_with_the_responses_of_the_local_gateway(
    response_type: str,
) -> None:
    configured = GATEWAY_RESPONSES[response_type]
    local = gateway.own_response(response_type, "an-id", message="token expired")
    # API Gateway replaces the request id and the authorizer's message.
    body = configured.template().replace("$context.requestId", "an-id")
    body = body.replace("$context.authorizer.message", "token expired")
    assert local["statusCode"] == configured.status
    assert json.loads(local["body"]) == json.loads(body)
    assert "$" not in body
    assert "$context.requestId " in configured.template() or configured.status < 500
    parameters = configured.parameters()
    assert parameters.pop("gatewayresponse.header.X-Request-Id") == "context.requestId"
    assert local["headers"].pop("X-Request-Id") == "an-id"
    assert parameters == {
        f"gatewayresponse.header.{name}": f"'{value}'" for name, value in local["headers"].items()
    }
    assert parameters["gatewayresponse.header.Cache-Control"] == "'no-store'"


def test_the_message_of_a_rejected_token_comes_from_the_authorizer(url: str) -> None:
    denied = gateway.own_response("ACCESS_DENIED", gateway.new_id(), message="token expired")
    assert json.loads(denied["body"])["message"] == "token expired"
    assert_failure(Client(url, "x.y.z").get("/movies"), 401, "invalid header")


def test_a_failing_authorizer_returns_503(
    producer: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(tokens, "verify", fail)
    with caplog.at_level(logging.ERROR):
        assert_failure(producer.get("/movies"), 503)


def test_every_error_has_a_status_a_message_and_a_detail() -> None:
    errors = ApiError.__subclasses__()
    assert len(errors) > 15
    for error in errors:
        assert error.status in {*MESSAGES, 401}
        assert error.message
        assert error.detail.endswith((".", ">."))
    assert {error.message for error in errors if error.status == 401} == {
        "token expired",
        "invalid claims",
        "invalid header",
    }


MALFORMED = {
    "not HTTP": b"nonsense\r\n\r\n",
    "an invalid version": b"GET / HTTP/x.y\r\n\r\n",
    "HTTP/2": b"GET / HTTP/2.0\r\n\r\n",
    "a line of 100 kB": b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
    "a header of 100 kB": b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    "3,000 headers": b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 3_000 + b"\r\n",
    "150 short headers": b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 150 + b"\r\n",
    "a negative length": b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "an invalid length": b"POST / HTTP/1.1\r\nContent-Length: five\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length and a chunked encoding": (
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "an unknown transfer encoding": b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
    "a chunk without an end": (
        b"POST /movies HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{GARBAGE\r\n0\r\n\r\n"
    ),
    "a header without a colon": b"GET / HTTP/1.1\r\nnocolon\r\nX: 1\r\n\r\n",
    # It could hide a second request.
    "a space before the colon": (
        b"POST /nope HTTP/1.1\r\nContent-Length : 31\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    ),
    "no version": b"GET /\r\n\r\n",
    "an invalid chunk size": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
}


@pytest.mark.parametrize("request_bytes", MALFORMED.values(), ids=MALFORMED)
def test_malformed_http_returns_400(url: str, request_bytes: bytes) -> None:
    response = send_bytes(url, request_bytes)
    assert_failure(response, 400)
    assert response.headers["connection"] == "close"


def test_a_token_that_is_too_long_returns_401(url: str) -> None:
    for size in (8_193, 20_000, 3_000_000):
        request = b"GET /movies HTTP/1.1\r\nAuthorization: Bearer " + b"x" * size + b"\r\n\r\n"
        assert_failure(send_bytes(url, request), 401, "invalid header")


def test_a_chunked_body_is_read(producer: Client, url: str) -> None:
    body = b'{"title": "Heat", "release_date": "1995-12-15"}'
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(c), c) for c in (body[:7], body[7:]))
    head = (
        f"POST /movies HTTP/1.1\r\nAuthorization: Bearer {producer.token}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    assert send_bytes(url, head.encode() + chunks + b"0\r\n\r\n").status == 201
    assert_failure(send_bytes(url, head.encode() + b"fffffff\r\n"), 413)


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
        response = ApiResponse(connection.getresponse())
        assert response.status == status
    connection.close()


def test_two_authorization_headers_return_401(producer: Client, url: str) -> None:
    two_headers = f"Authorization: Bearer {producer.token}\r\n" * 2
    assert_failure(
        send_bytes(url, f"GET /movies HTTP/1.1\r\n{two_headers}\r\n".encode()),
        401,
        "invalid header",
    )


def test_the_log_contains_only_method_route_and_status(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        Client(url).get("/movies", access_token="a-secret-of-mine")
        Client(url).get("/movies/a-secret-of-mine")
        send_bytes(url, b"GET /a-secret\x1b[31m HTTP/1.1\r\n\r\n")
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
def test_a_long_request_with_a_valid_token_returns_400(
    producer: Client, url: str, request_line: str
) -> None:
    head = f"{request_line} HTTP/1.1\r\nAuthorization: Bearer {producer.token}\r\n"
    assert_failure(send_bytes(url, f"{head}\r\n".encode()), 400)
    many_headers = "".join(f"X-{n}: {'x' * 200}\r\n" for n in range(60))
    head = f"GET /movies HTTP/1.1\r\nAuthorization: Bearer {producer.token}\r\n{many_headers}\r\n"
    assert_failure(send_bytes(url, head.encode()), 400)


def test_empty_lines_before_a_request_are_ignored(url: str) -> None:
    assert send_bytes(url, b"\r\n\r\nGET /health HTTP/1.1\r\n\r\n").status in (200, 503)
    netloc = urlsplit(url)
    with socket.create_connection((netloc.hostname, netloc.port), timeout=10) as connection:
        # Some clients send an empty line after a body.
        request = b"POST /movies HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}\r\n"
        connection.sendall(request + b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert received.count(b"HTTP/1.1 401 ") == received.count(b"HTTP/1.1 200 ") == 1


def test_white_space_around_a_token_is_ignored(producer: Client, url: str) -> None:
    head = f"GET /movies HTTP/1.1\r\nAuthorization: \t Bearer {producer.token} \t\r\n\r\n"
    assert send_bytes(url, head.encode()).status == 200


def test_a_location_is_correct_for_any_form_of_the_path(producer: Client, url: str) -> None:
    movie_id, body = producer.new_movie(), {"title": "Heat", "release_date": "1995-12-15"}
    encoded = "".join(f"%{ord(c):02x}" for c in movie_id)
    created = producer.post(f"/movies/{encoded}/actors/", {"actor_id": producer.new_actor()})
    assert created.headers["location"] == f"/roles/{created['created']}"
    absolute = producer.post(f"{url}/movies", body)
    assert absolute.headers["location"] == f"/movies/{absolute['created']}"
    assert_failure(producer.post("/movies;a=b", body), 404)


def test_the_server_header_names_no_software(nobody: Client) -> None:
    assert nobody.get("/").headers["server"] == "casting"
