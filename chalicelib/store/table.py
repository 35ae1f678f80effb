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
from typing import Any, Generic, Literal, NoReturn, TypeVar

from botocore.exceptions import BotoCoreError
from pynamodb.attributes import Attribute, DiscriminatorAttribute, UnicodeAttribute
from pynamodb.constants import NUMBER
from pynamodb.exceptions import QueryError, VerboseClientError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from chalicelib.errors import ApiError, BadCursor, Contended, TableBusy, TableUnreachable
from chalicelib.settings import DYNAMODB_URL, TABLE_NAME

SEPARATOR = "\x1f"  # between the parts of a sort key; no name can hold it
FOLDED = 200  # characters of a name in a sort key: with an id, well below DynamoDB's 1,024 bytes
MAX_ACTIONS = 100  # in one TransactWriteItems (DynamoDB)
MAX_KEY = 1_024  # bytes of a sort key (DynamoDB)
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
        connect_timeout_seconds = 1
        read_timeout_seconds = 3
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


def now() -> str:
    """Give the time as RFC 3339 in UTC, in microseconds, so that text sorts as time does."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def new_id() -> str:
    """Make an id: 16 URL-safe characters, 96 bits of chance."""
    return secrets.token_urlsafe(12)


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


def put(item: Item) -> None:
    """Write an item whose id is new: one PutItem."""
    kwargs = item.get_save_kwargs_from_instance(
        condition=Item.pk.does_not_exist(), return_values_on_condition_failure="ALL_OLD"
    )
    try:
        _send("PutItem", kwargs)
    except ConditionFailed as failed:
        # Ids are chance: what stands there is what we wrote ourselves, when the answer was lost
        # and botocore sent the request again.
        if failed.item is None or failed.item.created_at != item.created_at:
            raise


def update(
    item_type: type[ItemT], pk: str, sk: str, actions: list[Action], condition: Condition
) -> ItemT:
    """Change an item and give it as it is then: one UpdateItem. Raises ConditionFailed."""
    kwargs = _table.get_operation_kwargs(
        pk,
        sk,
        actions=actions,
        condition=condition,
        return_values="ALL_NEW",
        return_values_on_condition_failure="ALL_OLD",
    )
    return item_type.from_raw_data(_send("UpdateItem", kwargs)["Attributes"])


def delete(pk: str, sk: str, condition: Condition) -> None:
    """Remove an item: one DeleteItem. Raises ConditionFailed."""
    kwargs = _table.get_operation_kwargs(
        pk, sk, condition=condition, return_values_on_condition_failure="ALL_OLD"
    )
    _send("DeleteItem", kwargs)


def children(
    pk: str, limit: int, after: str | None = None, only: Condition | None = None
) -> list[Item]:
    """Read a partition of the table itself in the order of sk, strongly consistent: one Query."""
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
    kwargs = _table.get_operation_kwargs(pk, sk, condition=condition)
    return Step("Delete", kwargs, otherwise)


def put_step(item: Item, otherwise: type[Exception]) -> Step:
    kwargs = item.get_save_kwargs_from_instance(condition=Item.pk.does_not_exist())
    return Step("Put", kwargs, otherwise)


def update_step(
    pk: str, sk: str, actions: list[Action], condition: Condition, otherwise: type[Exception]
) -> Step:
    kwargs = _table.get_operation_kwargs(pk, sk, actions=actions, condition=condition)
    return Step("Update", kwargs, otherwise)


def transact(steps: Sequence[Step]) -> None:
    """Do all of up to 100 steps or none: one TransactWriteItems.

    Raises the error of the first step whose condition does not hold. Where others were merely in
    the way the transaction is sent again, a few times; then it is Contended or TableBusy.
    """
    request = {"TransactItems": [{step.action: step.request} for step in steps]}
    for attempt in range(ATTEMPTS):
        if attempt:
            pause(attempt)
        try:
            # A copy: botocore puts its token into it, which must be another one for each attempt.
            _send("TransactWriteItems", dict(request))
            return
        except VerboseClientError as cancelled:
            codes = [reason.code if reason else None for reason in cancelled.cancellation_reasons]
            for step, code in zip(steps, codes, strict=False):
                if code == "ConditionalCheckFailed":
                    raise step.otherwise() from cancelled
            reasons = set(codes) - {None}
            if not reasons or not reasons <= _THROTTLED | {"TransactionConflict"}:
                raise
    raise Contended() if "TransactionConflict" in reasons else TableBusy()


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
    try:
        return _table.query(pk, range_key_condition=only, **options)
    except QueryError as error:
        _explain(error.cause or error)  # what `_send` sees unwrapped


def _send(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return _table.connection.dispatch(operation, request)
    except (BotoCoreError, VerboseClientError) as error:
        _explain(error)


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
