"""The table: its keys and indexes, and every request that is sent to it.

See docs/table.md for the items. A request leaves through `_send` or `_query`, and what DynamoDB
refuses is turned there, once, into one of our own errors.
"""

import random
import re
import secrets
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Literal, NoReturn, TypeVar, cast

from botocore.exceptions import BotoCoreError
from pynamodb.attributes import Attribute, DiscriminatorAttribute, UnicodeAttribute
from pynamodb.constants import NUMBER
from pynamodb.exceptions import QueryError, VerboseClientError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from chalicelib import deadline, logs
from chalicelib.errors import (
    ApiError,
    BadCursor,
    Contended,
    KeyReused,
    TableBusy,
    TableUnreachable,
)
from chalicelib.settings import DYNAMODB_URL, TABLE_NAME

SEPARATOR = "\x1f"  # between the parts of a sort key; no name can hold it
FOLDED = 200  # characters of a name in a sort key: with an id, well below DynamoDB's 1,024 bytes
MAX_ACTIONS = 100  # in one TransactWriteItems (DynamoDB)
MAX_KEY = 1_024  # bytes of a sort key (DynamoDB)
CONNECT_SECONDS, READ_SECONDS = 1, 3  # that one attempt of a request may take
ATTEMPTS = 5  # of a write that others keep getting in the way of
BACKOFF = 0.05  # seconds before the second attempt at the most; doubled for each one after it

_ID = re.compile(r"[A-Za-z0-9_-]{16}")
_THROTTLED = {
    "ProvisionedThroughputExceededException",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "ThrottlingException",
    "ThrottlingError",
}
_UNWELL = {"InternalServerError", "ServiceUnavailable", "TransactionInProgressException"}


class IntegerAttribute(Attribute[int]):
    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        return str(value)

    def deserialize(self, value: str) -> int:
        return int(value)


class ByName(GlobalSecondaryIndex["Item"]):  # type: ignore[no-untyped-call]  # PynamoDB's
    class Meta:
        index_name = "gsi1"
        projection = AllProjection()

    gsi1pk = UnicodeAttribute(hash_key=True)
    gsi1sk = UnicodeAttribute(range_key=True)


class ByDate(GlobalSecondaryIndex["Item"]):  # type: ignore[no-untyped-call]  # PynamoDB's
    class Meta:
        index_name = "gsi2"
        projection = AllProjection()

    gsi2pk = UnicodeAttribute(hash_key=True)
    gsi2sk = UnicodeAttribute(range_key=True)


class Item(Model):
    """What every item of the table has. `kind` says which class an item is read as."""

    class Meta:
        table_name = TABLE_NAME
        billing_mode = "PAY_PER_REQUEST"
        host = DYNAMODB_URL
        # An engine on this machine takes any credentials, and must never be sent real ones.
        region = "us-east-1" if DYNAMODB_URL else None
        aws_access_key_id = "local" if DYNAMODB_URL else None
        aws_secret_access_key = "local" if DYNAMODB_URL else None
        connect_timeout_seconds = CONNECT_SECONDS
        read_timeout_seconds = READ_SECONDS
        max_retry_attempts = 2
        max_pool_connections = 50  # Lambda needs one; the local server has a thread a connection

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    gsi1pk = UnicodeAttribute(null=True)
    gsi1sk = UnicodeAttribute(null=True)
    gsi2pk = UnicodeAttribute(null=True)
    gsi2sk = UnicodeAttribute(null=True)
    by_name = ByName()
    by_date = ByDate()

    kind = DiscriminatorAttribute()
    id = UnicodeAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    version = IntegerAttribute()
    request = UnicodeAttribute(null=True)  # the POST with an Idempotency-Key that made it
    last_write = UnicodeAttribute(null=True)  # the last UpdateItem's mark, by which it is known

    def set(self, **attributes: Any) -> None:
        """Set these attributes here, not in the table; None removes one."""
        for name, value in attributes.items():
            if name not in self.get_attributes():
                raise AttributeError(f"{type(self).__name__} has no attribute {name}")
            setattr(self, name, value)


# Made once, before there are subclasses: each of them would make a client of its own.
_table = Item._get_connection()

Index = Literal["gsi1", "gsi2"]

ItemT = TypeVar("ItemT", bound=Item)
T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[ItemT]):
    """One page of a list, and the sort key of its last item where more may follow."""

    items: list[ItemT]
    last: str | None


class ConditionFailed(Exception):
    """A write's condition did not hold; `item` is what stood there, or None."""

    def __init__(self, item: Item | None) -> None:
        super().__init__()
        self.item = item


