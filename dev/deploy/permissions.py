"""`make deployer`: create the roles and policies of who may deploy a stage.

An administrator runs it once. Everybody else then needs only the policies of
`.chalice/deployer.yaml`: CloudFormation uses a role of its own, and no role of a function can have
more permissions than the stage's boundary.
"""

import json
import os
import re
from typing import Any

import boto3

from dev import machine
from dev.deploy import cloudformation, foundations, stages
from dev.deploy.stages import Stage

GITHUB = "https://token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
# Since 2026, new repositories have ids in the subjects of their tokens: owner@1/name@2.
REPOSITORY = r"[\w.-]+(@\d+)?/[\w.-]+(@\d+)?"
LAMBDA_MAY_ASSUME = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def main() -> None:
    stage = stages.chosen()
    repository = os.environ.get("REPOSITORY")
    if repository and not re.fullmatch(REPOSITORY, repository):
        machine.fail(f"REPOSITORY must be owner/name, as on GitHub, and not {repository}")
    with foundations.aws_account(stage):
        cloudformation.act_as(None)  # the stack must not depend on its own role
        foundations.make_shared(stage)
        if repository:
            _trust_github()
        changed = cloudformation.apply(
            foundations.deployer_stack(stage),
            stage.template("deployer.yaml"),
            tags=stage.tags,
            parameters={} if repository is None else {"Repository": repository},
        )
        machine.say("Who may deploy has changed." if changed else "Nothing has changed.")
        outputs = foundations.deployer(stage)
        machine.say(
            f"For make stack, attach the policy {outputs['Deploy']}.\n"
            f"For make deploy, attach {outputs['Chalice']} too."
        )
        if "Ci" in outputs:
            machine.say(f"On GitHub, set DEPLOY_ROLE of the environment to {outputs['Ci']}.")


def _trust_github() -> None:
    """Let roles of this account trust the tokens of GitHub's workflows. An account does so once."""
    client = boto3.client("iam")
    providers = client.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    if not any(p["Arn"].endswith(GITHUB.partition("//")[2]) for p in providers):
        client.create_open_id_connect_provider(Url=GITHUB, ClientIDList=[AUDIENCE])


def limit_roles(template: dict[str, Any], boundary: str | None) -> None:
    """Add the boundary to every role of a template, if there is one."""
    for resource in template["Resources"].values():
        if boundary and resource["Type"] == "AWS::IAM::Role":
            resource["Properties"]["PermissionsBoundary"] = boundary


def create_roles(stage: Stage) -> None:
    """Create the functions' roles for Chalice, with the boundary, which Chalice does not know.

    Do nothing if there is no boundary: Chalice then creates the roles.
    """
    boundary = foundations.deployer(stage).get("Boundary")
    if boundary is None:
        return
    client = boto3.client("iam")
    for name in stages.CHALICE_FUNCTIONS:
        role = f"{stage.function}-{name}"
        try:
            existing = client.get_role(RoleName=role)["Role"]
        except client.exceptions.NoSuchEntityException:
            client.create_role(
                RoleName=role,
                AssumeRolePolicyDocument=json.dumps(LAMBDA_MAY_ASSUME),
                PermissionsBoundary=boundary,
            )
            continue
        if existing.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn") != boundary:
            client.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=boundary)


if __name__ == "__main__":
    main()
