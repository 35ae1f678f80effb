"""`make doctor`: check whether a stage can be deployed from here. It changes nothing."""

import sys
from collections.abc import Callable, Iterator

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from dev import machine
from dev.deploy import cloudformation, deploy, domain, foundations, source, stages
from dev.deploy.foundations import Finding, Verdict
from dev.deploy.stages import ALIAS, Stage


def main() -> None:
    findings = []
    for finding in check(stages.chosen()):
        machine.say(f"{finding.verdict.value:<6} {finding.name}: {finding.detail}")
        findings.append(finding)
    wrong = sum(finding.verdict is Verdict.WRONG for finding in findings)
    if wrong:
        machine.fail(f"{wrong} of {len(findings)} checks failed; nothing was changed")


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
    return Finding(name, Verdict.OK, detail)


def _stopped(name: str, stopped: SystemExit) -> Finding:
    return Finding(name, Verdict.WRONG, str(stopped.code).removeprefix("casting: "))


def _commit(stage: Stage) -> Finding:
    if stage.is_protected:
        return _judged(
            "commit",
            lambda: source.refuse_uncommitted(stage.name, stage.commit),
            str(stage.commit),
        )
    return Finding(
        "commit", Verdict.OK, stage.commit or "unknown, because this is no git repository"
    )


def _account(stage: Stage) -> Iterator[Finding]:
    """Check the account. Stop at its identity if AWS does not accept the credentials."""
    try:
        with foundations.aws_account(stage) as account:
            arn = boto3.client("sts").get_caller_identity()["Arn"]
    except SystemExit as stopped:
        yield _stopped("identity", stopped)
        return
    yield Finding("identity", Verdict.OK, arn)
    yield Finding("region", Verdict.OK, account.region)
    for name, look in (
        ("table", _table),
        ("concurrency", foundations.quota),
        ("log role", _log_role),
        ("domain", _domain),
        ("stack", _stack),
    ):
        try:
            yield look(stage)
        except SystemExit as stopped:
            yield _stopped(name, stopped)
        except (ClientError, BotoCoreError) as error:
            yield Finding(name, Verdict.WRONG, f"it cannot be read: {error}")


def _table(stage: Stage) -> Finding:
    """Check that the stage keeps its table. Stop if it would not."""
    has_alias = cloudformation.find(stage.function) is not None
    foundations.refuse_other_table(stage, ALIAS if has_alias else deploy.LATEST)
    return Finding("table", Verdict.OK, stage.settings["TABLE_NAME"])


def _log_role(_: Stage) -> Finding:
    """Check the role with which API Gateway writes access logs, a setting of the account."""
    arn = boto3.client("apigateway").get_account().get("cloudwatchRoleArn")
    if not arn:
        if cloudformation.is_made(foundations.ACCOUNT_STACK):
            return Finding(
                "log role",
                Verdict.WRONG,
                "API Gateway has no role for logs any more; set it to the role of the stack"
                f" {foundations.ACCOUNT_STACK}: aws apigateway update-account --patch-operations"
                " op=replace,path=/cloudwatchRoleArn,value=ARN",
            )
        return Finding("log role", Verdict.OK, "none yet; make stack or make deploy creates it")
    client = boto3.client("iam")
    try:
        client.get_role(RoleName=arn.rpartition("/")[2])
    except client.exceptions.NoSuchEntityException:
        return Finding("log role", Verdict.WRONG, f"{arn} does not exist any more; create it again")
    return Finding("log role", Verdict.OK, arn)


def _domain(stage: Stage) -> Finding:
    """Check the certificate of the stage's address. It is requested by the first deployment."""
    address = domain.of(stage)
    if address is None:
        return Finding("domain", Verdict.OK, "none is configured")
    status = domain.certificate_status(address)
    if status == "ISSUED":
        return Finding("domain", Verdict.OK, f"the certificate of {address.name} is issued")
    if status is None:
        advice = "has no certificate yet; make stack or make deploy requests one"
    else:
        advice = (
            "has a certificate that waits for its DNS record; make stack or make deploy prints it"
        )
    return Finding("domain", Verdict.WARN, f"{address.name} {advice}")


def _stack(stage: Stage) -> Finding:
    """Check that CloudFormation accepts an update of the stage's stack."""
    stack = cloudformation.find(stage.function)
    if stack is None:
        return Finding("stack", Verdict.OK, "none yet")
    if obstacle := cloudformation.update_obstacle(stack):
        return Finding("stack", Verdict.WRONG, obstacle)
    status = stack["StackStatus"]
    if cloudformation.is_remnant(stack):
        return Finding(
            "stack", Verdict.WARN, f"{status}; make stack removes it and creates it again"
        )
    return Finding("stack", Verdict.OK, status)


if __name__ == "__main__":
    main()