class Moved(Exception):
    """Something has changed since it was read: read again and try again."""


class OutOfTime(BotoCoreError):  # type: ignore[misc]  # botocore has no types
    """What is sent now could not be answered before Lambda ends the function."""

    fmt = "no time is left for another request"


def now() -> str:
    """Give the time as RFC 3339 in UTC, in microseconds, so that text sorts as time does."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def new_id(request: str | None = None) -> str:
    """Make an id: 16 URL-safe characters, 96 bits of chance, or of the request that asks for it.

    A request with an Idempotency-Key is `<hash of key, caller and route>.<hash of the body>`.
    """
    return secrets.token_urlsafe(12) if request is None else request.partition(".")[0]


def made_by(item: Item | None, request: str | None) -> bool:
    """Tell whether it was this request that made an item; KeyReused if its body was another."""
    if item is None or item.request is None or request is None:
        return False
    if item.request.partition(".")[0] != request.partition(".")[0]:
        return False
    if item.request != request:
        raise KeyReused()
    return True


def is_id(text: str) -> bool:
    """Tell whether an id can exist, so that one which cannot costs no request."""
    return _ID.fullmatch(text) is not None


def key(prefix: str, item_id: str, otherwise: type[ApiError]) -> str:
    """Give a pk or sk made of this prefix and id; raises `otherwise` for what cannot be an id."""
    if not is_id(item_id):
        raise otherwise()
    return prefix + item_id


def fold(name: str) -> str:
    """Give what a name is sorted by: without case, accents and doubled spaces."""
    letters = unicodedata.normalize("NFKD", name)
    bare = "".join(c for c in letters if not unicodedata.combining(c)).casefold()
    return " ".join(bare.split())[:FOLDED]


def sort_key(*parts: str) -> str:
    """Join the parts of an index's sort key, of which the last is an id that makes it unique."""
    return SEPARATOR.join(parts)


def last_part(key: str) -> str:
    """Give the id at the end of an index's sort key."""
    return key.rpartition(SEPARATOR)[2]


def sets(item_type: type[Item], attributes: dict[str, Any]) -> list[Action]:
    """Give the actions that set these attributes in the table; None removes one."""
    named = [(getattr(item_type, name), value) for name, value in attributes.items()]
    return [a.remove() if value is None else a.set(value) for a, value in named]


def get(pk: str, sk: str) -> Item | None:
    """Read one item, strongly consistent: one GetItem."""
    answer = _send("GetItem", _table.get_operation_kwargs(pk, sk, consistent_read=True))
    return _item(answer.get("Item"))


def get_all(keys: Sequence[tuple[str, str]]) -> list[Item | None]:
    """Read up to 100 items, strongly consistent, in the order of their keys: one BatchGetItem."""
    wanted = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in keys]
    request = {TABLE_NAME: {"Keys": wanted, "ConsistentRead": True}}
    answer = _send("BatchGetItem", {"RequestItems": request})
    if answer.get("UnprocessedKeys"):
        raise TableBusy()
    found = {(i.pk, i.sk): i for raw in answer["Responses"][TABLE_NAME] if (i := _item(raw))}
    return [found.get(key) for key in keys]


def snapshot(keys: Sequence[tuple[str, str]]) -> list[Item | None]:
    """Read up to 100 items as they are at one moment: one TransactGetItems.

    It waits for the transactions that are changing one of them.
    """
    gets = [_table.get_operation_kwargs(pk, sk) for pk, sk in keys]
    answer = _send("TransactGetItems", {"TransactItems": [{"Get": get} for get in gets]})
    return [_item(found.get("Item")) for found in answer["Responses"]]


def put(item: ItemT) -> ItemT:
    """Write a new item and give it, or the one that the same request wrote before: one PutItem.

    Refuses with KeyReused, and with Contended while that one is being deleted.
    """
    kwargs = item.get_save_kwargs_from_instance(
        condition=Item.pk.does_not_exist(), return_values_on_condition_failure="ALL_OLD"
    )
    try:
        _send("PutItem", kwargs)
    except ConditionFailed as failed:
        if made_by(failed.item, item.request):
            if getattr(failed.item, "deleting", None):
                raise Contended() from failed
            return cast(ItemT, failed.item)
        # Without a key the id is chance: what stands there is what we wrote ourselves, when the
        # answer was lost and botocore sent the request again.
        if failed.item is None or failed.item.created_at != item.created_at:
            raise
    return item


