"""Every request that is sent to DynamoDB.

A request leaves through `_send` or `_query`. They turn what DynamoDB rejects into our own errors.
"""

import random
import secrets
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar, cast

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action, Update

from chalicelib.errors import (
    ApiError,
    BadCursor,
    Contended,
    KeyReused,
    TableBusy,
    TableUnreachable,
)
from chalicelib.settings import TABLE_NAME
from chalicelib.store.client import client
from chalicelib.store.table import (
    Item,
    ItemT,
    Page,
    Replay,
    cut,
    key,
)

MAX_ACTIONS = 100  # in one TransactWriteItems (DynamoDB)
MAX_KEY = 1_024  # bytes of a sort key (DynamoDB)
ATTEMPTS = 5  # of a write that conflicts with other writes
BACKOFF = 0.05  # seconds, the longest pause before the second attempt; doubled for each later one

_THROTTLED = {
    "ProvisionedThroughputExceededException",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "ThrottlingException",
    "ThrottlingError",
}
_UNWELL = {"InternalServerError", "ServiceUnavailable", "TransactionInProgressException"}

T = TypeVar("T")


class ConditionFailed(Exception):
    """The condition of a write failed. `item` is the item at that key, or None."""

    def __init__(self, item: Item | None) -> None:
        super().__init__()
        self.item = item


class ChangedMeanwhile(Exception):
    """An item has changed since it was read: read it again, and retry."""


def created_by(item: Item | None, replay: Replay | None) -> bool:
    """Return whether this POST created an item before. Raise KeyReused if its body differs."""
    if item is None or item.replay is None or replay is None:
        return False
    if item.replay.partition(".")[0] != replay.resource_id:
        return False
    if item.replay != str(replay):
        raise KeyReused()
    return True


def get(pk: str, sk: str) -> Item | None:
    """Read one item, strongly consistent: one GetItem."""
    response = _send("GetItem", _request({"Key": _key(pk, sk), "ConsistentRead": True}))
    return _item(response.get("Item"))


def get_all(keys: Sequence[tuple[str, str]], attributes: Collection[str] = ()) -> list[Item | None]:
    """Read up to 100 items, strongly consistent, in the order of their keys: one BatchGetItem.

    `attributes` are those to read, if not all. They include pk, sk and kind.
    """
    of_table: dict[str, Any] = {"Keys": [_key(*key) for key in keys], "ConsistentRead": True}
    if attributes:
        names = {f"#{number}": name for number, name in enumerate(attributes)}
        of_table["ProjectionExpression"] = ", ".join(names)
        of_table["ExpressionAttributeNames"] = names
    response = _send("BatchGetItem", {"RequestItems": {TABLE_NAME: of_table}})
    if response.get("UnprocessedKeys"):
        raise TableBusy()
    items = [Item.from_raw_data(raw) for raw in response["Responses"][TABLE_NAME]]
    by_key = {(item.pk, item.sk): item for item in items}
    return [by_key.get(key) for key in keys]


def snapshot(keys: Sequence[tuple[str, str]]) -> list[Item | None]:
    """Read up to 100 items as of one moment: one TransactGetItems.

    It conflicts with a transaction that is writing one of them, and is retried.
    """
    gets = [_request({"Key": _key(*key)}) for key in keys]
    response = _send("TransactGetItems", {"TransactItems": [{"Get": get} for get in gets]})
    return [_item(raw.get("Item")) for raw in response["Responses"]]


def put(item: ItemT, replay: Replay | None) -> ItemT:
    """Write a new item: one PutItem. Return it, or the item that the same POST wrote before.

    Raise KeyReused, and Contended while that item is being deleted.
    """
    try:
        _send("PutItem", put_step(item, ConditionFailed).request)
    except ConditionFailed as failed:
        if created_by(failed.item, replay):
            if getattr(failed.item, "deleting", None):
                raise Contended() from failed
            return cast(ItemT, failed.item)
        # Without an Idempotency-Key the id is random. So this is our own item: the response was
        # lost, and botocore sent the request again.
        if failed.item is None or failed.item.created_at != item.created_at:
            raise
    return item


