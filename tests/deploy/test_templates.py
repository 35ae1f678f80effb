"""The indexes of the table reach CloudFormation: their keys, definitions, alarms and metrics."""

import json
import re
from typing import Any

import yaml

from chalicelib.store.table import INDEXES, Item
from dev.deploy import templates
from tests.conftest import PROJECT


def template(name: str, indexes: list[str]) -> dict[str, Any]:
    text = re.sub(r"\$\{([A-Z_]+)\}", r"\1", (PROJECT / ".chalice" / name).read_text())
    parsed: dict[str, Any] = yaml.safe_load(text)
    templates.add_indexes(parsed, indexes)
    return parsed["Resources"]  # type: ignore[no-any-return]  # YAML has no types


def test_the_registry_is_what_the_items_have() -> None:
    assert list(INDEXES) == ["gsi1", "gsi2"]
    for index, purpose in INDEXES.items():
        assert purpose.endswith(".")
        assert {f"{index}pk", f"{index}sk"} <= Item.get_attributes().keys()


def test_a_new_index_is_in_the_definition_of_the_table() -> None:
    table = template("table.yaml", [*INDEXES, "gsi3"])["Table"]["Properties"]
    names = [attribute["AttributeName"] for attribute in table["AttributeDefinitions"]]
    assert names == ["pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk", "gsi3pk", "gsi3sk"]
    assert table["GlobalSecondaryIndexes"][2] == {
        "IndexName": "gsi3",
        "KeySchema": [
            {"AttributeName": "gsi3pk", "KeyType": "HASH"},
            {"AttributeName": "gsi3sk", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "ALL"},
    }


def test_a_new_index_has_the_alarms_of_the_table_with_its_own_name() -> None:
    resources = template("operations.yaml", [*INDEXES, "gsi3"])
    for use, word in (("Read", "reads of"), ("Write", "writes to")):
        of_table = resources[f"Table{use}ThrottlesAlarm"]["Properties"]
        of_index = resources[f"Gsi3{use}ThrottlesAlarm"]["Properties"]
        assert of_index["AlarmName"] == f"casting-STAGE-gsi3-{use.lower()}-throttles"
        assert f"{word} the index gsi3" in of_index["AlarmDescription"]
        assert of_index["Dimensions"] == [
            *of_table["Dimensions"],
            {"Name": "GlobalSecondaryIndexName", "Value": "gsi3"},
        ]
        own = {"AlarmName", "AlarmDescription", "Dimensions"}
        assert {k: v for k, v in of_index.items() if k not in own} == {
            k: v for k, v in of_table.items() if k not in own
        }


def test_a_new_index_is_on_the_dashboard() -> None:
    metrics = json.loads(f"[{templates.dashboard_metrics([*INDEXES, 'gsi3'])}]")
    assert [metric[-1] for metric in metrics] == ["gsi1", "gsi2", "gsi3"]
    assert metrics[0][1] == "ReadThrottleEvents"