def update(
    item_type: type[ItemT], pk: str, sk: str, actions: Sequence[Action], condition: Condition
) -> ItemT:
    """Change an item and give it as it is then: one UpdateItem. Raises ConditionFailed."""
    mark = secrets.token_urlsafe(6)
    unmarked = Item.last_write.does_not_exist() | (Item.last_write != mark)
    kwargs = _table.get_operation_kwargs(
        pk,
        sk,
        actions=[*actions, Item.last_write.set(mark)],
        condition=condition & unmarked,
        return_values="ALL_NEW",
        return_values_on_condition_failure="ALL_OLD",
    )
    try:
        return item_type.from_raw_data(_send("UpdateItem", kwargs)["Attributes"])
    except ConditionFailed as failed:
        # The answer was lost, and botocore sent the request again.
        if failed.item is not None and failed.item.last_write == mark:
            return cast(ItemT, failed.item)
        raise


def children(
    pk: str, limit: int, after: str | None = None, only: Condition | None = None
) -> list[Item]:
    """Read a partition of the table itself in the order of sk, strongly consistent: one Query.

    That many items must fit into 1 MB, at which DynamoDB ends a Query.
    """
    start = None if after is None else {"pk": {"S": pk}, "sk": {"S": after}}
    answer = _query(pk, only, consistent_read=True, limit=limit, exclusive_start_key=start)
    return [Item.from_raw_data(raw) for raw in answer["Items"]]


def page(
    index: Index,
    partition: str,
    *,
    limit: int,
    after: str | None,
    key_of: Callable[[str], tuple[str, str]],
    forward: bool = True,
) -> Page[Item]:
    """Read one page of an index's partition: one Query, which costs what the page holds.

    `after` is the sort key to go on from; `key_of` gives the pk and sk of the item whose index
    entry ends in this id, and raises BadCursor where it is none. The item need not be there.
    """
    start = None
    if after is not None:
        pk, sk = key_of(last_part(_short_enough(after)))
        start = {
            "pk": {"S": pk},
            "sk": {"S": sk},
            f"{index}pk": {"S": partition},
            f"{index}sk": {"S": after},
        }
    answer = _query(
        partition,
        index_name=index,
        scan_index_forward=forward,
        # One more than asked for tells whether the page is the last one.
        limit=limit + 1,
        exclusive_start_key=start,
    )
    items = [Item.from_raw_data(raw) for raw in answer["Items"]]
    return cut(items, limit, f"{index}sk")


def sorts(indexes: dict[str, Index]) -> list[str]:
    """Give the orders of a list that has these indexes, each field up and down."""
    return [sign + field for field in indexes for sign in ("", "-")]


def cut(items: list[ItemT], limit: int, sort_attribute: str) -> Page[ItemT]:
    """Make a page of `limit` items out of one item more, where there was one more."""
    if len(items) <= limit:
        return Page(items, None)
    return Page(items[:limit], getattr(items[limit - 1], sort_attribute))


def _short_enough(after: str) -> str:
    if len(after.encode()) > MAX_KEY:
        raise BadCursor()
    return after


def answers() -> None:
    """Ask the table for an item that is not there; an error says that the table does not answer."""
    get("HEALTH", "#")


@dataclass(frozen=True)
class Step:
    """One action of a transaction, and the error that tells its condition's failure."""

    action: Literal["ConditionCheck", "Delete", "Put", "Update"]
    request: dict[str, Any]
    otherwise: type[Exception]


def check_step(pk: str, sk: str, condition: Condition, otherwise: type[Exception]) -> Step:
    kwargs = _table.get_operation_kwargs(pk, sk, condition=condition)
    return Step("ConditionCheck", kwargs, otherwise)


def delete_step(pk: str, sk: str, condition: Condition, otherwise: type[Exception]) -> Step:
    kwargs = _table.get_operation_kwargs(
        pk, sk, condition=condition, return_values_on_condition_failure=_shown_to(otherwise)
    )
    return Step("Delete", kwargs, otherwise)


def put_step(item: Item, otherwise: type[Exception]) -> Step:
    kwargs = item.get_save_kwargs_from_instance(
        condition=Item.pk.does_not_exist(), return_values_on_condition_failure=_shown_to(otherwise)
    )
    return Step("Put", kwargs, otherwise)


def update_step(
    pk: str, sk: str, actions: Sequence[Action], condition: Condition, otherwise: type[Exception]
) -> Step:
    kwargs = _table.get_operation_kwargs(pk, sk, actions=actions, condition=condition)
    return Step("Update", kwargs, otherwise)


