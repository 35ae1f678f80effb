"""Who may deploy: the roles and policies of `.chalice/deployer.yaml` are enough, and limited.

tests/deploy/test_deploying.py deploys with exactly these policies.
"""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from chalicelib.store.table import INDEXES
from dev.deploy import permissions, stages
from tests.conftest import PROJECT
from tests.deploy.test_templates import resources_of
from tests.support.checkout import Checkout
from tests.support.sam import translated

MAX_POLICY = 6_144  # characters of a managed policy (IAM)
MAX_ROLE = 10_240  # characters of all policies in a role (IAM)
GATEWAY = "arn:${AWS::Partition}:apigateway:${AWS::Region}::"
STACK = "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack"
SAM = "arn:${AWS::Partition}:cloudformation:${AWS::Region}:aws:transform/Serverless-2016-10-31"
CODEDEPLOY = "arn:${AWS::Partition}:codedeploy:${AWS::Region}:${AWS::AccountId}"
OTHERS = {
    "*": "these actions know no resources",
    f"{CODEDEPLOY}:deploymentconfig:CodeDeployDefault.*": "AWS's own configurations",
    f"{GATEWAY}/account": "API Gateway's role for logs is a setting of the account",
    "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/casting-account-*": "the same role",
    f"{GATEWAY}/restapis": "API Gateway chooses the ids of APIs",
    f"{GATEWAY}/restapis/*": "API Gateway chooses the ids of APIs",
    f"{GATEWAY}/domainnames": "the domain is in the configuration",
    f"{GATEWAY}/domainnames/*": "the domain is in the configuration",
    f"{GATEWAY}/tags/*": "API Gateway chooses the ids of APIs",
    "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/ops.apigateway"
    ".amazonaws.com/*": "API Gateway's own role",
    SAM: "the transform of make stack's template",
    f"{STACK}/casting-account/*": "what all stages share",
    f"{STACK}/casting-deployer-${{STAGE}}/*": "the stack of this template",
    "arn:${AWS::Partition}:s3:::casting-account-*": "the names of packages",
    "arn:${AWS::Partition}:s3:::casting-account-*/casting-${STAGE}/*": "the packages",
}
"""The resources that are not the stage's own, and why they are named."""

NOT_NEEDED = {
    "a customer's own key": r"kms:.*|logs:(Disa|A)ssociateKmsKey",
    "a network or a file system": r"(ec2|elasticfilesystem|s3files):.*",
    "a stream, a replica or an import of a table": (
        r"(kinesis|firehose):.*|iam:CreateServiceLinkedRole|s3:ListBucket|s3:GetObjectMetadata"
        r"|s3:REST.*|dynamodb:(\w+KinesisStreamingDestination|\w+Replica|ImportTable|UpdateTimeToLive"
        r"|UpdateContributorInsights)|logs:(Create|Describe)LogStreams?|logs:PutLogEvents"
    ),
    "the items of a table": r"dynamodb:((BatchWrite|Delete|Get|Put|Update)Item|Query|Scan)",
    "the table is retained": r"dynamodb:DeleteTable",
    "a policy of a resource": r"\w+:(Put|Delete)ResourcePolicy|apigateway:UpdateRestApiPolicy",
    "an own setting of Lambda": (
        r"lambda:\w*(FunctionScaling|ProvisionedConcurrency|RuntimeManagement|CodeSigning"
        r"|FunctionRecursion)Config|lambda:(AssociateRuntimeAlias|PassCapacityProvider)"
    ),
    "a policy of AWS in a role, or a role without the boundary": (
        r"iam:(Attach|Detach)RolePolicy|iam:DeleteRolePermissionsBoundary"
    ),
    "a deployment to machines": r"codedeploy:RegisterOnPremisesInstance",
    "a firewall of another service, or of another account": (
        r"(amplify|apprunner|appsync|bedrock-agentcore|cognito-idp|elasticloadbalancing"
        r"|payments):.*|wafv2:(Get|Put)PermissionPolicy"
    ),
    "a budget of another account": r"billing:GetBillingViewData",
    "a setting of a log or topic": (
        r"logs:(Put|Delete)(DataProtection|Index)Policy|logs:PutBearerTokenAuthentication"
        r"|logs:PutLogGroupDeletionProtection|sns:PutDataProtectionPolicy"
    ),
}
"""What CloudFormation may call for a type of resource, and we use nothing that needs it."""


@cache
def resources() -> Any:
    return yaml.safe_load((PROJECT / ".chalice" / "deployer.yaml").read_text())["Resources"]


def statements(resource: str) -> Any:
    properties = resources()[resource]["Properties"]
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [properties])]
    return [statement for document in documents for statement in document["Statement"]]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def names(statement: Any) -> list[str]:
    """Return the resources of a statement."""
    return [r["Fn::Sub"] if "Fn::Sub" in r else str(r) for r in as_list(statement["Resource"])]


def granted(resource: str) -> list[str]:
    return [action for s in statements(resource) for action in as_list(s["Action"])]


