"""Traffic that CodeDeploy shifts to new versions in steps, after a hook has called them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dev.deploy import hook as deployed_hook
from dev.deploy import package, permissions, stages, versions
from tests.support.checkout import Checkout
from tests.support.sam import translated

pytestmark = pytest.mark.slow

PYTHON = {"python_version": "3.13"}


@pytest.fixture(scope="module")
def gradual(checkout: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SAM template of a stage with `gradual_deployment`."""
    folder = tmp_path_factory.mktemp("gradual")
    built = checkout.folder / ".local" / "package" / "dev" / "sam.json"
    copy = package.Package(folder / "deployment.zip", folder / "sam.json")
    copy.template.write_text(built.read_text())
    stage = stages.Stage(
        "dev", "eu-central-1", {"TABLE_NAME": "casting-dev"}, {}, 30, "x86_64", False, PYTHON
    )
    package._shift_gradually(copy, stage)
    return copy.template


@pytest.fixture(scope="module")
def resources(gradual: Path) -> dict[str, Any]:
    """What AWS's own translator makes of it."""
    return translated(gradual)["Resources"]  # type: ignore[no-any-return]


def test_codedeploy_shifts_the_traffic_of_both_functions_and_alarms_roll_back(
    resources: dict[str, Any],
) -> None:
    for function in ("APIHandler", "Auth0"):
        update = resources[f"{function}Aliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        assert update["BeforeAllowTrafficHook"] == {"Ref": "PreTraffic"}
        group = resources[update["DeploymentGroupName"]["Ref"]]["Properties"]
        assert "Canary10Percent5Minutes" in str(group["DeploymentConfigName"])
        alarms = [alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"]["Alarms"]]
        assert alarms == ["ServerErrorsAlarm", "AuthorizerErrorsAlarm", "ThrottlesAlarm"]
        assert all(resources[alarm]["Type"] == "AWS::CloudWatch::Alarm" for alarm in alarms)
        assert group["ServiceRoleArn"] == {"Fn::GetAtt": ["PreTrafficCodeDeploy", "Arn"]}
        assert group["AlarmConfiguration"]["Enabled"] is True
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]


def test_the_hook_calls_the_new_versions_and_codedeploy_may_call_it(
    resources: dict[str, Any],
) -> None:
    hook = resources["PreTraffic"]["Properties"]
    for variable in hook["Environment"]["Variables"].values():
        assert resources[variable["Ref"]]["Type"] == "AWS::Lambda::Version"
    assert {"Fn::GetAtt": ["PreTraffic", "Arn"]} in [
        statement["Resource"]
        for policy in resources["PreTrafficCodeDeploy"]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == "lambda:InvokeFunction"
    ]
    assert len(hook["Code"]["ZipFile"]) < 4096
    assert hook["Code"]["ZipFile"] == package.HOOK.read_text()
    assert hook["Handler"] == f"index.{deployed_hook.handler.__name__}"


def test_every_role_has_the_boundary_also_those_that_sam_adds(
    gradual: Path, tmp_path: Path
) -> None:
    template = json.loads(gradual.read_text())
    permissions.limit_roles(template, "boundary")
    limited = tmp_path / "sam.json"
    limited.write_text(json.dumps(template))
    roles = {
        name: resource["Properties"].get("PermissionsBoundary")
        for name, resource in translated(limited)["Resources"].items()
        if resource["Type"] == "AWS::IAM::Role"
    }
    assert {"PreTrafficRole", "PreTrafficCodeDeploy"} < roles.keys()
    assert set(roles.values()) == {"boundary"}


def test_cfn_lint_accepts_the_template(resources: dict[str, Any], tmp_path: Path) -> None:
    template = tmp_path / "translated.json"
    template.write_text(json.dumps({"Resources": resources, "Parameters": {"AlarmEmail": {
        "Type": "String"}}, "Conditions": {"HasAlarmEmail": {"Fn::Equals": [
            {"Ref": "AlarmEmail"}, ""]}}}))  # fmt: skip
    lint = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), template], capture_output=True, text=True
    )
    assert lint.stdout == ""


def test_a_rollback_moves_all_traffic_at_once(gradual: Path, checkout: Checkout) -> None:
    plain = json.loads((checkout.folder / ".local/package/dev/sam.json").read_text())
    assert versions.at_once(json.loads(gradual.read_text())) == plain


def test_a_deployment_can_be_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    config = {"stages": {"prod": {"gradual_deployment": True}, "dev": {}}}
    prod, dev = (
        stages.Stage(name, "eu-central-1", {}, {}, 30, "x86_64", False, config)
        for name in ("prod", "dev")
    )
    assert (prod.is_gradual, dev.is_gradual) == (True, False)
    monkeypatch.setenv("GRADUAL", "0")
    assert not prod.is_gradual
    monkeypatch.setenv("GRADUAL", "no")
    with pytest.raises(SystemExit, match="GRADUAL must be 0 or 1"):
        _ = prod.is_gradual