def _shown_to(otherwise: type[Exception]) -> str | None:
    return "ALL_OLD" if otherwise is ConditionFailed else None


def transact(steps: Sequence[Step]) -> None:
    """Do all of up to 100 steps or none: one TransactWriteItems.

    Raises the error of the first step whose condition does not hold. botocore gives each
    transaction a token, by which DynamoDB knows one that is sent again after a lost answer.
    """
    try:
        _send(
            "TransactWriteItems", {"TransactItems": [{step.action: step.request} for step in steps]}
        )
    except VerboseClientError as cancelled:
        for step, reason in zip(steps, cancelled.cancellation_reasons, strict=False):
            if reason and reason.code == "ConditionalCheckFailed":
                if step.otherwise is ConditionFailed:
                    raise ConditionFailed(_item(reason.raw_item)) from cancelled
                raise step.otherwise() from cancelled
        raise


def pause(attempt: int) -> None:
    """Wait before this attempt (1 is the second one): exponential backoff with full jitter."""
    time.sleep(random.uniform(0, BACKOFF * 2**attempt))  # noqa: S311 -- no secret


def exclusively(attempt: Callable[[], T]) -> T:
    """Do what raises Moved where others get in the way, a few times; then it is Contended."""
    for number in range(ATTEMPTS):
        if number:
            pause(number)
        try:
            return attempt()
        except Moved:
            continue
    raise Contended()


def _item(raw: dict[str, Any] | None) -> Item | None:
    return Item.from_raw_data(raw) if raw else None


def _query(pk: str, only: Condition | None = None, **options: Any) -> dict[str, Any]:
    _keep_watch()
    try:
        return _table.query(pk, range_key_condition=only, **options)
    except QueryError as error:
        _explain(error.cause or error)  # what `_send` sees unwrapped


def _send(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """Send a request. Where others were merely in its way, send it again, a few times."""
    _keep_watch()
    attempt = 0
    while True:
        try:
            # A copy: botocore puts its token into it, which must be another one for each attempt.
            return _table.connection.dispatch(operation, dict(request))
        except (BotoCoreError, VerboseClientError) as error:
            in_the_way = _in_the_way(error)
            if in_the_way is None:
                _explain(error)
            attempt += 1
            if attempt == ATTEMPTS:
                raise in_the_way() from error
        pause(attempt)


def _keep_watch() -> None:
    """Let botocore tell of each of its attempts before it is made, and of each answer."""
    # The client is made when it is first needed, and anew where there were no credentials yet;
    # the ids let it be told twice.
    events = _table.connection.client.meta.events
    events.register("before-send.dynamodb", _before_attempt, unique_id="casting-attempts")
    events.register("after-call.dynamodb", _after_answer, unique_id="casting-answers")


def _before_attempt(**_: Any) -> None:
    if deadline.left() < CONNECT_SECONDS + READ_SECONDS:
        raise OutOfTime()
    logs.count_call()


def _after_answer(parsed: dict[str, Any], **_: Any) -> None:
    # PynamoDB asks for it with every request. Those of several items tell it table by table.
    consumed = parsed.get("ConsumedCapacity") or []
    for of_table in consumed if isinstance(consumed, list) else [consumed]:
        logs.count_capacity(of_table.get("CapacityUnits", 0))


def _in_the_way(error: Exception) -> type[ApiError] | None:
    """Tell what is wrong where a write can be sent again, because it only met other writes."""
    if not isinstance(error, VerboseClientError):
        return None
    codes = {reason.code for reason in error.cancellation_reasons if reason}
    if error.response["Error"]["Code"] == "TransactionConflictException":
        codes = {"TransactionConflict"}
    if not codes or not codes <= _THROTTLED | {"TransactionConflict"}:
        return None
    return Contended if "TransactionConflict" in codes else TableBusy


def _explain(error: Exception) -> NoReturn:
    """Raise what an exception of botocore's means to us; our own mistakes stay as they are."""
    if isinstance(error, VerboseClientError):
        code = error.response.get("Error", {}).get("Code", "")
        if code == "ConditionalCheckFailedException":
            # PynamoDB keeps the code and drops the item, which its own cause still has.
            raw = getattr(error.__cause__, "response", {}).get("Item")
            raise ConditionFailed(_item(raw)) from error
        known: type[ApiError] | None = (
            TableBusy if code in _THROTTLED else TableUnreachable if code in _UNWELL else None
        )
        if known:
            raise known() from error
    elif isinstance(error, BotoCoreError):
        raise TableUnreachable() from error
    raise error
