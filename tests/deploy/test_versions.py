"""Versions of the functions behind an alias, SnapStart, and the processor of the functions."""

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from dev.deploy import deploy, foundations, package, stages
from tests.support.checkout import Checkout
from tests.support.sam import rendered, translated

pytestmark = pytest.mark.slow

AARCH64 = b"\xb7\0"
"""The processor in the header of a shared library (ELF's `e_machine`)."""


def stage(python: tuple[int, int], *, snap_start: bool) -> stages.Stage:
    """Return the stage dev of a configuration with this Python."""
    config = {"python_version": ".".join(map(str, python))}
    return stages.Stage("dev", "eu-central-1", {}, {}, 30, "x86_64", snap_start, config)


@pytest.fixture(scope="module")
def template(checkout: Checkout) -> Path:
    """The SAM template that `make package STAGE=dev` has written."""
    return checkout.folder / ".local" / "package" / "dev" / "sam.json"


def test_api_gateway_calls_the_published_versions_by_their_alias(template: Path) -> None:
    resources = translated(template)["Resources"]
    for function in ("APIHandler", "Auth0"):
        alias = resources[f"{function}Aliaslive"]
        assert alias["Type"] == "AWS::Lambda::Alias"
        assert (alias["Properties"]["Name"], alias["Properties"]["FunctionName"]) == (
            "live",
            {"Ref": function},
        )
        version, attribute = alias["Properties"]["FunctionVersion"]["Fn::GetAtt"]
        assert attribute == "Version"
        assert resources[version]["Type"] == "AWS::Lambda::Version"
        assert resources[version]["Properties"] == {"FunctionName": {"Ref": function}}
        permission = resources[f"{function}InvokePermission"]["Properties"]
        assert permission["FunctionName"] == {"Ref": f"{function}Aliaslive"}
    definition = resources["RestAPI"]["Properties"]["Body"]
    called = [
        operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
        for path in definition["paths"].values()
        for operation in path.values()
        if operation["x-amazon-apigateway-integration"]["type"] == "aws_proxy"
    ]
    authorizer = definition["securityDefinitions"]["auth0"]["x-amazon-apigateway-authorizer"]
    invoke = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
    assert len(called) > 40
    assert set(called) == {invoke + "${APIHandlerAliaslive}/invocations"}
    assert authorizer["authorizerUri"]["Fn::Sub"] == invoke + "${Auth0Aliaslive}/invocations"


def test_every_change_of_a_function_publishes_a_version(template: Path, tmp_path: Path) -> None:
    def published(**changes: Any) -> dict[str, str]:
        """Return the names of the versions, and what Lambda sees that is different."""
        changed = package.Package(tmp_path / "deployment.zip", tmp_path / "sam.json")
        changed.zip.write_text(changes.pop("code", ""))
        content = json.loads(template.read_text())
        content["Resources"]["Auth0"]["Properties"].update(changes)
        changed.template.write_text(json.dumps(content))
        package._publish_versions(changed)
        resources = translated(changed.template)["Resources"]
        return {
            name: resources[name.partition("Version")[0]]["Properties"]["Description"]
            for name, resource in resources.items()
            if resource["Type"] == "AWS::Lambda::Version"
        }

    before = published()
    assert published() == before
    assert not published(code="new").keys() & before.keys()
    for change in ({"Timeout": 9}, {"Tracing": "Active"}, {"Tags": {"stage": "prod"}}):
        after = published(**change)
        # Only the authorizer has a new version. Lambda publishes it, because the description of
        # the function has changed too.
        assert len(after.items() & before.items()) == 1
        assert len({*after, *before}) == len({*after.values(), *before.values()}) == 3


@pytest.mark.parametrize(("setting", "apply_on"), [(False, "None"), (True, "PublishedVersions")])
def test_one_setting_of_a_stage_turns_snap_start_on(
    tmp_path: Path, setting: bool, apply_on: str
) -> None:
    copy = Checkout(tmp_path / "copy")
    config = copy.config
    config["stages"]["prod"]["lambda_snap_start"] = setting
    copy.write_config(config)
    functions = rendered(copy, "stack.yaml")["Resources"]
    for function in ("APIHandler", "Auth0"):
        assert functions[function]["Properties"]["SnapStart"] == {"ApplyOn": apply_on}


def test_a_package_for_arm64_has_its_wheels(checkout: Checkout, tmp_path: Path) -> None:
    copy = Checkout(tmp_path / "copy", like=checkout)
    config = copy.config
    config["stages"]["prod"]["lambda_architecture"] = "arm64"
    copy.write_config(config)
    status, output = copy.run("dev.deploy.package", STAGE="prod")
    assert status == 0, output
    out = copy.folder / ".local" / "package" / "prod"
    resources = translated(out / "sam.json")["Resources"]
    for function in ("APIHandler", "Auth0"):
        assert resources[function]["Properties"]["Architectures"] == ["arm64"]
    with zipfile.ZipFile(out / "deployment.zip") as zipped:
        libraries = [name for name in zipped.namelist() if name.endswith(".so")]
        processors = {zipped.read(name)[18:20] for name in libraries}
    assert processors == {AARCH64}


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        ("lambda_architecture", "arm", "must be x86_64 or arm64"),
        ("lambda_architecture", ["arm64"], "must be x86_64 or arm64"),
        ("lambda_snap_start", "yes", "must be true or false"),
    ],
)
def test_an_unknown_value_of_a_setting_of_the_functions_is_rejected(
    tmp_path: Path, setting: str, value: Any, reason: str
) -> None:
    copy = Checkout(tmp_path / "copy")
    copy.write_config({**copy.config, setting: value})
    sentence = f"casting: {setting} of the stage dev in .chalice/config.json {reason}\n"
    assert copy.run("dev.deploy.package", STAGE="dev") == (1, sentence)
    assert not (copy.folder / ".local").exists()


def test_snap_start_is_rejected_for_a_python_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def check(python: tuple[int, int], *, snap_start: bool = True) -> None:
        monkeypatch.setattr(sys, "version_info", (*python, 0, "final", 0))
        stages.refuse_other_python(stage(python, snap_start=snap_start))

    check((3, 12))
    check((3, 11), snap_start=False)
    with pytest.raises(SystemExit, match=r"the stage dev has SnapStart, which needs Python 3\.12"):
        check((3, 11))


def test_make_deploy_rejects_a_stage_with_snap_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "chosen", lambda: stage((3, 13), snap_start=True))
    monkeypatch.setattr(stages, "refuse_unready", lambda _: None)
    monkeypatch.setattr(foundations, "aws_account", None)  # so that nothing reaches AWS
    with pytest.raises(SystemExit, match="needs the versions that make stack publishes"):
        deploy.main()
