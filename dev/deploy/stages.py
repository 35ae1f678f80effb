"""The stages of `.chalice/config.json`, and what all deployed stages have in common."""

import json
import os
import re
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml
from chalice.config import Config

from dev import machine
from dev.deploy import source, templates
from dev.machine import PROJECT

APP = "casting"
LAMBDA_MARK = "AWS_LAMBDA_FUNCTION_NAME"  # by which the functions know that they run in Lambda
ALIAS = "live"  # of the function versions that `make stack` publishes; API Gateway calls it
CHALICE_FUNCTIONS = ("api_handler", "auth0")
"""The functions' names in `.chalice/config.json`, in the order of `Stage.functions`."""
ARCHITECTURES = {"x86_64": "x86_64", "arm64": "aarch64"}
"""The processors of functions: Lambda's names, and Linux's."""
SNAP_START_PYTHON = (3, 12)  # the oldest Python with SnapStart (Lambda)
THROTTLING = {"rate": 50, "burst": 100}
"""Requests a second, and at once, to each method, for all callers together."""
PUBLIC_THROTTLING = {"rate": 10, "burst": 20}
"""The same for methods that need no token, except those of the console."""
SECURITY_POLICY = "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09"
"""API Gateway's name for TLS 1.3 and 1.2, with forward secrecy and post-quantum key exchange."""
ENDPOINT_ACCESS = "STRICT"  # a request must name this API's host in its TLS handshake too
MIN_WAF_REQUESTS = 10  # in five minutes (AWS WAF)
ADDRESS_DAYS = 30  # at most: the access log has the addresses of callers
ACCESS_LOG = {
    "request_id": "$context.requestId",
    # A caller can choose the first id, as a UUID, but not this one.
    "extended_request_id": "$context.extendedRequestId",
    "time": "$context.requestTimeEpoch",
    "ip": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    # The route, because paths and queries hold what callers send.
    "route": "$context.resourcePath",
    "status": "$context.status",
    # Not `$context.error.message`: on an unknown path it quotes the Authorization header.
    "gateway_error": "$context.error.responseType",
    "authorizer_error": "$context.authorizer.error",
    "integration_error": "$context.integration.error",
    "integration_status": "$context.integration.status",
    "duration_ms": "$context.responseLatency",
    "authorizer_ms": "$context.authorizer.latency",
    "function_ms": "$context.integrationLatency",
    "bytes": "$context.responseLength",
    "tls_version": "$context.tlsVersion",
    "trace_id": "$context.xrayTraceId",
}


class Stage(NamedTuple):
    """A stage that can be deployed."""

    name: str
    region: str
    settings: dict[str, str]
    tags: dict[str, str]
    log_days: int
    architecture: str
    """The processor of the functions, as Lambda names it."""
    snap_start: bool
    """Whether the functions start from a snapshot."""
    config: dict[str, Any]
    """The whole `.chalice/config.json`, with all stages."""
    waf_requests: int | None = None
    """How many requests AWS WAF lets one address send in five minutes. None: there is no WAF."""
    reserved: int = 0
    """How many executions of Lambda are reserved for both functions together."""

    @property
    def function(self) -> str:
        """The name of the API function. The authorizer's name has the suffix `-auth0`."""
        return f"{APP}-{self.name}"

    @property
    def functions(self) -> tuple[str, str]:
        """The names of both functions."""
        return self.function, f"{self.function}-auth0"

    @property
    def commit(self) -> str | None:
        """The commit of the sources, if it is known."""
        return self.settings.get("COMMIT")

    @property
    def is_protected(self) -> bool:
        """Whether only a commit is deployed, and the stack is protected against its removal."""
        return bool(self.config["stages"][self.name].get("protected", False))

    @property
    def is_gradual(self) -> bool:
        """Whether CodeDeploy shifts the traffic to new versions in steps. GRADUAL=0 says no."""
        gradual = self.config["stages"][self.name].get("gradual_deployment", False)
        return machine.is_on("GRADUAL", default=True) and bool(gradual)

    def render(self, text: str) -> str:
        """Fill in the values of the stage. `${AWS::...}` is left to CloudFormation."""
        values = {
            "STAGE": self.name,
            "TABLE_NAME": self.settings["TABLE_NAME"],
            "TABLE_BASE": table_base(self.settings["TABLE_NAME"]),
            "LOG_DAYS": str(self.log_days),
            "ACCESS_LOG_DAYS": str(min(self.log_days, ADDRESS_DAYS)),
            "PYTHON": str(self.config["python_version"]),
            "ALIAS": ALIAS,
            "SNAP_START": "PublishedVersions" if self.snap_start else "None",
            "THROTTLING_RATE": str(THROTTLING["rate"]),
            "THROTTLING_BURST": str(THROTTLING["burst"]),
            "SECURITY_POLICY": SECURITY_POLICY,
            "ENDPOINT_ACCESS": ENDPOINT_ACCESS,
            "WAF_REQUESTS": str(self.waf_requests or MIN_WAF_REQUESTS),
            # Encoded twice: a YAML string that contains JSON.
            "ACCESS_LOG_FORMAT": json.dumps(access_log_format()),
            "INDEX_METRICS": templates.dashboard_metrics(_indexes()),
        }
        for name, value in values.items():
            text = text.replace(f"${{{name}}}", value)
        return text

    def template(self, name: str) -> dict[str, Any]:
        """Return a CloudFormation template of `.chalice/`, filled in, with the table's indexes."""
        text = (PROJECT / ".chalice" / name).read_text()
        template: dict[str, Any] = yaml.safe_load(self.render(text))
        templates.add_indexes(template, _indexes())
        return template


