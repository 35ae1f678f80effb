"""The workflows on GitHub: they run the README's commands, with few rights and without keys."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import PROJECT

GITHUB = PROJECT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
JOBS = [
    (workflow.name, name)
    for workflow in WORKFLOWS
    for name in yaml.safe_load(workflow.read_text())["jobs"]
]


def job(workflow: str, name: str) -> Any:
    return yaml.safe_load((GITHUB / "workflows" / workflow).read_text())["jobs"][name]


def run(tool: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [Path(sys.executable).with_name(tool), *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )


def test_actionlint_accepts_the_workflows() -> None:
    lint = run("actionlint", "-no-color", *map(str, WORKFLOWS))
    assert lint.stdout == ""
    assert lint.returncode == 0, lint.stderr


def test_zizmor_finds_no_risk_in_them() -> None:
    audit = run("zizmor", "--offline", "--quiet", "--min-severity=medium", ".github")
    assert audit.returncode == 0, audit.stdout + audit.stderr


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_to_commits(workflow: Path) -> None:
    for action in re.findall(r"uses: (.+)", workflow.read_text()):
        pinned = r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+"
        assert re.fullmatch(pinned, action) or action.startswith("./"), action


@pytest.mark.parametrize(("workflow", "name"), JOBS)
def test_a_job_has_only_the_rights_that_it_needs(workflow: str, name: str) -> None:
    allowed = {"contents": "read"}
    if name in ("dev", "prod", "deploy"):
        allowed["id-token"] = "write"  # to prove to AWS who it is
    assert job(workflow, name)["permissions"] == allowed
    assert yaml.safe_load((GITHUB / "workflows" / workflow).read_text())["permissions"] == {}


@pytest.mark.parametrize(("workflow", "name"), JOBS)
def test_a_job_runs_commands_of_the_project(workflow: str, name: str) -> None:
    targets = re.findall(r"^([a-z0-9-]+):.*## ", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    for step in job(workflow, name).get("steps", []):
        if command := step.get("run"):
            named = re.findall(r"make (?:--silent )?([a-z]+)", command)
            assert command == ".ci/run" or (named and {*named} <= {*targets}), command


def test_no_workflow_has_a_secret() -> None:
    for workflow in WORKFLOWS:
        assert not re.search(r"secrets|access[-_]key", workflow.read_text(), re.IGNORECASE)


def test_every_supported_python_is_tested_and_the_functions_are_deployed_with_theirs() -> None:
    config = json.loads((PROJECT / ".chalice" / "config.json").read_text())
    pythons = job("ci.yml", "check")["strategy"]["matrix"]["python"]
    assert pythons == ["3.11", "3.12", "3.13"]
    steps = job("deploy.yml", "deploy")["steps"]
    settings = {name: value for step in steps for name, value in step.get("with", {}).items()}
    assert settings["python-version"] == config["python_version"]
    assert {settings["aws-region"]} == {
        stage["region"] for name, stage in config["stages"].items() if name != "local"
    }


def test_the_tests_have_the_old_code_that_an_upgrade_starts_from() -> None:
    checkout, *_ = job("ci.yml", "check")["steps"]
    assert checkout["with"]["fetch-depth"] == 0


def test_only_main_and_tags_are_deployed_and_only_after_the_checks() -> None:
    assert job("ci.yml", "dev")["if"] == "github.ref == 'refs/heads/main'"
    assert job("ci.yml", "prod")["if"] == "startsWith(github.ref, 'refs/tags/v')"
    for stage in ("dev", "prod"):
        assert job("ci.yml", stage)["needs"] == ["check", "audit"]
        assert job("ci.yml", stage)["with"] == {"stage": stage}
    assert job("deploy.yml", "deploy")["environment"] == "${{ inputs.stage }}"


def test_dependabot_watches_every_file_that_pins_a_version() -> None:
    updates = yaml.safe_load((GITHUB / "dependabot.yml").read_text())["updates"]
    watched = {
        (update["package-ecosystem"], folder.strip("/"))
        for update in updates
        for folder in update.get("directories", [update.get("directory")])
    }
    tracked = subprocess.run(
        ["git", "ls-files", "*requirements*.txt", "*package-lock.json"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    pinned = {
        ("npm" if name.endswith(".json") else "pip", str(Path(name).parent).strip("."))
        for name in tracked
        if not name.startswith("bench/")  # see dependabot.yml
    }
    assert watched == {*pinned, ("github-actions", "")}
