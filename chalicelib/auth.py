"""The authorizer: a Lambda function of its own, `chalicelib.auth.auth0`.

It needs the token verifier, and the handlers do not. So it imports the verifier when it is called.
"""

# first: startup.py says why
from chalicelib import startup

# isort: split
import json
import os
import time
from typing import Any

from chalice.app import AuthRequest, Blueprint

from chalicelib import logs, restore
from chalicelib.errors import ApiError, IssuerUnreachable

auth = Blueprint(__name__)


# API Gateway caches the policy of each token for this long. It caches a Deny too, and a new signing
# key must not lock its tokens out for longer than a minute.
@auth.authorizer(ttl_seconds=60)
def auth0(request: AuthRequest) -> dict[str, Any]:
    """Return a policy that allows or denies this token the whole API.

    The handlers check the permission that each route requires. Raise IssuerUnreachable if nobody
    can say whether the token is valid: API Gateway caches no failure, and sends 503.
    """
    started = time.monotonic()
    from chalicelib import tokens

    try:
        claims = tokens.verify(request.token)
    except ApiError as error:
        logs.log_authorization(None, error.status, error.message, started)
        if isinstance(error, IssuerUnreachable):
            raise
        return _policy("Deny", request, "refused", {"message": error.message})
    finally:
        startup.finish()
    logs.log_authorization(claims.sub, 200, None, started)
    context = {
        "sub": claims.sub,
        "permissions": json.dumps(sorted(claims.permissions)),
        "exp": repr(claims.exp),
    }
    return _policy("Allow", request, claims.sub, context)


def _load_verifier() -> None:
    from chalicelib import signing_keys, tokens  # noqa: F401 -- so that the snapshot has them


# The API's function imports this module too.
if os.environ.get("_HANDLER") == f"{__name__}.auth0":
    restore.before_snapshot(_load_verifier)


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