def table_base(table: str) -> str:
    """Return the first name of a table. Each restore adds its time, or replaces it."""
    return re.sub(r"-[0-9]{8}T[0-9]{6}Z$", "", table)


def _indexes() -> list[str]:
    # Importing this reads the settings, which `chosen` has put into the environment.
    from chalicelib.store.table import INDEXES

    return list(INDEXES)


def is_throttled_more(path: str) -> bool:
    """Return whether the public methods of a path have lower limits than the others."""
    return not path.startswith("/console")  # a page of it loads many files at once


def public_throttling(path: str, method: str) -> dict[str, Any]:
    """Return the throttling of a public method, in the format of a stage's MethodSettings."""
    return {
        "ResourcePath": "/" if path == "/" else "/" + path.replace("/", "~1"),
        "HttpMethod": method,
        "ThrottlingRateLimit": PUBLIC_THROTTLING["rate"],
        "ThrottlingBurstLimit": PUBLIC_THROTTLING["burst"],
    }


def access_log_format() -> str:
    return json.dumps(ACCESS_LOG, separators=(",", ":"))


def chosen() -> Stage:
    """Return the stage that STAGE names, and put its settings into the environment.

    Stop before anything is built if it cannot be deployed. chalicelib/settings.py judges its
    settings, as in the functions.
    """
    config = machine.config()
    name, deployable = os.environ.get("STAGE", ""), [s for s in config["stages"] if s != "local"]
    if name not in deployable:
        machine.fail(f"name the stage, for example STAGE={deployable[0]}: {', '.join(deployable)}")
    stage = config["stages"][name]
    settings: dict[str, str] = stage.get("environment_variables", {})
    if not all(isinstance(value, str) for value in settings.values()):
        machine.fail(f"the settings of the stage {name} in .chalice/config.json must be strings")
    if not isinstance(stage.get("region"), str):
        machine.fail(f"the stage {name} in .chalice/config.json has no region")
    if settings.get("STAGE") != name or stage.get("api_gateway_stage") != name:
        machine.fail(
            f"the stage {name} has another name in its own settings in .chalice/config.json"
        )
    # Chalice, too, prefers the stage's value. It does not know lambda_snap_start.
    options = {**config, **stage}
    architecture = options.get("lambda_architecture", "x86_64")
    if architecture not in [*ARCHITECTURES]:
        machine.fail(
            f"lambda_architecture of the stage {name} in .chalice/config.json must be"
            f" {' or '.join(ARCHITECTURES)}"
        )
    snap_start = options.get("lambda_snap_start", False)
    if not isinstance(snap_start, bool):
        machine.fail(
            f"lambda_snap_start of the stage {name} in .chalice/config.json must be true or false"
        )
    waf_requests = options.get("waf_requests")
    if waf_requests is not None and (
        not isinstance(waf_requests, int) or waf_requests < MIN_WAF_REQUESTS
    ):
        machine.fail(
            f"waf_requests of the stage {name} in .chalice/config.json must be a whole number, at"
            f" least {MIN_WAF_REQUESTS}"
        )
    reserved = _reserved(config, name)
    if commit := source.commit():
        settings["COMMIT"] = commit
    for other in _settings(config):
        os.environ.pop(other, None)
    os.environ.update({**settings, LAMBDA_MARK: name})
    try:
        import chalicelib.settings  # noqa: F401 -- it is its import that judges
    except RuntimeError as error:
        machine.fail(f"the stage {name} in .chalice/config.json: {error}")
    return Stage(
        name=name,
        region=stage["region"],
        settings=settings,
        tags={**config.get("tags", {}), **stage.get("tags", {})},
        log_days=stage.get("log_retention_in_days") or config.get("log_retention_in_days", 30),
        architecture=architecture,
        snap_start=snap_start,
        config=config,
        waf_requests=waf_requests,
        reserved=reserved,
    )


