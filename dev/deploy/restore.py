"""`make restore`: restore the table of a stage as it was at a time, and deploy the stage with it.

The new table's name follows from TIME. So the same command continues after an interruption, at
any request. The old table is not touched. CANCEL=1 gives up, and starts the API again with the
table that it uses.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import boto3

from dev import machine
from dev.deploy import cloudformation, deploy, domain, foundations, source, stages
from dev.deploy.stages import ALIAS, Stage
from dev.machine import PROJECT

LONGEST = timedelta(days=35)  # of a continuous backup (DynamoDB)
POLL, REPORT = 5, 60  # seconds between two polls of a new table, and between two reports
MAX_PATCHES = 80  # of one UpdateStage (API Gateway)
EXAMPLE = "for example TIME=2026-11-22T10:00:00Z"


def main() -> None:
    stages.refuse_plan()
    moment = None if machine.is_on("CANCEL") else _requested_time()
    # A restore itself changes this file. `chosen` puts the commit with its change into COMMIT.
    commit = source.commit(apart_from=".chalice/config.json")
    stage = stages.chosen()
    if moment:
        stages.refuse_unready(stage)
        if stage.is_protected:
            source.refuse_uncommitted(stage.name, commit)
    with foundations.aws_account(stage):
        way = _way(stage)
        if moment is None:
            _give_up(stage, way, commit)
            return
        restored = _requested_tables(stage, moment, way)
        # The deployment, after the API is stopped, finds this package and builds none.
        if way and _run(stage, "dev.deploy.package", STAGE=stage.name):
            machine.fail("the package cannot be built, so this command has stopped nothing")
        with _resumable(stage) if way else contextlib.nullcontext():
            if restored.is_restored and restored.target == stage.settings["TABLE_NAME"]:
                machine.say(f"{restored.target} is restored and configured already.")
            else:
                _restore(stage, restored, way)
            if way:
                _deploy(stage, way, commit, NEW_TABLE=restored.target)
    if way is None:
        machine.fail(
            f"{stage.name} is not deployed, so only its table is ready: run make stack or"
            f" make deploy with STAGE={stage.name}"
        )
    machine.say(f"{stage.name} is in use again.")
    machine.say(
        "Commit .chalice/config.json. Run make forget again for everybody who was forgotten"
        " since TIME. The old table stays: docs/deploy.md says how to remove it."
    )


def _give_up(stage: Stage, way: str | None, commit: str | None) -> None:
    """Start the API with the table that it uses. Build nothing, unless a deployment is unfinished.

    CloudFormation has finished or rolled back each deployment, and Chalice does not roll back.
    """
    if way is None:
        machine.fail(f"{stage.name} is not deployed, so there is no API to start")
    api_id = _api_id(stage, way)
    in_use, configured = _table_in_use(stage, way), stage.settings["TABLE_NAME"]
    is_other = in_use not in (None, configured)
    advice = (
        f"set TABLE_NAME in .chalice/config.json from {configured} to {in_use}, or run the same"
        " restore with TIME again to continue"
    )
    if way == "stack" or deploy.is_finished(stage, api_id):
        start(stage, way, api_id)
    elif is_other:
        machine.fail(f"CANCEL=1 must repeat an interrupted make deploy; before that, {advice}")
    else:
        with _resumable(stage):
            _deploy(stage, way, commit)
    machine.say(f"{stage.name} is in use again, with the table {in_use or configured}.")
    if is_other:
        machine.say(f"Before the next deployment, {advice}.")


def _requested_time() -> datetime:
    """Return TIME. Stop if it is missing or cannot be restored."""
    text = os.environ.get("TIME", "")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        machine.fail(f"TIME must be a date and a time with its zone, {EXAMPLE}")
    if moment.tzinfo is None:
        machine.fail(f"TIME needs its zone, Z for UTC, {EXAMPLE}")
    now = datetime.now(UTC)
    if moment > now:
        machine.fail(f"TIME is in the future; it is {_shown(now)}")
    if moment < now - LONGEST:
        machine.fail(f"TIME is more than {LONGEST.days} days ago, and no backup is that old")
    return moment.astimezone(UTC).replace(microsecond=0)


def _shown(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Tables(NamedTuple):
    """The tables of a restore, and the time of the backup."""

    source: str
    target: str
    moment: datetime
    is_restored: bool
    """Whether the target exists."""


def _requested_tables(stage: Stage, moment: datetime, way: str | None) -> Tables:
    """Return what to restore. Stop if it cannot be restored, or could not be deployed."""
    configured = stage.settings["TABLE_NAME"]
    source_table = os.environ.get("FROM") or configured
    for name, other in stage.config["stages"].items():
        other_table = other.get("environment_variables", {}).get("TABLE_NAME", "")
        is_other = stages.table_base(source_table) == stages.table_base(other_table)
        if name != stage.name and is_other:
            machine.fail(f"{source_table} is a table of the stage {name}, not of {stage.name}")
    target = target_name(source_table, moment)
    tables = Tables(source_table, target, moment, foundations.described(target) is not None)
    if way:
        foundations.refuse_small_quota(stage)
        domain.of(stage)
        if way == "deploy":
            deploy.refuse_settings(stage)
        cloudformation.refuse_failed(foundations.ACCOUNT_STACK)
        suffix = "" if way == "stack" else "-operations"
        cloudformation.refuse_failed(f"{stage.function}{suffix}")
    if target == configured and tables.is_restored:
        return tables
    in_use = _table_in_use(stage, way) if way else None
    if in_use not in (None, configured) and not os.environ.get("FROM"):
        machine.fail(
            f"{stage.name} uses the table {in_use}, and TABLE_NAME in .chalice/config.json is"
            f" {configured}: name the table to restore with FROM="
        )
    if not tables.is_restored:
        _refuse_outside_backup(source_table, moment)
    return tables


def _table_in_use(stage: Stage, way: str) -> str | None:
    return foundations.table_in_use(stage, ALIAS if way == "stack" else deploy.LATEST)


@contextlib.contextmanager
def _resumable(stage: Stage) -> Iterator[None]:
    """Say how to continue after an error, or after Ctrl+C, because the API may be stopped."""
    try:
        with foundations.aws_errors():
            yield
        return
    except KeyboardInterrupt:
        reason = "the restore was interrupted"
    except SystemExit as stopped:
        reason = str(stopped.code).removeprefix("casting: ")
    except OSError as error:
        reason = str(error)
    machine.fail(
        f"{reason}. Clients of {stage.name} may get 429 now. Run the same command again to"
        f" continue, or make restore STAGE={stage.name} CANCEL=1 to start the API with the table"
        " that it uses"
    )


def _restore(stage: Stage, tables: Tables, way: str | None) -> None:
    """Restore a table under its new name, check it, and configure the stage with it."""
    target = tables.target
    if way:
        machine.say(f"Stopping the API of {stage.name}: clients get 429 ...")
        machine.say("If this command fails, run it again, or with CANCEL=1: that starts the API.")
        stop(stage, _api_id(stage, way))
    if not tables.is_restored:
        machine.say(f"Restoring {tables.source} of {_shown(tables.moment)} as {target} ...")
        client = boto3.client("dynamodb")
        client.restore_table_to_point_in_time(
            SourceTableName=tables.source,
            TargetTableName=target,
            RestoreDateTime=tables.moment,
        )
    wait(target)
    status = _run(stage, "dev.table.verify", TABLE_NAME=target, REPAIR="1")
    if status not in (0, 1):
        machine.fail(f"{target} could not be checked")
    if status:
        machine.say("These problems are not repaired: a person must look at them.")
    configure(stage.name, target)
    machine.say(f"{stage.name} has the table {target} in .chalice/config.json.")


def _deploy(stage: Stage, way: str, commit: str | None, **environment: str) -> None:
    """Deploy the stage from this checkout, and start its API."""
    known = {} if commit is None or commit.endswith(source.DIRTY) else {"COMMIT": commit}
    # The fingerprint of `make deploy` does not show that the API was stopped. CodeDeploy would
    # keep it stopped for minutes, or would not start while an alarm is on.
    known |= {"FORCE": "1", "GRADUAL": "0"}
    if _run(stage, f"dev.deploy.{way}", STAGE=stage.name, **known, **environment):
        machine.fail("the deployment failed")
    start(stage, way, _api_id(stage, way))


def target_name(source: str, moment: datetime) -> str:
    """Return the name of a restored table: the first name of its source, and the time."""
    return f"{stages.table_base(source)}-{moment:%Y%m%dT%H%M%SZ}"


def _refuse_outside_backup(source: str, moment: datetime) -> None:
    """Stop if a table has no continuous backup of this time."""
    if foundations.described(source) is None:
        machine.fail(f"there is no table {source}; name another table of the stage with FROM=")
    client = boto3.client("dynamodb")
    backups = client.describe_continuous_backups(TableName=source)["ContinuousBackupsDescription"]
    window = backups.get("PointInTimeRecoveryDescription", {})
    if window.get("PointInTimeRecoveryStatus") != "ENABLED":
        machine.fail(f"{source} has no continuous backup; name another table with FROM=")
    first, last = window["EarliestRestorableDateTime"], window["LatestRestorableDateTime"]
    if not first <= moment <= last:
        machine.fail(
            f"{source} can be restored as it was between {_shown(first)} and {_shown(last)}, not"
            f" at {_shown(moment)}; a table from before has its own backup, which FROM= names"
        )


def wait(table: str) -> None:
    """Wait until a restored table and its indexes can be used, however long it takes."""
    started = reported = time.monotonic()
    while True:
        description = foundations.described(table) or {"TableStatus": "CREATING"}
        indexes = description.get("GlobalSecondaryIndexes", [])
        states = {description["TableStatus"], *(index["IndexStatus"] for index in indexes)}
        if states == {"ACTIVE"}:
            return
        if time.monotonic() - reported > REPORT:
            reported = time.monotonic()
            minutes = int(reported - started) // 60
            machine.say(f"  {minutes} min: {table} is {', '.join(sorted(states - {'ACTIVE'}))}")
        time.sleep(POLL)


def configure(stage: str, table: str) -> None:
    """Write a table's name into the stage in `.chalice/config.json`, and leave the rest as it is.

    Nothing is written if the file is too unusual for that.
    """
    file = PROJECT / ".chalice" / "config.json"
    text = file.read_text()
    changed = re.sub(
        rf'("{stage}"\s*:\s*\{{.*?"TABLE_NAME"\s*:\s*)"[^"]*"',
        lambda match: match[1] + json.dumps(table),
        text,
        count=1,
        flags=re.DOTALL,
    )
    expected = json.loads(text)
    expected["stages"][stage]["environment_variables"]["TABLE_NAME"] = table
    if json.loads(changed) != expected:
        machine.fail(f"set TABLE_NAME of {stage} to {table} in .chalice/config.json yourself")
    fresh = Path(f"{file}.new")
    fresh.write_text(changed)
    fresh.replace(file)


def _way(stage: Stage) -> str | None:
    """Return how a stage is deployed: `stack` or `deploy`, or None if it is not."""
    if cloudformation.is_made(stage.function):
        return "stack"
    return "deploy" if deploy.record_what_is_deployed(stage) else None


def _api_id(stage: Stage, way: str) -> str:
    if way == "deploy":
        return str(deploy.record_what_is_deployed(stage))
    return cloudformation.outputs(stage.function)["RestAPIId"]


def stop(stage: Stage, api_id: str) -> None:
    """Set every limit of the API to 0: it answers 429, and no request reaches a function."""
    _limit(stage, api_id, dict.fromkeys(_settings(stage, api_id), ("0", "0")))


def start(stage: Stage, way: str, api_id: str) -> None:
    """Set the limits of the API again, which CloudFormation does not do itself."""
    settings = _stack_settings(stage) if way == "stack" else deploy.method_settings(stage)
    limits = {
        # CloudFormation's path has a slash that API Gateway's has not, and is / for the root.
        f"{setting['ResourcePath'].removeprefix('/') or '~1'}/{setting['HttpMethod']}": (
            str(setting["ThrottlingRateLimit"]),
            str(setting["ThrottlingBurstLimit"]),
        )
        for setting in settings
        if "ThrottlingRateLimit" in setting
    }
    _limit(stage, api_id, limits)


def _stack_settings(stage: Stage) -> list[dict[str, Any]]:
    """Return the settings of the methods in the template of the API's stack."""
    body = boto3.client("cloudformation").get_template(
        StackName=stage.function, TemplateStage="Processed"
    )["TemplateBody"]
    template = body if isinstance(body, dict) else json.loads(body)
    (settings,) = (
        resource["Properties"]["MethodSettings"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::ApiGateway::Stage"
    )
    return list(settings)


def _settings(stage: Stage, api_id: str) -> set[str]:
    """Return the methods that have limits of their own, such as `~1health/GET`, and `*/*`."""
    description = boto3.client("apigateway").get_stage(restApiId=api_id, stageName=stage.name)
    return {"*/*", *description.get("methodSettings", {})}


def _limit(stage: Stage, api_id: str, limits: dict[str, tuple[str, str]]) -> None:
    patches = [
        {"op": "replace", "path": f"/{key}/throttling/{name}", "value": value}
        for key, values in limits.items()
        for name, value in zip(("rateLimit", "burstLimit"), values, strict=True)
    ]
    # The other limits were set by hand.
    for key in _settings(stage, api_id) - limits.keys():
        patches.append({"op": "remove", "path": f"/{key}"})
    client = boto3.client("apigateway", config=deploy.PATIENT)
    for number in range(0, len(patches), MAX_PATCHES):
        client.update_stage(
            restApiId=api_id,
            stageName=stage.name,
            patchOperations=patches[number : number + MAX_PATCHES],
        )


def _run(stage: Stage, module: str, **environment: str) -> int:
    """Run another command: it reads the settings of the new table. Return its exit status."""
    return subprocess.run(
        [sys.executable, "-m", module],
        cwd=PROJECT,
        env={**stages.clean_environment(stage), **environment},
    ).returncode


if __name__ == "__main__":
    main()