def update(
    item_type: type[ItemT], pk: str, sk: str, actions: Sequence[Action], condition: Condition
) -> ItemT:
    """Change an item and return the result: one UpdateItem. Raise ConditionFailed."""
    mark = secrets.token_urlsafe(6)
    unmarked = Item.last_write.does_not_exist() | (Item.last_write != mark)
    request = _request(
        {
            "Key": _key(pk, sk),
            "ReturnValues": "ALL_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        },
        ConditionExpression=condition & unmarked,
        UpdateExpression=Update(*actions, Item.last_write.set(mark)),
    )
    try:
        return item_type.from_raw_data(_send("UpdateItem", request)["Attributes"])
    except ConditionFailed as failed:
        # The response was lost, and botocore sent the request again.
        if failed.item is not None and failed.item.last_write == mark:
            return cast(ItemT, failed.item)
        raise


def children(
    pk: str, limit: int, after: str | None = None, only: Condition | None = None
) -> list[Item]:
    """Read a partition of the table in the order of sk, strongly consistent: one Query.

    `limit` items must fit into 1 MB, where DynamoDB ends a Query.
    """
    start = _start(pk, after)
    response = _query(pk, only, after=start, ConsistentRead=True, Limit=limit)
    return [Item.from_raw_data(raw) for raw in response["Items"]]


def child_page(pk: str, prefix: str, *, after: str | None, limit: int) -> Page[Item]:
    """Read one page of the items `<prefix><id>` in a partition of the table: as `children` does.

    `after` is the sk before the page. Raise BadCursor.
    """
    if after is not None and after != key(prefix, after.removeprefix(prefix), BadCursor):
        raise BadCursor()
    only = Item.sk.startswith(prefix)
    return partition_page(pk, after=after, limit=limit, only=only)


def partition_page(
    pk: str,
    *,
    after: str | None,
    limit: int,
    only: Condition | None = None,
    forward: bool = True,
) -> Page[Item]:
    """Read one page of a partition of the table, strongly consistent: one Query.

    A page is shorter if its items exceed 1 MB, where DynamoDB ends a Query.
    """
    response = _query(
        pk,
        only,
        after=_start(pk, after),
        ConsistentRead=True,
        # One item more than requested shows whether another page follows.
        Limit=limit + 1,
        ScanIndexForward=forward,
    )
    items = [Item.from_raw_data(raw) for raw in response["Items"]]
    if response.get("LastEvaluatedKey") and len(items) <= limit:
        return Page(items, items[-1].sk)
    return cut(items, limit, "sk")


def _start(pk: str, after: str | None) -> dict[str, Any] | None:
    return None if after is None else _key(pk, after)


def filtered(
    pk: str,
    keys: Condition | None,
    only: Condition | None,
    *,
    after: str | None,
    limit: int,
    forward: bool,
) -> tuple[list[dict[str, Any]], str | None]:
    """Read up to `limit` items of a partition of the table, strongly consistent: one Query.

    Return the id and sk of those for which `only` holds, as DynamoDB sends them, and the sk after
    which to go on, or None at the end.
    """
    response = _query(
        pk,
        keys,
        filtered_by=only,
        attributes=("id", "sk"),
        after=_start(pk, after),
        ConsistentRead=True,
        Limit=limit,
        ScanIndexForward=forward,
    )
    last = response.get("LastEvaluatedKey")
    return response["Items"], last["sk"]["S"] if last else None


def first(index: str, partition: str, limit: int) -> list[Item]:
    """Read the first items of an index's partition: one Query."""
    response = _query(partition, index=index, Limit=limit)
    return [Item.from_raw_data(raw) for raw in response["Items"]]


def page(
    index: str,
    partition: str,
    *,
    limit: int,
    after: str | None,
    key_of: Callable[[str], tuple[str, str]],
    forward: bool = True,
    prefix: str = "",
    last_from: str | None = None,
) -> Page[Item]:
    """Read one page of an index's partition: one Query, whose cost follows from the page alone.

    `after` is the sort key before the page. `key_of` returns the pk and sk of the item with this
    sort key in the index, or raises BadCursor. That item need not exist any more.

    Only sort keys that begin with `prefix` are read. Those beyond `last_from` come last, also
    backwards: a page at this seam is two Queries. A page is shorter if its items exceed 1 MB, where
    DynamoDB ends a Query.
    """
    sort_attribute = f"{index}sk"
    start = None
    if after is not None:
        pk, sk = key_of(_short_enough(after))
        if not after.startswith(prefix):
            raise BadCursor()
        index_key = {f"{index}pk": {"S": partition}, sort_attribute: {"S": after}}
        start = {**_key(pk, sk), **index_key}
    sort_key = getattr(Item, sort_attribute)
    segments: list[Condition | None] = [sort_key.startswith(prefix) if prefix else None]
    if last_from is not None and not forward:
        segments = [sort_key <= last_from, sort_key > last_from]
        if after is not None and after > last_from:
            del segments[0]
    items: list[Item] = []
    for segment in segments:
        response = _query(
            partition,
            segment,
            index=index,
            after=start,
            ScanIndexForward=forward,
            # One item more than requested shows whether another page follows.
            Limit=limit + 1 - len(items),
        )
        items += [Item.from_raw_data(raw) for raw in response["Items"]]
        if len(items) > limit:
            break
        if response.get("LastEvaluatedKey"):
            return Page(items, getattr(items[-1], sort_attribute))
        start = None
    return cut(items, limit, sort_attribute)


def _short_enough(after: str) -> str:
    if len(after.encode()) > MAX_KEY:
        raise BadCursor()
    return after


@dataclass(frozen=True)
class Step:
    """One action of a transaction, and the error to raise if its condition fails."""

    action: str
    """`ConditionCheck`, `Delete`, `Put` or `Update`."""

    request: dict[str, Any]
    error: type[Exception]


def check_step(pk: str, sk: str, condition: Condition, error: type[Exception]) -> Step:
    return _step("ConditionCheck", {"Key": _key(pk, sk)}, condition, error)


def delete_step(pk: str, sk: str, condition: Condition, error: type[Exception]) -> Step:
    return _step("Delete", {"Key": _key(pk, sk)}, condition, error)


def put_step(item: Item, error: type[Exception], condition: Condition | None = None) -> Step:
    """Return the step that writes a new item, or one for which a condition holds."""
    is_new = Item.pk.does_not_exist() if condition is None else condition
    return _step("Put", {"Item": item.to_raw_data()}, is_new, error)


def write_step(item: Item) -> Step:
    """Return the step that writes an item without a condition, in place of an existing one."""
    return _step("Put", {"Item": item.to_raw_data()}, None, ChangedMeanwhile)


def erase_step(pk: str, sk: str) -> Step:
    """Return the step that deletes an item without a condition, if it exists."""
    return _step("Delete", {"Key": _key(pk, sk)}, None, ChangedMeanwhile)


def update_step(
    pk: str, sk: str, actions: Sequence[Action], condition: Condition, error: type[Exception]
) -> Step:
    return _step("Update", {"Key": _key(pk, sk)}, condition, error, Update(*actions))


def _step(
    action: str,
    target: dict[str, Any],
    condition: Condition | None,
    error: type[Exception],
    update: Update | None = None,
) -> Step:
    if issubclass(error, ConditionFailed):
        target["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    request = _request(target, ConditionExpression=condition, UpdateExpression=update)
    return Step(action, request, error)


def transact(steps: Sequence[Step]) -> None:
    """Write up to 100 steps, or none of them: one TransactWriteItems.

    Raise the error of the first step whose condition failed. botocore sends a token with each
    transaction. By it, DynamoDB recognises one that is sent again after a lost response.
    """
    try:
        _send(
            "TransactWriteItems", {"TransactItems": [{step.action: step.request} for step in steps]}
        )
    except ClientError as cancelled:
        for step, reason in zip(steps, _reasons(cancelled), strict=False):
            if reason["Code"] == "ConditionalCheckFailed":
                if issubclass(step.error, ConditionFailed):
                    raise step.error(_item(reason.get("Item"))) from cancelled
                raise step.error() from cancelled
        raise


def pause(attempt: int) -> None:
    """Wait before an attempt (1 is the second one): exponential backoff with full jitter."""
    time.sleep(random.uniform(0, BACKOFF * 2**attempt))  # noqa: S311 -- no secret


def retry(attempt: Callable[[], T]) -> T:
    """Call `attempt` until it does not raise ChangedMeanwhile. Raise Contended after ATTEMPTS."""
    for number in range(ATTEMPTS):
        if number:
            pause(number)
        try:
            return attempt()
        except ChangedMeanwhile:
            continue
    raise Contended()


def _item(raw: dict[str, Any] | None) -> Item | None:
    return Item.from_raw_data(raw) if raw else None


def _query(
    pk: str,
    only: Condition | None = None,
    *,
    index: str | None = None,
    filtered_by: Condition | None = None,
    attributes: Sequence[str] = (),
    after: dict[str, Any] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Read a partition of the table, or of an index: one Query.

    `only` is a condition on the sort key. `attributes` are those to read, if not all.
    """
    keys = Path([f"{index or ''}pk"]) == {"S": pk}
    if index is not None:
        options["IndexName"] = index
    if attributes:
        options["ProjectionExpression"] = ", ".join(attributes)
    if after is not None:
        options["ExclusiveStartKey"] = after
    request = _request(
        options,
        KeyConditionExpression=keys if only is None else keys & only,
        FilterExpression=filtered_by,
    )
    return _send("Query", request)


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _request(options: dict[str, Any], **expressions: Condition | Update | None) -> dict[str, Any]:
    """Return a request for the table with these expressions, by their names in it."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    request = {"TableName": TABLE_NAME, **options}
    for name, expression in expressions.items():
        if expression is not None:
            request[name] = expression.serialize(names, values)
    if names:
        request["ExpressionAttributeNames"] = {short: name for name, short in names.items()}
    if values:
        request["ExpressionAttributeValues"] = values
    return request


def _send(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """Send a request. Retry it up to ATTEMPTS times if it only conflicted with other writes."""
    attempt = 0
    while True:
        try:
            return call(operation, request)
        except (BotoCoreError, ClientError) as error:
            conflict = _conflict(error)
            if conflict is None:
                _explain(error)
            attempt += 1
            if attempt == ATTEMPTS:
                raise conflict() from error
        pause(attempt)


def call(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """Send a request once, or again if it was lost. Raise botocore's errors."""
    # A copy: botocore adds a token to it, and each attempt needs a token of its own.
    response: dict[str, Any] = client()._make_api_call(
        operation, {**request, "ReturnConsumedCapacity": "TOTAL"}
    )
    return response


def _reasons(error: ClientError) -> list[dict[str, Any]]:
    """Return why a transaction was cancelled, one reason for each of its actions."""
    reasons: list[dict[str, Any]] = error.response.get("CancellationReasons", [])
    return reasons


def _conflict(error: Exception) -> type[ApiError] | None:
    """Return our error for a write that can be retried, because it only met other writes."""
    if not isinstance(error, ClientError):
        return None
    codes = {reason["Code"] for reason in _reasons(error)} - {"None"}
    if error.response["Error"]["Code"] == "TransactionConflictException":
        codes = {"TransactionConflict"}
    if not codes or not codes <= _THROTTLED | {"TransactionConflict"}:
        return None
    return Contended if "TransactionConflict" in codes else TableBusy


def _explain(error: Exception) -> NoReturn:
    """Raise our error for an exception of botocore's. Our own mistakes are raised unchanged."""
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        if code == "ConditionalCheckFailedException":
            raise ConditionFailed(_item(error.response.get("Item"))) from error
        unavailable: type[ApiError] | None = (
            TableBusy if code in _THROTTLED else TableUnreachable if code in _UNWELL else None
        )
        if unavailable:
            raise unavailable() from error
    elif isinstance(error, BotoCoreError):
        raise TableUnreachable() from error
    raise error
