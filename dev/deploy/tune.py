"""`make tune`: measure the API function of a stage with several sizes of memory.

A copy of the function is invoked, and deleted at the end. It only reads: `/health`, and a page of
movies from the stage's table. Memory also buys processor time, so the cheapest size is measured
and not guessed. ROUNDS is the number of cold starts of each size.
"""

import base64
import contextlib
import json
import os
import re
import statistics
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

import boto3
from botocore.config import Config

from dev import machine
from dev.deploy import foundations, stages

SIZES = (512, 768, 1024, 1536, 1769, 2048, 3008)  # MB; 1,769 MB are one whole processor (Lambda)
ROUNDS, WARM = 3, 40  # cold starts of each size, and requests after each of them
PRICES = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
"""US dollars for a GB and second, in most regions (Lambda's prices)."""

COPIED = ("Runtime", "Handler", "Role", "Timeout", "Architectures")
REPORT = re.compile(r"(Init Duration|Duration|Billed Duration): ([0-9.]+) ms")
ROUTES = ("/health", "/movies")


class Call(NamedTuple):
    """What Lambda reports of an invocation, in ms. `start` is 0 unless it was a cold start."""

    duration: float
    billed: float
    start: float


def main() -> None:
    rounds = os.environ.get("ROUNDS", str(ROUNDS))
    if not re.fullmatch("[1-9][0-9]?", rounds):
        machine.fail("ROUNDS must be 1 to 99, the cold starts of each size")
    stage = stages.chosen()
    with foundations.aws_account(stage):
        # An invocation is never repeated: it would count as a warm one.
        client = boto3.client("lambda", config=Config(retries={"total_max_attempts": 1}))
        try:
            source = client.get_function(FunctionName=stage.function)
        except client.exceptions.ResourceNotFoundException:
            machine.fail(f"{stage.name} is not deployed")
        machine.say("memory  cold start  warm p50  warm p99  $ for a million")
        with copied(client, source) as name:
            for size in SIZES:
                calls = list(measure(client, name, size, int(rounds)))
                machine.say(line(size, calls, source["Configuration"]["Architectures"][0]))


@contextlib.contextmanager
def copied(client: Any, source: dict[str, Any]) -> Iterator[str]:
    """Create a copy of a function. Delete it at the end, and also what a killed run has left."""
    configuration = source["Configuration"]
    name = f"{configuration['FunctionName']}-tune"
    _delete(client, name)
    with urllib.request.urlopen(source["Code"]["Location"]) as response:  # noqa: S310 -- AWS says it
        code = response.read()
    client.create_function(
        FunctionName=name,
        Code={"ZipFile": code},
        Environment={"Variables": configuration["Environment"]["Variables"]},
        **{member: configuration[member] for member in COPIED},
    )
    try:
        client.get_waiter("function_active_v2").wait(FunctionName=name)
        yield name
    finally:
        _delete(client, name)


def _delete(client: Any, name: str) -> None:
    with contextlib.suppress(client.exceptions.ResourceNotFoundException):
        client.delete_function(FunctionName=name)


def measure(client: Any, name: str, size: int, rounds: int) -> Iterator[Call]:
    """Invoke a function with this much memory. Each round begins with a cold start."""
    for number in range(rounds):
        # Each change ends the environments of before.
        client.update_function_configuration(
            FunctionName=name, MemorySize=size, Description=f"{size} MB, round {number}"
        )
        client.get_waiter("function_updated_v2").wait(FunctionName=name)
        for request in range(WARM + 1):
            yield _invoke(client, name, ROUTES[request % len(ROUTES)])


def _invoke(client: Any, name: str, route: str) -> Call:
    answer = client.invoke(FunctionName=name, LogType="Tail", Payload=json.dumps(event_of(route)))
    payload = json.load(answer["Payload"])
    if "FunctionError" in answer or payload.get("statusCode") != 200:
        machine.fail(f"GET {route} failed in the copy of the function: see the log of the stage")
    report = base64.b64decode(answer["LogResult"]).decode()
    reported = {key: float(value) for key, value in REPORT.findall(report)}
    return Call(reported["Duration"], reported["Billed Duration"], reported.get("Init Duration", 0))


def event_of(route: str) -> dict[str, Any]:
    """Return the event by which API Gateway would send a read of an assistant."""
    context = {
        "httpMethod": "GET",
        "resourcePath": route,
        "path": route,
        "requestId": str(uuid.uuid4()),
        "stage": "tune",
        "authorizer": {"sub": "make tune", "permissions": '["get:movies"]', "exp": "9999999999.0"},
    }
    return {
        "headers": {},
        "pathParameters": {},
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": None,
        "requestContext": context,
    }


def line(size: int, calls: list[Call], architecture: str) -> str:
    """Return the line of a size. The price is for the time of warm requests only."""
    cold = [call.start + call.duration for call in calls if call.start]
    warm = [call for call in calls if not call.start]
    durations = sorted(call.duration for call in warm)
    seconds = statistics.mean(call.billed for call in warm) / 1_000
    price = seconds * size / 1_024 * PRICES[architecture] * 1_000_000
    return (
        f"{size:6}  {statistics.median(cold) if cold else 0:7.0f} ms"
        f"  {statistics.median(durations):5.1f} ms"
        f"  {durations[int(len(durations) * 0.99)]:5.1f} ms  {price:15.2f}"
    )


if __name__ == "__main__":
    main()
