"""What API Gateway answers without a function, what it lets through, and its connections."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from app import app
from chalicelib.errors import MethodNotAllowed
from chalicelib.http.envelope import failure_of
from dev.deploy import deploy, foundations, package, stages
from dev.deploy.package import ANY_METHOD, Package
from tests.support.checkout import Checkout
from tests.support.sam import translated

pytestmark = pytest.mark.slow

INTEGRATION = "x-amazon-apigateway-integration"
FIREWALL = ("Firewall", "FirewallOfStage")
PYTHON = {"python_version": "3.13"}


def stage(waf_requests: int | None) -> stages.Stage:
    """Return the stage dev, with this limit of its firewall."""
    settings = {"TABLE_NAME": "casting-dev"}
    return stages.Stage(
        "dev", "eu-central-1", settings, {}, 30, "x86_64", False, PYTHON, waf_requests
    )


@pytest.fixture(scope="module")
def built(checkout: Checkout) -> Package:
    """The package that `make package STAGE=dev` has written."""
    out = checkout.folder / ".local" / "package" / "dev"
    return Package(out / "deployment.zip", out / "sam.json")


@pytest.fixture(scope="module")
def paths(built: Package) -> dict[str, Any]:
    """The paths of the API's definition."""
    found: dict[str, Any] = built.properties()["RestAPI"]["DefinitionBody"]["paths"]
    return found


@pytest.fixture(scope="module")
def resources(built: Package) -> dict[str, Any]:
    """The resources that AWS's own translator makes of the template."""
    found: dict[str, Any] = translated(built.template)["Resources"]
    return found


def test_without_a_token_only_pages_and_the_health_check_reach_a_function(
    paths: dict[str, Any],
) -> None:
    public = {
        (method, path)
        for path, methods in paths.items()
        for method, operation in methods.items()
        if operation[INTEGRATION]["type"] != "mock" and "security" not in operation
    }
    pages = ("/", "/health", "/docs", "/openapi.json", "/console", "/console/{file}")
    assert public == {("get", path) for path in pages}


def test_api_gateway_answers_every_unsupported_method_as_a_function_would(
    paths: dict[str, Any],
) -> None:
    assert paths.keys() == app.routes.keys()
    for path, methods in paths.items():
        assert {name.upper() for name in methods} == {
            *app.routes[path],
            "OPTIONS",
            ANY_METHOD.upper(),
        }
        integration = methods[ANY_METHOD][INTEGRATION]
        assert set(integration["requestTemplates"].values()) == {'{"statusCode": 405}'}
        sent = integration["responses"]["default"]
        ours = failure_of(MethodNotAllowed(app.routes[path])).to_dict()
        assert sent["statusCode"] == "405"
        assert sent["responseTemplates"] == {"application/json": ours["body"]}
        expected = {f"method.response.header.{k}": f"'{v}'" for k, v in ours["headers"].items()}
        expected["method.response.header.X-Request-Id"] = "context.requestId"
        expected.pop("method.response.header.Content-Type", None)
        assert sent["responseParameters"] == expected
        declared = methods[ANY_METHOD]["responses"]["405"]["headers"]
        assert {f"method.response.header.{name}" for name in declared} == expected.keys()


def test_public_methods_have_lower_limits_in_both_ways(built: Package) -> None:
    limits = {
        (setting["ResourcePath"], setting["HttpMethod"]): (
            setting["ThrottlingRateLimit"],
            setting["ThrottlingBurstLimit"],
        )
        for setting in built.properties()["RestAPI"]["MethodSettings"]
    }
    assert limits == {
        ("/*", "*"): (50, 100),
        **{(path, "GET"): (10, 20) for path in ("/", "/~1health", "/~1docs", "/~1openapi.json")},
    }
    # Also without a package.
    assert deploy.method_settings(stage(None)) == built.properties()["RestAPI"]["MethodSettings"]
    settings = deploy._stage_settings(built)
    throttling = {k: v for k, v in settings.items() if "throttling" in k}
    assert throttling == {
        **{f"/*/*/throttling/{k}": v for k, v in (("rateLimit", "50"), ("burstLimit", "100"))},
        **{
            f"/~1{path}/GET/throttling/{k}": v
            for path in ("", "health", "docs", "openapi.json")
            for k, v in (("rateLimit", "10"), ("burstLimit", "20"))
        },
    }
    # The path of a resource below another one: API Gateway would read its slash as a separator.
    assert stages.public_throttling("/a/{b}", "GET")["ResourcePath"] == "/~1a~1{b}"


