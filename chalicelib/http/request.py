"""The current request: its caller, the caller's permissions, its query parameters and its path."""

import json
import time

from chalice.app import Request

from chalicelib.auth import auth
from chalicelib.errors import InvalidHeader, TokenExpired
from chalicelib.settings import LEEWAY


def current() -> Request:
    """Return the request that is being handled."""
    return auth.current_request


def caller_permissions() -> frozenset[str]:
    """Return the caller's permissions, as the authorizer verified them.

    Raise InvalidHeader if no authorizer ran, and TokenExpired if API Gateway's cached Allow has
    outlived its token.
    """
    context = current().context.get("authorizer") or {}
    try:
        permissions, exp = json.loads(context["permissions"]), float(context["exp"])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidHeader() from error
    if time.time() >= exp + LEEWAY:
        raise TokenExpired()
    return frozenset(permissions)


def caller_sub() -> str:
    """Return the caller: the token's `sub`."""
    return str(current().context["authorizer"]["sub"])


def query_parameter(name: str) -> str | None:
    """Return a query parameter, the last value if it is repeated, or None."""
    parameters = current().query_params
    return None if parameters is None else parameters.get(name)


def query_parameters(name: str) -> list[str]:
    """Return all values of a query parameter."""
    parameters = current().query_params
    values: list[str] = parameters.getlist(name) if parameters and name in parameters else []
    return values


def url_prefix() -> str:
    """Return the part of the URL's path before our paths.

    It is API Gateway's stage, or the base path of the stage's domain, or nothing.
    """
    request = current()
    full_path: str = request.context["path"]
    return full_path.rstrip("/").rsplit("/", request.path.count("/"))[0]