ROLE = "AWS::IAM::Role"
POLICIES = ("Boundary", "ServiceRole", "Deploy", "Chalice")


@pytest.mark.parametrize("policy", POLICIES)
def test_every_permission_is_limited_to_the_stage(policy: str) -> None:
    for statement in statements(policy):
        assert statement["Effect"] == "Allow"
        assert not [action for action in as_list(statement["Action"]) if action.endswith(":*")]
        for name in names(statement):
            if name == str({"Fn::GetAtt": ["ServiceRole", "Arn"]}):
                continue
            if name not in OTHERS:
                own = r"[:/](casting-\$\{STAGE\}|\$\{TABLE_BASE\}|casting/\$\{STAGE\}/)"
                assert re.search(own, name.removeprefix("arn:${AWS::Partition}:")), name


def test_all_of_a_region_is_named_only_where_aws_knows_no_resources() -> None:
    everywhere = {
        action
        for policy in POLICIES
        for statement in statements(policy)
        if "*" in names(statement)
        for action in as_list(statement["Action"])
    }
    assert everywhere == {
        "acm:DescribeCertificate",
        "acm:ListCertificates",
        "acm:RequestCertificate",
        "ce:CreateAnomalyMonitor",
        "ce:CreateAnomalySubscription",
        "ce:DeleteAnomalyMonitor",
        "ce:DeleteAnomalySubscription",
        "ce:GetAnomalyMonitors",
        "ce:GetAnomalySubscriptions",
        "ce:ListTagsForResource",
        "ce:TagResource",
        "ce:UpdateAnomalyMonitor",
        "ce:UpdateAnomalySubscription",
        "cloudwatch:DescribeAlarms",
        "codedeploy:StopDeployment",
        "lambda:GetAccountSettings",
        "logs:CreateLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:PutResourcePolicy",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }


def test_who_may_deploy_cannot_change_who_may_deploy() -> None:
    own = [r["Properties"].get("RoleName") for r in resources().values()]
    roles = [
        f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{name}" for name in own if name
    ]
    assert len(roles) == 2
    for policy in POLICIES:
        for statement in statements(policy):
            if not any(a.startswith("iam:") for a in as_list(statement["Action"])):
                continue
            for role in roles:
                assert not [n for n in names(statement) if fnmatchcase(role, n.replace("[", "[[]"))]
        assert not [a for a in granted(policy) if re.search("iam:.*(User|Policy)$", a)
                    and not re.search("Role(Policy|Policies)$|AssumeRolePolicy$", a)]  # fmt: skip


def test_roles_are_only_made_and_changed_with_the_boundary() -> None:
    for policy in ("ServiceRole", "Chalice"):
        for statement in statements(policy):
            if {"iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"} & {
                *as_list(statement["Action"])
            }:
                boundary = {"iam:PermissionsBoundary": {"Ref": "Boundary"}}
                assert statement["Condition"] == {"StringEquals": boundary}
        assert not {"iam:AttachRolePolicy", "iam:DeleteRolePermissionsBoundary"} & {
            *granted(policy)
        }


def test_roles_are_only_passed_to_the_service_that_needs_them() -> None:
    passed = {
        policy: [s["Condition"]["StringEquals"]["iam:PassedToService"] for s in statements(policy)
                 if s["Action"] == "iam:PassRole"]
        for policy in POLICIES
    }  # fmt: skip
    assert passed == {
        "Boundary": [],
        "ServiceRole": [["codedeploy.amazonaws.com", "lambda.amazonaws.com"]],
        "Deploy": ["cloudformation.amazonaws.com"],
        "Chalice": ["lambda.amazonaws.com"],
    }


def is_within_the_boundary(action: str, resource: str) -> bool:
    return any(
        action in as_list(s["Action"]) and fnmatchcase(resource, name.replace("[", "[[]"))
        for s in statements("Boundary")
        for name in names(s)
    )


@pytest.mark.parametrize("name", ["policy-api.json", "policy-authorizer.json"])
def test_the_boundary_allows_what_the_functions_need(name: str) -> None:
    for statement in json.loads((PROJECT / ".chalice" / name).read_text())["Statement"]:
        for action in as_list(statement["Action"]):
            resource = statement["Resource"].replace("${TABLE_NAME}", "${TABLE_BASE}")
            assert is_within_the_boundary(action, resource), action