def test_an_import_with_warnings_fails_and_connections_use_a_recent_tls(
    resources: dict[str, Any],
) -> None:
    api = resources["RestAPI"]["Properties"]
    assert api["FailOnWarnings"] is True
    assert api["SecurityPolicy"] == "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09"
    assert api["EndpointAccessMode"] == "STRICT"
    assert deploy._api_settings(is_closed=False) == {
        "/disableExecuteApiEndpoint": "False",
        "/securityPolicy": api["SecurityPolicy"],
        "/endpointAccessMode": api["EndpointAccessMode"],
    }
    policies = boto3.client("apigateway").meta.service_model.shape_for("SecurityPolicy").enum
    assert api["SecurityPolicy"] in policies


def test_make_deploy_adds_what_chalice_does_not_import(built: Package) -> None:
    completion, definition = built.completion(), built.properties()["RestAPI"]["DefinitionBody"]
    assert completion["info"] == {"version": "1.0", "title": "casting"}
    responses = "x-amazon-apigateway-gateway-responses"
    assert completion[responses] == definition[responses] == dict(stages.gateway_responses())
    assert {path: set(methods) for path, methods in completion["paths"].items()} == {
        path: {ANY_METHOD} for path in app.routes
    }


def test_a_firewall_is_created_only_for_a_stage_that_has_one() -> None:
    def firewall(limit: int | None) -> dict[str, Any]:
        merged = package._merge_template(stage(limit))["Resources"]
        return {name: merged[name] for name in FIREWALL if name in merged}

    assert firewall(None) == {}
    rules = firewall(500)["Firewall"]["Properties"]["Rules"]
    assert [rule["Statement"]["RateBasedStatement"]["Limit"] for rule in rules] == [500]


def test_cfn_lint_accepts_the_firewall_of_the_stage(built: Package, tmp_path: Path) -> None:
    template = json.loads(built.template.read_text())
    merged = package._merge_template(stage(500))["Resources"]
    template["Resources"].update({name: merged[name] for name in FIREWALL})
    whole, result = tmp_path / "sam.json", tmp_path / "translated.json"
    whole.write_text(json.dumps(template))
    translation = translated(whole)
    association = translation["Resources"]["FirewallOfStage"]["Properties"]
    (gateway_stage,) = (
        name
        for name, resource in translation["Resources"].items()
        if resource["Type"] == "AWS::ApiGateway::Stage"
    )
    assert association["ResourceArn"]["Fn::Sub"].endswith(
        f"::/restapis/${{RestAPI}}/stages/${{{gateway_stage}}}"
    )
    result.write_text(json.dumps({"Resources": {"Firewall": translation["Resources"]["Firewall"]}}))
    lint = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), result], capture_output=True, text=True
    )
    assert (lint.returncode, lint.stdout) == (0, "")


def test_make_deploy_rejects_a_stage_with_a_firewall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "chosen", lambda: stage(500))
    monkeypatch.setattr(stages, "refuse_unready", lambda _: None)
    monkeypatch.setattr(foundations, "aws_account", None)  # so that nothing reaches AWS
    with pytest.raises(SystemExit, match="has a firewall, which only make stack creates"):
        deploy.main()


@pytest.mark.parametrize(
    ("setting", "value", "place", "least"),
    [
        *(("waf_requests", value, "", 10) for value in ("500", 9, True)),
        *(("reserved_concurrency", value, " of api_handler", 0) for value in ("100", -1, True)),
    ],
)
def test_an_invalid_limit_is_rejected(
    tmp_path: Path, setting: str, value: Any, place: str, least: int
) -> None:
    copy = Checkout(tmp_path / "copy")
    copy.write_config({**copy.config, setting: value})
    sentence = (
        f"casting: {setting}{place} of the stage dev in .chalice/config.json must be a whole"
        f" number, at least {least}\n"
    )
    assert copy.run("dev.deploy.package", STAGE="dev") == (1, sentence)
