"""The arithmetic of docs/cost.md."""

import json
import re
from typing import Any

import pytest

from bench.load import cost, results, scene
from bench.load.cost import PRICES, Profile
from dev.machine import PROJECT

FIGURES = {
    "list": {"capacity": 2.0, "cpu_alone": 20.0, "calls": 1.0, "bytes": 10_000.0},
    "search": {"capacity": 21.0, "cpu_alone": 40.0, "calls": 1.0, "bytes": 20_000.0},
    "movie before a change": {"capacity": 1.0, "cpu_alone": 5.0, "calls": 1.0, "bytes": 1_000.0},
    "change a movie": {"capacity": 7.0, "cpu_alone": 15.0, "calls": 1.0, "bytes": 1_000.0},
}


def profile(**changes: Any) -> Profile:
    """Return a small month: half of its requests are lists, and half are searches."""
    usual = {
        "name": "a test",
        "requests": 1_000_000,
        "arithmetic": "",
        "mix": {"list": 1, "search": 1},
        "active_seconds": 100_000,
        "peak": 2,
        "authorized": 0.1,
        "cold": 0.01,
        "movies": 1_000_000,
        "actors": 0,
    }
    return Profile(**{**usual, **changes})


def dollars(profile: Profile, processor: str = "arm64") -> dict[str, float]:
    return {i.name: round(i.dollars, 6) for i in cost.bill(profile, FIGURES, processor)}


def test_a_bill_is_what_is_computed_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "CPU_FACTOR": 2,
        "CALL_MS": 10,
        "AUTHORIZER_MS": 50,
        "COLD_START_MS": 500,
        "LOG_BYTES": 1_000,
        "HEADER_BYTES": 250,
        "MOVIE_BYTES": 2_000,
    }.items():
        monkeypatch.setattr(cost, name, value)
    assert dollars(profile()) == {
        "API Gateway": 3.70,
        "Lambda, requests": 0.22,  # 1.1 million
        # 30 * 2 + 1 * 10 + 1 % of 500 + 10 % of 50 are 80 ms: 80,000 GB-s
        "Lambda, arm64": 1.066672,
        "DynamoDB, reads": 1.75375,  # 11.5 units
        "DynamoDB, writes": 0.0,
        "DynamoDB, storage": 0.612,  # 2 GB
        "DynamoDB, continuous backup": 0.4896,
        "CloudWatch, logs": 0.63,  # 1 GB
        "CloudWatch, stored logs": 0.0972,
        "CloudWatch, metrics": 2.4,
        "CloudWatch, alarms": 1.5,
        "CloudWatch, dashboard": 3.0,
        "Data transfer": 0.36,  # 15,000 / 4 + 250 bytes: 4 GB
        # 10 requests a second: the first, and 5 % of 9: 145,000 traces
        "X-Ray": 0.725,
    }


def test_a_change_is_charged_with_the_read_before_it_and_its_history(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cost, "HISTORY_BYTES", 500)
    changes = profile(mix={"change a movie": 1}, movies=0)
    of_month = dollars(changes)
    # A million requests are 500,000 reads with a unit, and as many changes with a unit and 6.
    assert of_month["DynamoDB, reads"] == 0.1525
    assert of_month["DynamoDB, writes"] == round(3 * 0.7625, 6)
    assert of_month["DynamoDB, storage"] == round(12 * 0.5 * 0.5 * 0.306, 6)


def test_requests_are_counted_with_those_that_they_need() -> None:
    assert cost.shares({"next page": 1, "search": 2}) == {
        "next page": 0.25,
        "search": 0.5,
        "list": 0.25,
    }
    assert sum(cost.shares(scene.MIX).values()) == pytest.approx(1)


def test_little_traffic_is_traced_completely() -> None:
    assert cost.traces(profile(requests=1_000)) == 1_000


def test_arm64_is_cheaper_by_a_fifth_of_the_duration_only() -> None:
    arm, x86 = (dollars(profile(), processor) for processor in ("arm64", "x86_64"))
    assert arm.pop("Lambda, arm64") == pytest.approx(0.8 * x86.pop("Lambda, x86_64"), rel=1e-4)
    assert arm == x86


def test_a_partition_allows_3000_units_a_second() -> None:
    found = {"capacity": 28.0}
    figures = {**FIGURES, "filter": FIGURES["search"], "two filters": found}
    pages = {p.kind: p.pages for p in cost.partitions(figures)}
    assert pages == {"list": 1_500, "search": 3_000, "filter": 3_000, "two filters": 375}


def test_the_document_follows_from_the_figures_of_the_last_load_run() -> None:
    report = json.loads(results.JSON.read_text())
    text = cost.document(report)
    assert cost.DOCUMENT.read_text() == text, "run make cost"
    assert "nan" not in text
    assert re.findall(r"\$[a-z_]+\$", text) == []  # of the template


def test_the_load_document_follows_from_its_figures() -> None:
    report = json.loads(results.JSON.read_text())
    assert results.DOCUMENT.read_text() == results.document(report), "run make load"


def test_the_memory_of_the_function_is_that_of_the_configuration() -> None:
    config = json.loads((PROJECT / ".chalice" / "config.json").read_text())
    assert config["lambda_memory_size"] == 1_024 * cost.MEMORY_GB
    assert 1_769 / config["lambda_memory_size"] == cost.CPU_FACTOR
    assert config["stages"]["prod"]["log_retention_in_days"] == 30 * cost.LOG_MONTHS


def test_the_alarms_and_metrics_are_those_that_are_deployed() -> None:
    from chalicelib.logs import AUTHORIZER_METRICS, METRICS
    from chalicelib.store.table import INDEXES

    template = (PROJECT / ".chalice" / "operations.yaml").read_text()
    # Each index has an alarm for reads and one for writes.
    assert template.count("AWS::CloudWatch::Alarm") + 2 * len(INDEXES) == cost.ALARMS
    assert template.count("AWS::CloudWatch::Dashboard") == cost.DASHBOARDS
    filters = template.count("AWS::Logs::MetricFilter")
    assert len(METRICS) + len(AUTHORIZER_METRICS) + filters == cost.METRICS


def test_every_price_is_used() -> None:
    used = {i.price for name in ("arm64", "x86_64") for i in cost.bill(profile(), FIGURES, name)}
    assert used == PRICES.keys()
