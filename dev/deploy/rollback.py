"""`make rollback`: deploy the release before the current one again. It builds nothing.

CloudFormation does it, so code, settings, routes and alarms return together, and the next
`make stack` starts from what is live. Moving the aliases alone would be faster, but CodeDeploy
rejects the next deployment of an alias that CloudFormation has not moved.
"""

import os

from dev import machine
from dev.deploy import (
    cloudformation,
    deploy,
    foundations,
    permissions,
    releases,
    stages,
    versions,
)
from dev.deploy.releases import Release
from dev.deploy.stages import ALIAS, Stage


def main() -> None:
    stage = stages.chosen()
    stages.refuse_plan()
    with foundations.aws_account(stage):
        if cloudformation.cancel_update(stage.function):
            machine.say(f"{stage.name} runs what it ran before that deployment.")
            return
        if not cloudformation.is_made(stage.function):
            machine.fail(
                f"{stage.name} was deployed with make deploy, which keeps no earlier release:"
                " check out the last good commit, and run make deploy"
                if deploy.has_begun(stage)
                else f"{stage.name} is not deployed"
            )
        bucket = foundations.packages()
        target = _target(stage, bucket)
        if target is None:
            return
        release = releases.read(stage, bucket, target)
        # It may be older than the boundary, which no role may lose.
        permissions.limit_roles(release.template, foundations.deployer(stage).get("Boundary"))
        if not os.environ.get("RELEASE"):
            refuse_release_of_other_table(stage, release)
        for function in stage.functions:
            versions.prune(function)
        cloudformation.apply(
            stage.function,
            versions.at_once(release.template),
            tags=release.tags,
            bucket=bucket,
        )
        versions.refuse_other_code(stage, release.digest)
        machine.say(f"{stage.name} runs the release {release.name}.")
        url = cloudformation.outputs(stage.function)["EndpointURL"].rstrip("/")
        foundations.say_url(stage, url)


def refuse_release_of_other_table(stage: Stage, release: Release) -> None:
    """Stop if a release uses another table than the stage: a restore came after it."""
    table = foundations.table_in_use(stage, ALIAS)
    if table not in (None, release.table):
        machine.fail(
            f"the release {release.name} uses the table {release.table}, and {stage.name} uses"
            f" {table} since a restore; to keep {table}, check out the good commit, commit this"
            " name as its TABLE_NAME, and run GRADUAL=0 make stack; to return to the old table,"
            f" add RELEASE={release.id}"
        )


def _target(stage: Stage, bucket: str) -> str | None:
    """Return the release to deploy. Return None if the stage has been rolled back already."""
    stored, current = releases.ids(stage, bucket), releases.current(stage)
    position = stored.index(current) if current in stored else len(stored)
    earlier, later = stored[:position], stored[position + 1 :]
    choice = f"choose with RELEASE=... one of {', '.join(stored) or 'none'}"
    if named := os.environ.get("RELEASE"):
        if named not in stored:
            machine.fail(f"{stage.name} has no release {named}; {choice}")
        return named
    if later:
        machine.say(f"{stage.name} has been rolled back to {current}. To go elsewhere, {choice}.")
        return None
    if not earlier:
        machine.fail(f"{stage.name} has no earlier release to go back to")
    return earlier[-1]


if __name__ == "__main__":
    main()