def _reserved(config: dict[str, Any], stage: str) -> int:
    """Return the reserved concurrency of both functions together, as Chalice reads it."""
    for place in (config, config["stages"][stage]):
        functions = place.get("lambda_functions", {})
        if not isinstance(functions, dict) or not all(
            isinstance(settings, dict) for settings in functions.values()
        ):
            machine.fail("lambda_functions in .chalice/config.json must be an object of objects")
    total = 0
    for function in CHALICE_FUNCTIONS:
        reserved = Config(
            chalice_stage=stage, function_name=function, config_from_disk=config
        ).reserved_concurrency
        if reserved is None:
            continue
        if type(reserved) is not int or reserved < 0:
            machine.fail(
                f"reserved_concurrency of {function} of the stage {stage} in .chalice/config.json"
                " must be a whole number, at least 0"
            )
        total += reserved
    return total


def refuse_unready(stage: Stage) -> None:
    """Stop if a stage cannot be deployed from here, or has settings that cannot be right."""
    refuse_other_python(stage)
    refuse_wrong_settings(stage)


def refuse_wrong_settings(stage: Stage) -> None:
    """Stop if settings of a stage cannot be right.

    A host of RFC 2606 is a placeholder, and Auth0's issuer ends with a slash.
    """
    for name in ("AUTH_ISSUER", "WEB_ORIGIN"):
        host = stage.settings[name].partition("://")[2].partition("/")[0]
        if host.endswith((".example", ".invalid", ".test")):
            machine.fail(
                f"{name} of the stage {stage.name} is still {stage.settings[name]};"
                " set it in .chalice/config.json"
            )
    issuer = stage.settings["AUTH_ISSUER"]
    if issuer.endswith(".auth0.com"):
        machine.fail(f"AUTH_ISSUER of the stage {stage.name} needs Auth0's slash: {issuer}/")


def refuse_other_python(stage: Stage) -> None:
    """Stop unless this is the Python of the functions, `python_version` in the configuration.

    Stop also if the stage has SnapStart, and Lambda has none for this Python.
    """
    pinned = str(stage.config.get("python_version"))
    running = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if running != pinned:
        machine.fail(
            f"the functions run on Python {pinned}, and this is Python {running}: install"
            f" Python {pinned}, and add PYTHON=python{pinned} VENV=.local/python{pinned} to the"
            " make command"
        )
    if stage.snap_start and sys.version_info < SNAP_START_PYTHON:
        needed = ".".join(map(str, SNAP_START_PYTHON))
        machine.fail(
            f"the stage {stage.name} has SnapStart, which needs Python {needed} or newer; change"
            " python_version in .chalice/config.json, or set lambda_snap_start to false"
        )


def alarm_email() -> dict[str, str]:
    """Return the parameter for ALARM_EMAIL. Without the variable, the address does not change."""
    address = os.environ.get("ALARM_EMAIL")
    return {} if address is None else {"AlarmEmail": address}


def refuse_plan() -> None:
    """Stop if somebody expects that a command other than `make stack` only shows its changes."""
    if machine.is_on("PLAN"):
        machine.fail("only make stack can plan; without PLAN=1, this command changes the stage")


def clean_environment(stage: Stage) -> dict[str, str]:
    """Return the environment without the settings of any stage. Chalice sets those it needs."""
    ours = {*_settings(stage.config), LAMBDA_MARK}
    return {name: value for name, value in os.environ.items() if name not in ours}


def _settings(config: dict[str, Any]) -> set[str]:
    return {n for s in config["stages"].values() for n in s.get("environment_variables", {})}


def gateway_responses() -> Iterator[tuple[str, dict[str, Any]]]:
    """Return API Gateway's own responses for the chosen stage.

    API Gateway's import and its PutGatewayResponse accept the same format.
    """
    # Imported here, because the import reads the stage's settings.
    from chalicelib.http.gateway import GATEWAY_RESPONSES

    for response_type, answer in sorted(GATEWAY_RESPONSES.items()):
        yield (
            response_type,
            {
                "statusCode": str(answer.status),
                "responseParameters": answer.parameters(),
                "responseTemplates": {"application/json": answer.template()},
            },
        )
