"""The registry of indexes defines their keys, definitions, alarms and dashboard metrics."""

import json
import re
from typing import Any

import yaml

from chalicelib.store.table import INDEXES, Item
from dev.deploy import templates
from tests.conftest import PROJECT


def resources_of(name: str, indexes: list[str]) -> dict[str, Any]:
    """Return the resources of a template of `.chalice/` with these indexes."""
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
    table = resources_of("table.yaml", [*INDEXES, "new"])["Table"]["Properties"]
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
    resources = resources_of("operations.yaml", [*INDEXES, "new"])
    for use, word in (("Read", "reads of"), ("Write", "writes to")):
        table_alarm = resources[f"Table{use}ThrottlesAlarm"]["Properties"]
        index_alarm = resources[f"New{use}ThrottlesAlarm"]["Properties"]
        assert index_alarm["AlarmName"] == f"casting-STAGE-new-{use.lower()}-throttles"
        assert f"{word} the index new" in index_alarm["AlarmDescription"]
        assert index_alarm["Dimensions"] == [
            *table_alarm["Dimensions"],
            {"Name": "GlobalSecondaryIndexName", "Value": "new"},
        ]
        own = {"AlarmName", "AlarmDescription", "Dimensions"}
        assert {k: v for k, v in index_alarm.items() if k not in own} == {
            k: v for k, v in table_alarm.items() if k not in own
        }


def test_the_manual_explains_exactly_the_alarms_of_the_registry() -> None:
    manual = (PROJECT / "docs" / "operations.md").read_text()
    rows = re.findall(r"^\| (`casting-<stage>-[^|]+) \|", manual, re.MULTILINE)
    for use in ("read", "write"):
        (row,) = (row for row in rows if f"-table-{use}-throttles`" in row)
        names = re.findall(f"`casting-<stage>-([^`]+)-{use}-throttles`", row)
        assert names == ["table", *INDEXES]
    explained = set(re.findall(r"`casting-<stage>-(gsi\d+)-", " ".join(rows)))
    assert explained == {index for index in INDEXES if index.startswith("gsi")}


def test_the_manual_explains_every_alarm() -> None:
    manual = (PROJECT / "docs" / "operations.md").read_text()
    rows = " ".join(re.findall(r"^\| (`casting-<stage>-[^|]+) \|", manual, re.MULTILINE))
    alarms = [
        resource["Properties"]["AlarmName"].replace("STAGE", "<stage>")
        for template in ("operations.yaml", "watch.yaml")
        for resource in resources_of(template, [*INDEXES]).values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    ]
    assert len(alarms) > 10
    assert set(re.findall(r"`(casting-<stage>-[^`]+)`", rows)) == set(alarms)


def test_a_new_index_is_on_the_dashboard() -> None:
    metrics = json.loads(f"[{templates.dashboard_metrics([*INDEXES, 'new'])}]")
    assert [metric[-1] for metric in metrics] == [*INDEXES, "new"]
    assert metrics[0][1] == "ReadThrottleEvents"
