"""`make doctor`: check whether a stage can be deployed from here. It changes nothing."""

import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from dev import machine
from dev.deploy import cloudformation, domain, foundations, source, stages
from dev.deploy.stages import Stage


class Finding(NamedTuple):
    """The result of a check: one line, and what to do if it is wrong."""

    name: str
    is_ok: bool
    detail: str
    is_doubtful: bool = False
    """Whether the stage can be deployed, and somebody should read the detail."""


def main() -> None:
    findings = []
    for finding in check(stages.chosen()):
        machine.say(f"{_verdict(finding):<6} {finding.name}: {finding.detail}")
        findings.append(finding)
    wrong = sum(not finding.is_ok for finding in findings)
    if wrong:
        machine.fail(f"{wrong} of {len(findings)} checks failed; nothing was changed")


def _verdict(finding: Finding) -> str:
    if not finding.is_ok:
        return "WRONG"
    return "WARN" if finding.is_doubtful else "ok"


def check(stage: Stage) -> Iterator[Finding]:
    """Run every check. The first ones send nothing to AWS."""
    yield _judged("Python", lambda: stages.refuse_other_python(stage), sys.version.split()[0])
    yield _judged("settings", lambda: stages.refuse_wrong_settings(stage), "they can be deployed")
    yield _commit(stage)
    yield from _account(stage)


def _judged(name: str, check: Callable[[], None], detail: str) -> Finding:
    """Return the finding of a check of `make stack`, which exits with a sentence."""
    try:
        check()
    except SystemExit as stopped:
        return _stopped(name, stopped)
    return Finding(name, True, detail)


def _stopped(name: str, stopped: SystemExit) -> Finding:
    return Finding(name, False, str(stopped.code).removeprefix("casting: "))


def _commit(stage: Stage) -> Finding:
    if stage.is_protected:
        return _judged(
            "commit",
            lambda: source.refuse_uncommitted(stage.name, stage.commit),
            str(stage.commit),
        )
    return Finding("commit", True, stage.commit or "unknown, because this is no git repository")


def _account(stage: Stage) -> Iterator[Finding]:
    """Check the account. Stop at its identity if AWS does not accept the credentials."""
    try:
        with foundations.aws_account(stage) as account:
            arn = boto3.client("sts").get_caller_identity()["Arn"]
    except SystemExit as stopped:
        yield _stopped("identity", stopped)
        return
    yield Finding("identity", True, arn)
    yield Finding("region", True, account.region)
    for name, look in (
        ("concurrency", _concurrency),
        ("log role", _log_role),
        ("domain", _domain),
        ("stack", _stack),
    ):
        try:
            yield look(stage)
        except SystemExit as stopped:
            yield _stopped(name, stopped)
        except (ClientError, BotoCoreError) as error:
            yield Finding(name, False, f"it cannot be read: {error}")


def _concurrency(stage: Stage) -> Finding:
    quota = foundations.quota(stage)
    return Finding("concurrency", not quota.is_refused, quota.detail, not quota.is_enough)


def _log_role(_: Stage) -> Finding:
    """Check the role with which API Gateway writes access logs, a setting of the account."""
    arn = boto3.client("apigateway").get_account().get("cloudwatchRoleArn")
    if not arn:
        if cloudformation.is_made(foundations.ACCOUNT_STACK):
            return Finding(
                "log role",
                False,
                "API Gateway has no role for logs any more; set it to the role of the stack"
                f" {foundations.ACCOUNT_STACK}: aws apigateway update-account --patch-operations"
                " op=replace,path=/cloudwatchRoleArn,value=ARN",
            )
        return Finding("log role", True, "none yet; make stack or make deploy creates it")
    client = boto3.client("iam")
    try:
        client.get_role(RoleName=arn.rpartition("/")[2])
    except client.exceptions.NoSuchEntityException:
        return Finding("log role", False, f"{arn} does not exist any more; create it again")
    return Finding("log role", True, arn)


def _domain(stage: Stage) -> Finding:
    """Check the certificate of the stage's address. It is requested by the first deployment."""
    address = domain.of(stage)
    if address is None:
        return Finding("domain", True, "none is configured")
    status = domain.certificate_status(address)
    if status == "ISSUED":
        return Finding("domain", True, f"the certificate of {address.name} is issued")
    if status is None:
        advice = "has no certificate yet; make stack or make deploy requests one"
    else:
        advice = (
            "has a certificate that waits for its DNS record; make stack or make deploy prints it"
        )
    return Finding("domain", True, f"{address.name} {advice}", True)


def _stack(stage: Stage) -> Finding:
    """Check that CloudFormation accepts an update of the stage's stack."""
    stack = cloudformation.find(stage.function)
    if stack is None:
        return Finding("stack", True, "none yet")
    status = stack["StackStatus"]
    if status == "UPDATE_ROLLBACK_FAILED":
        advice = (
            f"{status}; fix what it names, then run aws cloudformation continue-update-rollback"
            f" --stack-name {stage.function}"
        )
        return Finding("stack", False, advice)
    return Finding("stack", True, status)


if __name__ == "__main__":
    main()
