"""The botocore client of DynamoDB: one for each process.

In Lambda it is created while Lambda starts the function. It differs from botocore's usual client in
what takes time in each request or in a cold start, and in its limits.
"""

import os
import threading
from pathlib import Path
from typing import Any

import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.handlers import BUILTIN_HANDLERS
from botocore.parsers import JSONParser, ResponseParserFactory
from botocore.serialize import JSONSerializer
from botocore.session import Session

from chalicelib import deadline, logs, restore
from chalicelib.settings import DYNAMODB_URL, IN_LAMBDA

CONNECT_SECONDS, READ_SECONDS = 1, 3  # the longest that one attempt of a request may take
ATTEMPTS = 3  # of a request that is lost, throttled or answered with a 5xx

AMAZON_ROOTS = Path(__file__).with_name("amazon-roots.pem")
"""The certificates by which DynamoDB is recognised, written by `make generate` from certifi.

OpenSSL reads all 140 certificates of certifi in each cold start. AWS_CA_BUNDLE names other ones.
"""

PLAIN = frozenset(
    f"{operation}Output"
    for operation in ("BatchGetItem", "GetItem", "PutItem", "Query", "TransactGetItems")
    + ("TransactWriteItems", "UpdateItem")
)
"""The shapes of the responses that need no conversion after JSON. The requests need none before."""


class OutOfTime(BotoCoreError):  # type: ignore[misc]  # botocore has no types
    """A request could not be answered before Lambda ends the function."""

    fmt = "not enough time is left for another request"


class UnreadableResponse(BotoCoreError):  # type: ignore[misc]  # botocore has no types
    """A response is not JSON, for example because it was cut off."""

    fmt = "the response is not JSON"


class _PlainJsonParser(JSONParser):  # type: ignore[misc]  # botocore has no types
    """Parses the responses of the operations that we call, three times as fast as botocore.

    botocore compares every value with the model of the service, because a blob or a time is a text
    in JSON. These responses have none: the table stores no binary value.
    """

    def _handle_json_body(self, raw_body: bytes, shape: Any) -> Any:
        if shape.name not in PLAIN or not raw_body:
            return super()._handle_json_body(raw_body, shape)
        try:
            return msgspec.json.decode(raw_body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            # botocore would return an empty response, as if there was no item.
            raise UnreadableResponse() from error


class _Parsers(ResponseParserFactory):  # type: ignore[misc]  # botocore has no types
    def create_parser(self, protocol_name: str) -> Any:
        if protocol_name == "json":
            return _PlainJsonParser(**self._defaults)
        return super().create_parser(protocol_name)


class _PlainJsonSerializer(JSONSerializer):  # type: ignore[misc]  # botocore has no types
    """Writes requests as they are. botocore would compare every value with the model here too."""

    def _serialize(
        self, serialized: dict[str, Any], value: dict[str, Any], _: Any, __: Any = None
    ) -> None:
        serialized.update(value)


def create(endpoint_url: str | None = DYNAMODB_URL) -> Any:
    """Return a new client. An engine on this machine never receives real credentials."""
    session = Session(include_builtin_handlers=False)
    for event, handler, *_ in BUILTIN_HANDLERS:
        if "." not in event:  # the other ones are for other services
            session.register(event, handler)
    session.register_component("response_parser_factory", _Parsers())
    local: dict[str, Any] = {}
    if endpoint_url:
        local = {"region_name": "us-east-1", "endpoint_url": endpoint_url}
        local |= {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    created = session.create_client(
        "dynamodb",
        verify=None if "AWS_CA_BUNDLE" in os.environ else str(AMAZON_ROOTS),
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
            # Lambda needs one; the local server has a thread per connection.
            max_pool_connections=50,
            # PynamoDB builds the requests.
            parameter_validation=False,
            # botocore would describe the machine again in each request.
            user_agent="casting",
        ),
        **local,
    )
    created._serializer = _PlainJsonSerializer()
    created.meta.events.register("before-send.dynamodb", _before_attempt)
    created.meta.events.register("after-call.dynamodb", _after_response)
    return created


def _before_attempt(**_: Any) -> None:
    if deadline.left() < CONNECT_SECONDS + READ_SECONDS:
        raise OutOfTime()
    logs.count_call()


def _after_response(parsed: dict[str, Any], **_: Any) -> None:
    # Requests for several items list their capacity by table.
    consumed = parsed.get("ConsumedCapacity") or []
    for of_table in consumed if isinstance(consumed, list) else [consumed]:
        logs.count_capacity(of_table.get("CapacityUnits", 0))


_lock = threading.Lock()
_client: Any = None


def client() -> Any:
    """Return the client of this process."""
    global _client
    with _lock:  # botocore's sessions are not thread-safe
        if _client is None:
            _client = create()
    return _client


def prepare() -> None:
    """Create the client while Lambda starts the function, and not in its first request."""
    if IN_LAMBDA:
        client()
    # A connection in a snapshot would be dead after the restore.
    restore.before_snapshot(lambda: client().close())