@pytest.mark.parametrize("name", ["gradual.yaml", "watch.yaml"])
def test_the_boundary_allows_what_other_roles_need(name: str) -> None:
    arn = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
    arns = {
        "PreTraffic": arn % ("lambda", "function:casting-${STAGE}-hook"),
        "PreTrafficLog": arn % ("logs", "log-group:/aws/lambda/casting-${STAGE}-hook"),
    }
    needed = [
        (action, resource)
        for role in resources_of(name, []).values()
        if role.get("Type") == ROLE
        for policy in role["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in as_list(statement.get("Fn::If", [None, statement])[1]["Action"])
        for resource in as_list(statement.get("Fn::If", [None, statement])[1]["Resource"])
    ]
    assert len(needed) > 2
    for action, resource in needed:
        if isinstance(resource, dict):
            resource = resource.get("Fn::Sub") or arns[resource["Fn::GetAtt"][0]]
        application = "casting-${STAGE}-ServerlessDeploymentApplication-1"
        resource = resource.replace("${ServerlessDeploymentApplication}", application)
        resource = re.sub("STAGE(?!})", "${STAGE}", resource)
        assert is_within_the_boundary(action, resource), (action, resource)


def handlers(types: set[str]) -> Iterator[tuple[str, str]]:
    """Return the actions that CloudFormation calls for these types of resources."""
    known = set()
    linter = find_spec("cfnlint")
    assert linter is not None
    folder = (linter.submodule_search_locations or [""])[0]
    for path in Path(folder, "data", "schemas", "resources").glob("*.json"):
        schema = json.loads(path.read_text())
        if (name := schema.get("typeName")) in types:
            known.add(name)
            for handler, needs in schema["handlers"].items():
                if handler != "list":
                    yield from ((name, action) for action in needs.get("permissions", []))
    assert known == types


TEMPLATES = (
    "domain.yaml",
    "gradual.yaml",
    "operations.yaml",
    "stack.yaml",
    "table.yaml",
    "watch.yaml",
)
MADE_BY_SAM = {"AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup"}
"""The types that SAM adds for `gradual.yaml`."""


def test_the_service_role_may_do_what_each_resource_needs(checkout: Checkout) -> None:
    template = translated(checkout.folder / ".local" / "package" / "dev" / "sam.json")
    types = {r["Type"] for r in template["Resources"].values()} | MADE_BY_SAM
    for name in TEMPLATES:
        types |= {r["Type"] for r in resources_of(name, list(INDEXES)).values() if "Type" in r}
    actions = granted("ServiceRole")
    missing = {
        (name, action)
        for name, action in handlers(types)
        if not any(fnmatchcase(action, grant) for grant in actions)
        and not any(re.fullmatch(pattern, action) for pattern in NOT_NEEDED.values())
    }
    assert missing == set()
    needed = {action for _, action in handlers(types)} | {"apigateway:AddCertificateToDomain"}
    assert not [g for g in actions if not any(fnmatchcase(action, g) for action in needed)]


def test_a_workflow_deploys_only_from_its_repository_and_environment() -> None:
    ci = resources()["Ci"]
    assert ci["Condition"] == "HasRepository"
    (statement,) = ci["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": {
                "Fn::Sub": "repo:${Repository}:environment:${STAGE}"
            },
        }
    }
    assert ci["Properties"]["ManagedPolicyArns"] == [{"Ref": "Deploy"}]


@pytest.mark.parametrize("policy", ["Boundary", "Deploy", "Chalice"])
def test_a_managed_policy_is_not_longer_than_iam_allows(policy: str) -> None:
    document = resources()[policy]["Properties"]["PolicyDocument"]
    assert len(json.dumps(document, separators=(",", ":"))) < MAX_POLICY


def test_the_policies_of_a_role_are_not_longer_than_iam_allows() -> None:
    policies = resources()["ServiceRole"]["Properties"]["Policies"]
    assert len(json.dumps(policies, separators=(",", ":"))) < MAX_ROLE


@pytest.mark.parametrize("repository", ["casting", "agency/casting:*", "agency/*", "a/b/c", "/"])
def test_a_repository_is_one_repository(repository: str) -> None:
    assert not re.fullmatch(permissions.REPOSITORY, repository)


@pytest.mark.parametrize("repository", ["agency/casting", "a-1/b.c", "agency@123/casting@456"])
def test_a_repository_may_have_ids(repository: str) -> None:
    assert re.fullmatch(permissions.REPOSITORY, repository)


def test_another_repository_is_refused_before_anything_is_sent() -> None:
    status, output = Checkout(PROJECT).run(
        "dev.deploy.permissions", STAGE="prod", REPOSITORY="agency/*"
    )
    assert status == 1
    assert output == "casting: REPOSITORY must be owner/name, as on GitHub, and not agency/*\n"


def test_who_may_deploy_cannot_change_the_backups() -> None:
    text = (PROJECT / ".chalice" / "deployer.yaml").read_text()
    names = re.findall(r"(?:role|stack)/(casting-[^\"/]*)", text.replace("${STAGE}", "prod"))
    assert "casting-prod-*" in names
    for name in names:
        assert not fnmatchcase("casting-backup-prod", name), name
    backup = (PROJECT / ".chalice" / "backup.yaml").read_text()
    assert "RoleName: casting-backup-${STAGE}" in backup


def test_the_permissions_hold_for_a_table_that_was_restored() -> None:
    assert stages.table_base("casting-prod-20261122T100000Z") == "casting-prod"
    assert stages.table_base("casting-prod") == "casting-prod"
    assert "${TABLE_NAME}" not in (PROJECT / ".chalice" / "deployer.yaml").read_text()
