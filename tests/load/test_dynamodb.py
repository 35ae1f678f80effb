"""The local DynamoDB of a load run: its tables, its Queries and the capacity that it reports."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from bench.load import content, scene, targets
from chalicelib.store import client, table
from dev.table import integrity

SIZE = 70  # movies: more than have a cast

pytestmark = pytest.mark.slow

Json = dict[str, Any]


def client_of(url: str) -> Any:
    return boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[targets.Database]:
    folder = tmp_path_factory.mktemp("database")
    files = content.write(folder / "content", [SIZE])
    with targets.dynamodb(list(files.values()), folder) as database:
        database.use(SIZE)
        yield database


@pytest.fixture(scope="module")
def fast(database: targets.Database) -> Any:
    """The local DynamoDB of a load run."""
    return client_of(database.url)


@pytest.fixture(scope="module")
def usual(engine_url: str, fast: Any) -> Iterator[Any]:
    """The engine without patches, with the same table."""
    client, name = client_of(engine_url), content.table_name(SIZE)
    client.create_table(**content.create_request(name))
    items = all_items(fast)
    for start in range(0, len(items), 25):
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        client.batch_write_item(RequestItems={name: puts})
    yield client
    client.delete_table(TableName=name)


def all_items(client: Any) -> list[Json]:
    pages = client.get_paginator("scan").paginate(TableName=content.table_name(SIZE))
    return [item for page in pages for item in page["Items"]]


def query(client: Any, request: Json) -> Json:
    """Return what a Query finds, without what the patches change."""
    response = client.query(TableName=content.table_name(SIZE), **request)
    return {name: response.get(name) for name in ("Items", "Count", "LastEvaluatedKey")}


CONDITIONS = ("", " < :a", " <= :a", " = :a", " >= :a", " > :a", " BETWEEN :a AND :b", "begins")


def requests(chance: random.Random, keys: list[tuple[str, str]], index: str) -> Iterator[Json]:
    """Yield Queries of the partitions in which these items are, without a start."""
    names = {"#p": f"{index}pk", "#s": f"{index}sk"}
    for number in range(48):
        pk, sk = chance.choice(keys)
        other = chance.choice([b for a, b in keys if a == pk])
        condition, values = CONDITIONS[number % len(CONDITIONS)], {":p": pk, ":a": sk, ":b": other}
        if condition == "begins":
            condition = " AND begins_with (#s, :a)"
            values[":a"] = sk[: chance.randint(1, 3)]
        elif condition:
            condition = f" AND #s{condition}"
        if "BETWEEN" in condition:
            values[":a"], values[":b"] = sorted((sk, other))
        expression = f"#p = :p{condition}"
        yield {
            **({"IndexName": index} if index else {}),
            "KeyConditionExpression": expression,
            "ExpressionAttributeNames": {n: v for n, v in names.items() if n in expression},
            "ExpressionAttributeValues": {
                name: {"S": value} for name, value in values.items() if name in expression
            },
            "ScanIndexForward": chance.random() < 0.5,
            **({"Limit": chance.randint(1, 25)} if chance.random() < 0.8 else {}),
        }


@pytest.mark.parametrize("index", ["", *table.INDEXES])
def test_a_query_finds_what_the_unpatched_engine_finds(fast: Any, usual: Any, index: str) -> None:
    items = all_items(fast)
    keys = [
        (item[f"{index}pk"]["S"], item[f"{index}sk"]["S"]) for item in items if f"{index}pk" in item
    ]
    chance = random.Random(1)  # noqa: S311 -- no secret
    followed = 0
    for request in requests(chance, keys, index):
        for _ in range(3):
            found = query(fast, request)
            assert found == query(usual, request)
            if found["LastEvaluatedKey"] is None:
                break
            followed += 1
            request["ExclusiveStartKey"] = found["LastEvaluatedKey"]
    assert followed > 20


def test_a_query_finds_what_was_written_since(fast: Any) -> None:
    name = content.table_name(SIZE)
    page = {
        "TableName": name,
        "IndexName": "gsi1",
        "KeyConditionExpression": "gsi1pk = :p",
        "ExpressionAttributeValues": {":p": {"S": "A new list"}},
    }
    item = {"pk": "new", "sk": "#", "gsi1pk": "A new list", "gsi1sk": "a"}
    typed = {key: {"S": value} for key, value in item.items()}
    fast.put_item(TableName=name, Item=typed)
    fast.put_item(TableName=name, Item={**typed, "gsi1sk": {"S": "b"}})
    assert [found["gsi1sk"]["S"] for found in fast.query(**page)["Items"]] == ["b"]
    fast.delete_item(TableName=name, Key={"pk": typed["pk"], "sk": typed["sk"]})
    assert fast.query(**page)["Items"] == []


def units(response: Json) -> float:
    consumed = response["ConsumedCapacity"]
    of_tables = consumed if isinstance(consumed, list) else [consumed]
    return float(sum(of_table["CapacityUnits"] for of_table in of_tables))


def test_the_capacity_of_a_read_follows_from_its_bytes(fast: Any) -> None:
    name = content.table_name(SIZE)
    key = {"pk": {"S": "large"}, "sk": {"S": "#"}}
    # 2 + 5 + 2 + 1 bytes of the key, 4 of the name: 4,096 in all.
    fast.put_item(TableName=name, Item={**key, "text": {"S": "x" * 4_082}})
    larger = {"pk": {"S": "large"}, "sk": {"S": "+"}}
    fast.put_item(TableName=name, Item={**larger, "text": {"S": "x" * 4_083}})
    options = {"TableName": name, "ReturnConsumedCapacity": "TOTAL"}
    get = {**options, "ConsistentRead": True}
    assert units(fast.get_item(Key=key, **get)) == 1
    assert units(fast.get_item(Key=larger, **get)) == 2
    assert units(fast.get_item(Key=larger, **options)) == 1
    assert units(fast.get_item(Key={**key, "sk": {"S": "none"}}, **get)) == 1
    both = {
        "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": {":p": {"S": "large"}},
    }
    assert units(fast.query(**both, **get)) == 3  # 8,193 bytes
    assert units(fast.query(**both, **get, Limit=1)) == 1
    assert units(fast.query(**both, **options)) == 1.5
    keys = {name: {"Keys": [key, larger, {**key, "sk": {"S": "none"}}], "ConsistentRead": True}}
    response = fast.batch_get_item(RequestItems=keys, ReturnConsumedCapacity="TOTAL")
    assert units(response) == 1 + 2 + 1
    for written in (key, larger):
        fast.delete_item(TableName=name, Key=written)


def test_another_name_is_the_table_that_the_file_names(
    fast: Any, database: targets.Database
) -> None:
    note = {"pk": {"S": "INDEX"}, "sk": {"S": "#"}}
    assert "Item" in fast.get_item(TableName="casting-prod", Key=note)


def test_a_written_table_has_no_problem(
    database: targets.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_client", client.create(database.url))
    items = list(integrity.read())
    assert integrity.problems(items) == []
    kinds = [item["kind"]["S"] for item in items]
    assert kinds.count("movie") == SIZE
    assert kinds.count("candidate") == scene.PARTS * scene.CANDIDATES
    assert kinds.count("role") == 2 * scene.CAST_MOVIES * scene.ROLES


def test_the_same_movies_are_in_every_table(tmp_path: Path) -> None:
    few, many = content.lines(SIZE), content.lines(SIZE + 5)
    lines = [str(line) for line in many]
    assert all(str(line) in lines for line in few)
    assert len(lines) == len(list(content.lines(SIZE))) + 5


def test_every_search_fills_a_page() -> None:
    terms = content.search_terms(100)
    assert "the" in terms
    movies = [content._movie(number) for number in range(100)]
    for term in terms:
        matching = [m for m in movies if any(start.startswith(term) for start in m.starts())]
        assert len(matching) > scene.PAGE
