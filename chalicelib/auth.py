"""Who is calling, and may they: the authorizer, and what every route declares.

The authorizer is a function of its own in Lambda, `chalicelib.auth.auth0`. It needs the verifier
and the handlers do not, so it alone imports it, when it is called.
"""

import functools
import json
import time
from collections.abc import Callable
from typing import Any

from chalice.app import AuthRequest, Blueprint, Chalice, Response

from chalicelib import logs
from chalicelib.errors import ApiError, InvalidHeader, PermissionMissing, TokenExpired
from chalicelib.permissions import PERMISSIONS
from chalicelib.settings import LEEWAY

View = Callable[..., Any]

auth = Blueprint(__name__)


# API Gateway keeps the answer for each token this long. A Deny is kept too, and a key that the
# issuer has just begun to use must not lock its tokens out for longer than a minute.
@auth.authorizer(ttl_seconds=60)
def auth0(request: AuthRequest) -> dict[str, Any]:
    """Allow or deny this token the whole API; what each route needs is the handlers' matter."""
    began = time.monotonic()
    from chalicelib import tokens

    try:
        claims = tokens.verify(request.token)
    except ApiError as refused:
        logs.log_authorization(None, refused.message, began)
        return _policy("Deny", request, "refused", {"message": refused.message})
    logs.log_authorization(claims.sub, None, began)
    context = {
        "sub": claims.sub,
        "permissions": json.dumps(sorted(claims.permissions)),
        "exp": repr(claims.exp),
    }
    return _policy("Allow", request, claims.sub, context)


def _policy(
    effect: str, request: AuthRequest, principal: str, context: dict[str, str]
) -> dict[str, Any]:
    api_and_stage = "/".join(request.method_arn.split("/")[:2])
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": effect,
        "Resource": [f"{api_and_stage}/*"],
    }
    return {
        "principalId": principal,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": context,
    }


def permissions() -> frozenset[str]:
    """Give the permissions of the current request's caller, as the authorizer found them.

    Refuses with InvalidHeader where no authorizer ran, and with TokenExpired where API Gateway's
    cached Allow has outlived its token.
    """
    found = auth.current_request.context.get("authorizer") or {}
    try:
        permissions, exp = json.loads(found["permissions"]), float(found["exp"])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidHeader() from error
    if time.time() >= exp + LEEWAY:
        raise TokenExpired()
    return frozenset(permissions)


def caller() -> str:
    """Give the current request's caller, the token's `sub`."""
    return str(auth.current_request.context["authorizer"]["sub"])


def requires(permission: str) -> Callable[[View], View]:
    """Declare the permission that a view's caller must have, kept as `view.permission`."""
    if permission not in PERMISSIONS:
        raise ValueError(f"nobody can have the permission {permission}")

    def declare(view: View) -> View:
        @functools.wraps(view)
        def guarded(**path: str) -> Any:
            if permission not in permissions():
                raise PermissionMissing(f"This needs the permission {permission}.")
            return view(**path)

        guarded.__dict__["permission"] = permission
        return guarded

    return declare


def public(view: View) -> View:
    """Declare that anyone may call a view."""
    view.__dict__["permission"] = None
    return view


def refuse_undeclared(app: Chalice) -> None:
    """Answer 401 to everyone on every route that declares neither `requires` nor `public`."""

    def undeclared(**_: str) -> Response:
        raise InvalidHeader()

    for methods in app.routes.values():
        for route in methods.values():
            if not hasattr(route.view_function, "permission"):
                route.view_function = undeclared
