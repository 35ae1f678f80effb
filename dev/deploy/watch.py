"""`make watch`: add a probe, an alarm for silence and a budget to a stage. Each is optional.

* URL is the address of the API. The probe reads `/health`, and with TOKEN=1 a list too.
* SILENT_HOURS is the number of hours without a request until an alarm fires.
* AMOUNT is the budget of the account in US dollars a month, and ALARM_EMAIL receives its mails.

What is not named keeps its value. An empty URL, or 0, removes a part.
"""

import os
import re
from typing import Any

import boto3

from dev import machine
from dev.deploy import cloudformation, foundations, permissions, stages

SETTINGS = {
    "URL": ("Url", r"(https://[^\s/]+(/[^\s]*[^\s/])?)?", "https://... without a slash at its end"),
    "TOKEN": ("Token", "[01]", "0 or 1"),
    "SILENT_HOURS": ("SilentHours", "[0-9]|[1-9][0-9]|1[0-5][0-9]|16[0-8]", "0 to 168"),
    "AMOUNT": ("Amount", "[0-9]{1,6}", "a number of US dollars"),
    "ALARM_EMAIL": ("AlarmEmail", r"[^\s@]+@[^\s@]+", "an address"),
}
"""Each variable, its parameter of the stack, what it must match, and how to say that."""


def main() -> None:
    requested = _requested()
    stage = stages.chosen()
    name = f"{stage.function}-watch"
    with foundations.aws_account(stage):
        previous = cloudformation.parameters_of(name)
        if _has_budget({**previous, **requested}):
            if not {**previous, **requested}.get("AlarmEmail"):
                machine.fail("a budget needs an address for its mails: add ALARM_EMAIL=")
            if not _has_budget(previous):
                requested["Monitor"] = _other_monitor(boto3.client("ce"))
        template = stage.template("watch.yaml")
        permissions.limit_roles(template, foundations.deployer(stage).get("Boundary"))
        changed = cloudformation.apply(name, template, tags=stage.tags, parameters=requested)
    machine.say(f"{stage.name} is watched." if changed else "Nothing has changed.")


def _requested() -> dict[str, str]:
    """Return the parameters that the variables set. Stop if one is wrong, or if there is none."""
    parameters = {}
    for variable, (parameter, pattern, expected) in SETTINGS.items():
        value = os.environ.get(variable)
        if value is None:
            continue
        if not re.fullmatch(pattern, value):
            machine.fail(f"{variable} must be {expected}")
        parameters[parameter] = value
    if not parameters:
        machine.fail(f"say what to watch, for example URL=https://...: {', '.join(SETTINGS)}")
    return parameters


def _has_budget(parameters: dict[str, str]) -> bool:
    return parameters.get("Amount", "0") != "0"


def _other_monitor(costs: Any) -> str:
    """Return the ARN of the monitor of services that the account has, or an empty text."""
    for monitor in costs.get_anomaly_monitors()["AnomalyMonitors"]:
        if monitor.get("MonitorDimension") == "SERVICE":
            return str(monitor["MonitorArn"])
    return ""


if __name__ == "__main__":
    main()
