"""Hypothesis settings, and requests to the functions that parse them."""

import base64
import contextlib
import json
import os
import time
from typing import Any

from chalice.app import Request
from hypothesis import HealthCheck, settings

from app import app
from chalicelib.permissions import PERMISSIONS

FUZZ_EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))

SECRET, SECRET_NUMBER = "s3kr1t", 86_753_098_675_309


def tried(examples: int) -> settings:
    """Try a property with FUZZ_EXAMPLES examples, or with this many that are always the same."""
    return settings(
        max_examples=FUZZ_EXAMPLES or examples,
        derandomize=not FUZZ_EXAMPLES,
        database=None,
        deadline=None,
        print_blob=True,  # prints how to repeat a random example
        suppress_health_check=[HealthCheck.too_slow],  # a busy machine is not a failure
    )


def seen(value: object) -> str:
    """Distinguish values that are equal in Python: 1, 1.0 and True, or 0.0 and -0.0."""
    return repr(value)


# The request that the parsers read


def event(
    method: str = "GET",
    resource: str = "/movies",
    ids: dict[str, str] | None = None,
    query: dict[str, list[str]] | None = None,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    encoded: bool = False,
    sub: str = "auth0|me",
) -> dict[str, Any]:
    """Return the event of API Gateway. An `encoded` body is one that it treats as binary."""
    text: str | bytes | None = body
    if body is not None and encoded:
        text = base64.b64encode(body).decode()
    elif body is not None:
        with contextlib.suppress(UnicodeDecodeError):  # bytes, as the local server passes them on
            text = body.decode()
    return {
        "requestContext": {
            "httpMethod": method,
            "resourcePath": resource,
            "path": resource.format(**(ids or {})),
            "authorizer": {
                "sub": sub,
                "permissions": json.dumps(sorted(PERMISSIONS)),
                "exp": str(time.time() + 600),
            },
        },
        "headers": headers or {},
        "pathParameters": ids or {},
        "multiValueQueryStringParameters": query,
        "stageVariables": None,
        "body": text,
        "isBase64Encoded": encoded,
    }


def ask_for(**parts: Any) -> Request:
    """Make this the current request."""
    request = Request(event(**parts))
    app.current_request = request
    return request
