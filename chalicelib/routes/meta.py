"""/ and /health: what anyone may ask."""

from chalice.app import Blueprint, Response

from chalicelib.auth import public
from chalicelib.outputs import success
from chalicelib.store import table

meta = Blueprint(__name__)


@meta.route("/", methods=["GET"])
@public
def get_root() -> Response:
    """Say what this is."""
    return success({"name": "casting", "health": "/health"})


@meta.route("/health", methods=["GET"])
@public
def get_health() -> Response:
    """Tell whether the table answers; 503 where it does not."""
    table.answers()
    return success({"table": "answers"})
