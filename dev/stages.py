"""The stages of `.chalice/config.json`, and what is the same for each that is deployed."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from dev import local
from dev.local import PROJECT

APP = "casting"
SETTINGS = ("STAGE", "TABLE_NAME", "AUTH_ISSUER", "AUTH_AUDIENCE", "WEB_ORIGIN", "DYNAMODB_URL")
THROTTLING = {"rate": 50, "burst": 100}  # requests a second, and at once, for all callers together
ACCESS_LOG = {
    "request_id": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "ip": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    # The route: paths and queries hold what callers put there.
    "route": "$context.resourcePath",
    "status": "$context.status",
    "gateway_error": "$context.error.responseType",
    "duration_ms": "$context.responseLatency",
    "authorizer_ms": "$context.authorizer.latency",
    "function_ms": "$context.integrationLatency",
    "bytes": "$context.responseLength",
}


class Stage(NamedTuple):
    """A stage that can be deployed."""

    name: str
    settings: dict[str, str]
    tags: dict[str, str]
    log_days: int
    config: dict[str, Any]
    """All of `.chalice/config.json`, the other stages too."""

    @property
    def function(self) -> str:
        """The name of the API's function; the authorizer's is this and `-auth0`."""
        return f"{APP}-{self.name}"

    def render(self, text: str) -> str:
        """Fill in what is the stage's; `${AWS::...}` stays, for CloudFormation."""
        values = {
            "STAGE": self.name,
            "TABLE_NAME": self.settings["TABLE_NAME"],
            "LOG_DAYS": str(self.log_days),
            "THROTTLING_RATE": str(THROTTLING["rate"]),
            "THROTTLING_BURST": str(THROTTLING["burst"]),
            # Twice: a string of YAML, which holds JSON.
            "ACCESS_LOG_FORMAT": json.dumps(access_log_format()),
        }
        for name, value in values.items():
            text = text.replace(f"${{{name}}}", value)
        return text

    def template(self, name: str) -> dict[str, Any]:
        """Give a CloudFormation template of `.chalice/`, filled in."""
        found: dict[str, Any] = yaml.safe_load(
            self.render((PROJECT / ".chalice" / name).read_text())
        )
        return found


def access_log_format() -> str:
    return json.dumps(ACCESS_LOG, separators=(",", ":"))


def chosen() -> Stage:
    """Give the stage that STAGE names; stop where it cannot be deployed, before anything is built.

    What it sets is judged by the functions' own rules (chalicelib/settings.py).
    """
    config = _config()
    name, deployable = os.environ.get("STAGE", ""), [s for s in config["stages"] if s != "local"]
    if name not in deployable:
        local.stop(f"say which stage, like STAGE={deployable[0]}: {', '.join(deployable)}")
    stage = config["stages"][name]
    settings: dict[str, str] = stage["environment_variables"]
    if settings.get("STAGE") != name or stage.get("api_gateway_stage") != name:
        local.stop(f"the stage {name} calls itself something else in .chalice/config.json")
    refused = subprocess.run(
        [sys.executable, "-c", "import chalicelib.settings"],
        cwd=PROJECT,
        env={**clean_environment(), **settings, "AWS_LAMBDA_FUNCTION_NAME": name},
        capture_output=True,
        text=True,
    )
    if refused.returncode:
        said = refused.stderr.strip().rpartition("\n")[2].rpartition("SettingError: ")[2]
        local.stop(f"the stage {name} in .chalice/config.json: {said}")
    return Stage(
        name=name,
        settings=settings,
        tags={**config.get("tags", {}), **stage.get("tags", {})},
        log_days=stage.get("log_retention_in_days", config["log_retention_in_days"]),
        config=config,
    )


def settings_of(name: str) -> dict[str, str] | None:
    """Give what a stage sets; None where there is no such stage."""
    settings: dict[str, str] | None = _config()["stages"].get(name, {}).get("environment_variables")
    return settings


def _config() -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads((PROJECT / ".chalice" / "config.json").read_text())
    except ValueError as error:
        local.stop(f".chalice/config.json is not JSON: {error}")
    return config


def refuse_placeholders(stage: Stage) -> None:
    """Stop where a host is still one of those that nobody can own (RFC 2606)."""
    for name in ("AUTH_ISSUER", "WEB_ORIGIN"):
        host = stage.settings[name].partition("://")[2].partition("/")[0]
        if host.endswith((".example", ".invalid", ".test")):
            local.stop(
                f"{name} of the stage {stage.name} is still {stage.settings[name]};"
                " set it in .chalice/config.json"
            )


def clean_environment() -> dict[str, str]:
    """Give the environment without the settings of whatever else is run from this shell."""
    return {
        k: v for k, v in os.environ.items() if k not in SETTINGS and k != "AWS_LAMBDA_FUNCTION_NAME"
    }


def responses(stage: Stage) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give API Gateway's own answers, as its import and its PutGatewayResponse both take them."""
    for name in SETTINGS:
        os.environ.pop(name, None)
    os.environ.update(stage.settings)
    # Only now, because the settings are read when this is imported.
    from chalicelib.errors import GATEWAY_ANSWERS

    for response_type, answer in sorted(GATEWAY_ANSWERS.items()):
        yield (
            response_type,
            {
                "statusCode": str(answer.status),
                "responseParameters": answer.parameters(),
                "responseTemplates": {"application/json": answer.template()},
            },
        )
