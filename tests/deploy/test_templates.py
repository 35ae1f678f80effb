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
    assert {"gsi1", "gsi2"} <= INDEXES.keys()
    for index, purpose in INDEXES.items():
        assert purpose.endswith(".")
        assert {f"{index}pk", f"{index}sk"} <= Item.get_attributes().keys()


def test_a_new_index_is_in_the_definition_of_the_table() -> None:
    table = template("table.yaml", [*INDEXES, "new"])["Table"]["Properties"]
    names = [attribute["AttributeName"] for attribute in table["AttributeDefinitions"]]
    keys = [f"{index}{key}" for index in [*INDEXES, "new"] for key in ("pk", "sk")]
    assert names == ["pk", "sk", *keys]
    assert table["GlobalSecondaryIndexes"][-1] == {
        "IndexName": "new",
        "KeySchema": [
            {"AttributeName": "newpk", "KeyType": "HASH"},
            {"AttributeName": "newsk", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "ALL"},
    }


def test_a_new_index_has_the_alarms_of_the_table_with_its_own_name() -> None:
    resources = template("operations.yaml", [*INDEXES, "new"])
    for use, word in (("Read", "reads of"), ("Write", "writes to")):
        of_table = resources[f"Table{use}ThrottlesAlarm"]["Properties"]
        of_index = resources[f"New{use}ThrottlesAlarm"]["Properties"]
        assert of_index["AlarmName"] == f"casting-STAGE-new-{use.lower()}-throttles"
        assert f"{word} the index new" in of_index["AlarmDescription"]
        assert of_index["Dimensions"] == [
            *of_table["Dimensions"],
            {"Name": "GlobalSecondaryIndexName", "Value": "new"},
        ]
        own = {"AlarmName", "AlarmDescription", "Dimensions"}
        assert {k: v for k, v in of_index.items() if k not in own} == {
            k: v for k, v in of_table.items() if k not in own
        }


def test_a_new_index_is_on_the_dashboard() -> None:
    metrics = json.loads(f"[{templates.dashboard_metrics([*INDEXES, 'new'])}]")
    assert [metric[-1] for metric in metrics] == [*INDEXES, "new"]
    assert metrics[0][1] == "ReadThrottleEvents"
