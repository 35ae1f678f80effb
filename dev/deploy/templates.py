"""The parts of the CloudFormation templates that follow from the registry of indexes.

Each index of the table has its keys, its definition, an alarm for throttled reads and one for
throttled writes, and a line in the dashboard.
"""

import copy
import json
from collections.abc import Iterable
from typing import Any

TABLE_ALARMS = ("TableReadThrottlesAlarm", "TableWriteThrottlesAlarm")
"""The alarms of the table, which each index has too."""


def add_indexes(template: dict[str, Any], indexes: Iterable[str]) -> None:
    """Add these indexes to the table and to the alarms of a template, if it has them."""
    names = list(indexes)
    resources = template["Resources"]
    if "Table" in resources:
        _define(resources["Table"]["Properties"], names)
    for table_alarm in TABLE_ALARMS:
        if table_alarm in resources:
            for index in names:
                name = table_alarm.replace("Table", index.capitalize())
                resources[name] = _alarm(resources[table_alarm], index)


def dashboard_metrics(indexes: Iterable[str]) -> str:
    """Return the throttled reads of these indexes as metrics of a dashboard, in JSON."""
    metrics = [
        [".", "ReadThrottleEvents", ".", ".", "GlobalSecondaryIndexName", index]
        if number == 0
        else ["...", index]
        for number, index in enumerate(indexes)
    ]
    return ",".join(map(json.dumps, metrics))


def _define(table: dict[str, Any], indexes: list[str]) -> None:
    keys = ["pk", "sk", *(f"{index}{key}" for index in indexes for key in ("pk", "sk"))]
    table["AttributeDefinitions"] = [{"AttributeName": k, "AttributeType": "S"} for k in keys]
    table["GlobalSecondaryIndexes"] = [
        {
            "IndexName": index,
            "KeySchema": [
                {"AttributeName": f"{index}pk", "KeyType": "HASH"},
                {"AttributeName": f"{index}sk", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
        for index in indexes
    ]


def _alarm(table_alarm: dict[str, Any], index: str) -> dict[str, Any]:
    alarm = copy.deepcopy(table_alarm)
    properties = alarm["Properties"]
    properties["AlarmName"] = properties["AlarmName"].replace("-table-", f"-{index}-")
    properties["AlarmDescription"] = properties["AlarmDescription"].replace(
        "the table", f"the index {index}"
    )
    properties["Dimensions"].append({"Name": "GlobalSecondaryIndexName", "Value": index})
    return alarm
