"""Deploy after an interruption or a change, roll back, restore and undeploy."""

import contextlib
import json
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from dev.deploy import versions
from tests.deploy import test_permissions
from tests.deploy.interruptions import Interruption, dies, nth, works
from tests.deploy.test_deployed import state
from tests.support.checkout import Checkout
from tests.support.cloud import Cloud, TlsIssuer
from tests.support.deployment import STAGES, Live, Site, api_of, deployer, live_stage

# An account of their own, in which processes are killed


@pytest.fixture(scope="module")
def own_account(
    tmp_path_factory: pytest.TempPathFactory, cloud_issuer: TlsIssuer, site: Site
) -> Iterator[tuple[Cloud, Site]]:
    """An empty AWS account, and a checkout that can be changed, whose owner may only deploy."""
    cloud = Cloud(tmp_path_factory.mktemp("own_account"), cloud_issuer.ca)
    mine = Site(Checkout(tmp_path_factory.mktemp("mine") / "casting", site.checkout), cloud)
    yield cloud, deployer(mine, cloud)
    cloud.stop()


def test_the_next_run_continues_an_interrupted_deployment(
    own_account: tuple[Cloud, Site], cloud_issuer: TlsIssuer
) -> None:
    cloud, site = own_account
    # The API exists, and Chalice has not recorded it. `make interrupt` has every other request.
    assert dies(cloud, site, "deploy", nth(1, "POST /restapis?", "mode=import"))
    live = live_stage("deploy", site.make("deploy", "deploy"), cloud, cloud_issuer)
    assert len(cloud.client("apigateway").get_rest_apis()["items"]) == 1
    assert works(live)
    assert "othing has changed" in site.make("deploy", "deploy")


def test_an_interrupted_change_is_not_reported_as_no_change(
    own_account: tuple[Cloud, Site], cloud_issuer: TlsIssuer
) -> None:
    cloud, site = own_account
    live = site.deployed("deploy", cloud_issuer)
    before = site.checkout.config
    site.checkout.write_config({**before, "lambda_memory_size": 2048})
    assert dies(cloud, site, "deploy", nth(1, "PUT ", "/configuration "))
    site.checkout.write_config(before)
    assert "dev is deployed" in site.make("deploy", "deploy")
    configuration = cloud.client("lambda").get_function_configuration(FunctionName=live.function)
    assert configuration["MemorySize"] == 1024
    assert works(live)


def test_the_next_run_continues_an_interrupted_stack(
    own_account: tuple[Cloud, Site], cloud_issuer: TlsIssuer
) -> None:
    cloud, site = own_account
    assert dies(cloud, site, "stack", nth(1, "Action=CreateChangeSet", "StackName=casting-prod&"))
    assert dies(cloud, site, "stack", nth(1, "Action=ExecuteChangeSet", "StackName=casting-prod&"))
    live = live_stage("stack", site.make("stack", "stack"), cloud, cloud_issuer)
    assert works(live)
    assert "othing has changed" in site.make("stack", "stack")


def interrupted(
    cloud: Cloud, site: Site, after: Callable[[str], bool], then: Callable[[], Any]
) -> str:
    """Run `make deploy`, and call a function after a certain request. Return the output."""
    interruption = Interruption(cloud, after)
    interruption.die = then
    try:
        output = site.make("deploy", "deploy", AWS_ENDPOINT_URL=interruption.url, FORCE="1")
        assert "dev is deployed" in output
        return output
    finally:
        interruption.close()


def test_sources_that_change_during_a_deployment_are_not_deployed(
    own_account: tuple[Cloud, Site], cloud_issuer: TlsIssuer
) -> None:
    cloud, site = own_account
    changes = {
        "chalicelib/routes/service.py": ('"casting"', '"changed"'),
        "requirements.txt": ("requests", "# requests"),
        ".chalice/policy-authorizer.json": ("logs:PutLogEvents", "dynamodb:*"),
    }
    good = {name: (site.checkout.folder / name).read_text() for name in changes}

    def write(files: dict[str, str]) -> None:
        for name, text in files.items():
            (site.checkout.folder / name).write_text(text)

    changed = {name: good[name].replace(*change) for name, change in changes.items()}
    assert all(changed[name] != good[name] for name in changes)
    output = interrupted(
        cloud,
        site,
        nth(1, "Action=CreateChangeSet", "casting-dev-operations"),
        lambda: write(changed),
    )
    write(good)
    live = live_stage("deploy", output, cloud, cloud_issuer)
    assert live.as_("nobody").get("/")["name"] == "casting"
    assert works(live)
    iam = cloud.client("iam")
    (name,) = iam.list_role_policies(RoleName="casting-dev-auth0")["PolicyNames"]
    policy = iam.get_role_policy(RoleName="casting-dev-auth0", PolicyName=name)
    assert "dynamodb" not in json.dumps(policy["PolicyDocument"])


def test_two_simultaneous_deployments_are_reported(
    own_account: tuple[Cloud, Site], cloud_issuer: TlsIssuer, tmp_path: Path
) -> None:
    cloud, site = own_account
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as zipped:
        zipped.writestr("app.py", "app = print")

    def deploy_other_code() -> None:
        cloud.client("lambda").update_function_code(
            FunctionName="casting-dev", ZipFile=other.read_bytes()
        )

    site.deployed("deploy", cloud_issuer)
    interruption = Interruption(cloud, nth(1, "POST /restapis/", "/deployments "))
    interruption.die = deploy_other_code
    try:
        status, output = site.try_to_make(
            "deploy", "deploy", AWS_ENDPOINT_URL=interruption.url, FORCE="1"
        )
    finally:
        interruption.close()
    assert status == 1
    assert "somebody else deployed at the same time" in output
    assert works(live_stage("deploy", site.make("deploy", "deploy"), cloud, cloud_issuer))
    deploy_other_code()  # as if by hand: the fingerprint alone would not show it
    assert works(live_stage("deploy", site.make("deploy", "deploy"), cloud, cloud_issuer))


def test_a_deployed_stage_cannot_move_to_another_region(
    own_account: tuple[Cloud, Site], cloud_issuer: TlsIssuer
) -> None:
    cloud, site = own_account
    live = site.deployed("deploy", cloud_issuer)
    before, config = state(cloud, live), site.checkout.config
    moved = json.loads(json.dumps(config))
    moved["stages"]["dev"]["region"] = "eu-west-1"
    site.checkout.write_config(moved)
    administrator = Site(site.checkout, cloud)  # the owner may do nothing in another region
    for target in ("deploy", "undeploy"):
        status, output = administrator.try_to_make(target, "deploy", AWS_DEFAULT_REGION="eu-west-1")
        assert status == 1
        assert "dev is deployed in eu-central-1, not in eu-west-1" in output
    site.checkout.write_config(config)
    assert state(cloud, live) == before


def test_two_commands_of_one_checkout_wait_for_each_other(own_account: tuple[Cloud, Site]) -> None:
    _, site = own_account
    deploying = site.checkout.start("dev.deploy.deploy", STAGE="dev", FORCE="1", **site.environment)
    packaging = [site.checkout.start("dev.deploy.package", STAGE="prod") for _ in range(2)]
    for process in (deploying, *packaging):
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0, output


def test_a_table_whose_stack_failed_is_imported(
    own_account: tuple[Cloud, Site], cloud_issuer: TlsIssuer
) -> None:
    cloud, site = own_account
    file = site.checkout.folder / ".chalice" / "table.yaml"
    good, before = file.read_text(), site.checkout.config
    site.deployed("deploy", cloud_issuer)
    site.checkout.set("dev", TABLE_NAME="casting-dev-3")
    file.write_text(
        good.replace(
            "Outputs:",
            "  Wrong:\n    Type: AWS::CloudWatch::Alarm\n    DependsOn: Table\n"
            "    Properties: {AlarmName: wrong}\nOutputs:",
        )
    )
    status, output = site.try_to_make("deploy", "deploy")
    assert status == 1
    assert "dev uses the table casting-dev, and TABLE_NAME" in output
    status, output = site.try_to_make("deploy", "deploy", NEW_TABLE="casting-dev-3")
    assert status == 1
    assert "Wrong: " in output
    file.write_text(good)
    output = site.make("deploy", "deploy", NEW_TABLE="casting-dev-3")
    assert works(live_stage("deploy", output, cloud, cloud_issuer))
    site.checkout.write_config(before)
    site.make("deploy", "deploy", NEW_TABLE="casting-dev")


def test_a_new_setting_is_served_by_a_new_version(
    own_account: tuple[Cloud, Site], cloud_issuer: TlsIssuer
) -> None:
    cloud, site = own_account
    functions, before = cloud.client("lambda"), site.checkout.config

    def live_version(name: str) -> tuple[int, int]:
        """Return the number of the version that is called, and its memory."""
        called = functions.get_function_configuration(FunctionName=name, Qualifier="live")
        return int(called["Version"]), called["MemorySize"]

    site.deployed("stack", cloud_issuer)
    names = ("casting-prod", "casting-prod-auth0")
    first = [live_version(name) for name in names]
    site.checkout.write_config({**before, "lambda_memory_size": 2048})
    live = live_stage("stack", site.make("stack", "stack"), cloud, cloud_issuer)
    assert [live_version(name) for name in names] == [(n + 1, 2048) for n, _ in first]
    old = functions.get_function_configuration(FunctionName=names[0], Qualifier=str(first[0][0]))
    assert old["MemorySize"] == 1024
    assert works(live)
    site.checkout.write_config(before)
    assert "prod is deployed" in site.make("stack", "stack")
    assert [live_version(name) for name in names] == [(n + 2, 1024) for n, _ in first]


def test_versions_that_nobody_needs_are_deleted(
    own_account: tuple[Cloud, Site], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cloud, _ = own_account
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    functions, code = cloud.client("lambda"), tmp_path / "code.zip"
    with zipfile.ZipFile(code, "w") as zipped:
        zipped.writestr("app.py", "app = print")

    def numbers() -> list[str]:
        pages = functions.get_paginator("list_versions_by_function").paginate(FunctionName="many")
        return [version["Version"] for page in pages for version in page["Versions"]]

    role = cloud.client("iam").create_role(RoleName="many", AssumeRolePolicyDocument="{}")["Role"]
    functions.create_function(
        FunctionName="many",
        Runtime="python3.13",
        Handler="app.app",
        Role=role["Arn"],
        Code={"ZipFile": code.read_bytes()},
    )
    for number in range(1, 61):  # more than a page
        functions.update_function_configuration(FunctionName="many", Description=str(number))
        functions.publish_version(FunctionName="many")
    versions.prune("many")  # nothing is live
    versions.prune("absent")
    assert len(numbers()) == 61
    functions.create_alias(FunctionName="many", Name="live", FunctionVersion="58")
    versions.prune("many")
    assert numbers() == ["$LATEST", "56", "57", "58"]
    versions.prune("many")
    assert numbers() == ["$LATEST", "56", "57", "58"]


def test_what_a_failed_deployment_has_published_is_deleted_by_the_next(
    own_account: tuple[Cloud, Site], cloud_issuer: TlsIssuer
) -> None:
    cloud, site = own_account
    site.deployed("stack", cloud_issuer)
    functions = cloud.client("lambda")
    functions.update_function_configuration(FunctionName="casting-prod", Description="failed")
    orphan = functions.publish_version(FunctionName="casting-prod")["Version"]
    assert "othing has changed" in site.make("stack", "stack")
    listed = functions.list_versions_by_function(FunctionName="casting-prod")["Versions"]
    assert orphan not in [version["Version"] for version in listed]


def test_a_rollback_deploys_the_release_before_and_the_next_deployment_continues_from_it(
    own_account: tuple[Cloud, Site], cloud_issuer: TlsIssuer
) -> None:
    cloud, site = own_account
    before = site.checkout.config

    def deploy(digit: str, **changes: int) -> Live:
        site.checkout.write_config({**before, **changes})
        output = site.make("stack", "stack", COMMIT=digit * 40)
        assert "prod is deployed" in output
        return live_stage("stack", output, cloud, cloud_issuer)

    def runs(digit: str, memory: int = 1024) -> bool:
        """Return whether a commit is what answers, what the functions run and what the tag says."""
        functions, stacks = cloud.client("lambda"), cloud.client("cloudformation")
        called = [
            functions.get_function_configuration(FunctionName=name, Qualifier="live")
            for name in ("casting-prod", "casting-prod-auth0")
        ]
        (stack,) = stacks.describe_stacks(StackName="casting-prod")["Stacks"]
        return (
            live.as_("nobody").get("/")["commit"] == digit * 40
            and {"Key": "commit", "Value": digit * 40} in stack["Tags"]
            and stack["EnableTerminationProtection"]
            and {call["MemorySize"] for call in called} == {memory}
            and {call["Environment"]["Variables"]["COMMIT"] for call in called} == {digit * 40}
        )

    live = deploy("a")
    deploy("b", lambda_memory_size=2048)
    assert runs("b", memory=2048)
    assert f"(commit {'a' * 12})" in site.make("rollback", "stack")
    assert runs("a")
    deploy("c")
    assert runs("c")
    # The release that was rolled back is not one to go back to.
    site.make("rollback", "stack")
    assert runs("a")
    # A second time, it goes no further back.
    assert "prod has been rolled back to " in site.make("rollback", "stack")
    assert runs("a")
    assert works(live)
    site.checkout.write_config(before)


def test_a_plan_and_the_doctor_change_nothing(
    own_account: tuple[Cloud, Site], cloud_issuer: TlsIssuer
) -> None:
    cloud, site = own_account
    stacks, before = cloud.client("cloudformation"), site.checkout.config

    def existing() -> list[tuple[str, str, Any]]:
        return [
            (stack["StackName"], stack["StackStatus"], stack.get("LastUpdatedTime"))
            for stack in stacks.describe_stacks()["Stacks"]
        ]

    live = live_stage("stack", site.make("stack", "stack"), cloud, cloud_issuer)

    def change_sets() -> list[str]:
        listed = stacks.list_change_sets(StackName="casting-prod")["Summaries"]
        return [change_set["ChangeSetId"] for change_set in listed]

    was, stacks_before, sets_before = state(cloud, live), existing(), change_sets()
    site.checkout.write_config({**before, "lambda_memory_size": 2048})
    output = site.make("stack", "stack", PLAN="1", COMMIT="")  # also of what is not committed
    assert "casting-prod: Modify APIHandler (AWS::Lambda::Function)\n" in output
    assert "casting-prod-table: nothing would change" in output
    domain = {"name": "api.agency.com"}
    stages = {**before["stages"], "prod": {**before["stages"]["prod"], "domain": domain}}
    site.checkout.write_config({**before, "stages": stages})
    assert "WARN   domain: api.agency.com has no certificate yet" in site.make("doctor", "stack")
    assert (state(cloud, live), existing(), change_sets()) == (was, stacks_before, sets_before)
    site.checkout.write_config(before)
    # The change set of a new stage creates an empty stack, which is removed.
    site.make("undeploy", "deploy")
    output = site.make("stack", "deploy", PLAN="1")
    assert "casting-dev: Add APIHandler (AWS::Lambda::Function)\n" in output
    assert "casting-dev" not in [name for name, *_ in existing()]


def test_what_an_interrupted_deployment_left_is_removed_and_does_not_block_the_other_way(
    own_account: tuple[Cloud, Site],
) -> None:
    cloud, site = own_account
    site.make("undeploy", "deploy")
    assert dies(cloud, site, "deploy", nth(1, "Action=CreateRole"))
    status, output = site.checkout.run("dev.deploy.stack", STAGE="dev", **site.environment)
    assert status == 1
    assert "dev was deployed with make deploy" in output
    site.make("undeploy", "deploy")
    roles = cloud.client("iam").list_roles()["Roles"]
    assert not [role for role in roles if role["RoleName"].startswith("casting-dev")]
    stacks = cloud.client("cloudformation").describe_stacks()["Stacks"]
    assert "casting-dev-operations" not in [stack["StackName"] for stack in stacks]


@pytest.mark.parametrize("way", STAGES)
def test_undeploying_keeps_only_the_table_and_the_next_deployment_uses_it(
    own_account: tuple[Cloud, Site], cloud_issuer: TlsIssuer, tmp_path: Path, way: str
) -> None:
    cloud, site = own_account
    stage, name = STAGES[way], f"casting-{STAGES[way]}"
    config = site.checkout.config
    config["stages"][stage]["domain"] = {"name": f"{stage}.agency.com", "base_path": "v1"}
    site.checkout.write_config(config)

    def mappings() -> list[Any]:
        gateway = cloud.client("apigateway")
        return gateway.get_base_path_mappings(domainName=f"{stage}.agency.com").get("items", [])  # type: ignore[no-any-return]  # boto3 has no types

    movie_id = site.deployed(way, cloud_issuer).as_("producer").new_movie()
    assert "is watched" in site.make("watch", way, URL="https://api.example", SILENT_HOURS="84")
    alarms = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {f"{name}-probe", f"{name}-silence"} <= {alarm["AlarmName"] for alarm in alarms}
    first = "DELETE /" if way == "deploy" else "Action=DeleteStack"
    site.checkout.set(stage, TABLE_NAME="another")
    assert dies(cloud, site, way, nth(1, first), "undeploy")
    output = site.make("undeploy", way)
    assert f"{stage} is removed. Its table {name} is kept" in output
    site.checkout.write_config(config)
    assert mappings() == []
    (*_, remaining) = cloud.client("dynamodb").scan(TableName=name)["Items"]
    assert remaining
    functions = cloud.client("lambda").list_functions()["Functions"]
    assert not [f for f in functions if f["FunctionName"].startswith(name)]
    roles = cloud.client("iam").list_roles()["Roles"]
    assert not [role for role in roles if role["RoleName"].startswith(name)]
    groups = cloud.client("logs").describe_log_groups()["logGroups"]
    assert not [g for g in groups if stage in g["logGroupName"]]
    alarms = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert not [alarm for alarm in alarms if alarm["AlarmName"].startswith(name)]
    stacks = cloud.client("cloudformation").describe_stacks()["Stacks"]
    remaining_stacks = {s["StackName"] for s in stacks if s["StackName"].startswith(name)}
    assert remaining_stacks & {name, f"{name}-operations", f"{name}-table"} == {f"{name}-table"}
    # A second time, or another machine, does no harm.
    fresh = Site(Checkout(tmp_path / "fresh"), cloud)
    fresh.checkout.write_config(site.checkout.config)
    assert "is removed" in fresh.make("undeploy", way)
    again = live_stage(way, site.make(way, way), cloud, cloud_issuer)
    assert again.as_("producer").get(f"/movies/{movie_id}").status == 200
    iam = cloud.client("iam")
    roles = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    own = [iam.get_role(RoleName=role)["Role"] for role in roles if role.startswith(f"{name}-")]
    boundaries = [role["PermissionsBoundary"]["PermissionsBoundaryArn"] for role in own]
    assert boundaries == [f"arn:aws:iam::000000000000:policy/casting-boundary-{stage}"] * 2
    mapping = {"basePath": "v1", "restApiId": again.api_id, "stage": stage}
    assert mappings() == [mapping]
    del config["stages"][stage]["domain"]
    site.checkout.write_config(config)


def test_a_stack_that_cannot_be_created_is_reported_and_can_be_fixed(
    own_account: tuple[Cloud, Site], cloud_issuer: TlsIssuer
) -> None:
    cloud, site = own_account
    site.make("undeploy", "stack")
    alarms = site.checkout.folder / ".chalice" / "operations.yaml"
    good = alarms.read_text()
    alarms.write_text(good.replace("MetricName: 5XXError", "Unknown: 5XXError"))
    status, output = site.try_to_make("stack", "stack")
    assert status == 1
    assert "the operation on the stack casting-prod failed" in output
    assert "ServerErrorsAlarm: " in output
    alarms.write_text(good)
    output = site.make("stack", "stack")
    # AWS allows nothing but the removal of a stack whose creation has failed.
    assert "Removing the stack casting-prod" in output
    assert works(live_stage("stack", output, cloud, cloud_issuer))


def test_the_mail_address_for_alarms_is_kept(own_account: tuple[Cloud, Site]) -> None:
    cloud, site = own_account

    def subscribers() -> list[str]:
        subscriptions = cloud.client("sns").list_subscriptions()["Subscriptions"]
        return [s["Endpoint"] for s in subscriptions if s["TopicArn"].endswith("-prod-alarms")]

    assert subscribers() == []
    site.make("stack", "stack", ALARM_EMAIL="night@agency.example")
    assert subscribers() == ["night@agency.example"]
    site.make("stack", "stack")
    assert subscribers() == ["night@agency.example"]
    site.make("stack", "stack", ALARM_EMAIL="")
    assert subscribers() == []


def minutes_ago(minutes: float) -> str:
    """Return a time in the past, as `make restore` accepts it."""
    return (datetime.now(UTC) - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_stage_is_restored_also_after_interruptions(
    own_account: tuple[Cloud, Site], cloud_issuer: TlsIssuer
) -> None:
    cloud, site = own_account
    administrator = Site(site.checkout, cloud)  # a restore reads and writes items
    template = site.checkout.folder / ".chalice" / "stack.yaml"
    good = template.read_text()
    own = "ResourcePath: /~1movies, HttpMethod: GET"
    limits = "ThrottlingRateLimit: 7, ThrottlingBurstLimit: 8"
    settings = f"MethodSettings:\n        - {{{own}, {limits}}}"
    template.write_text(good.replace("MethodSettings:", settings))
    live = live_stage("stack", site.make("stack", "stack"), cloud, cloud_issuer)
    movie_id = live.as_("producer").new_movie("From before")
    gateway, dynamodb = cloud.client("apigateway"), cloud.client("dynamodb")
    api = {"restApiId": live.api_id, "stageName": "prod"}
    before_it = gateway.get_stage(**api)["methodSettings"]
    assert before_it["~1movies/GET"]["throttlingRateLimit"] == 7
    moment, before = minutes_ago(0), site.checkout.config
    table = f"casting-prod-{re.sub('[-:]', '', moment)}"
    (stray := site.checkout.folder / "chalicelib" / "stray.txt").touch()
    assert "has stopped nothing" in administrator.try_to_make("restore", "stack", TIME=moment)[1]
    assert works(live)
    stray.unlink()
    for point in (
        nth(1, "PATCH /restapis/"),
        nth(1, '"TargetTableName"'),
        nth(1, "Action=ExecuteChangeSet", "StackName=casting-prod&"),
    ):
        assert dies(cloud, administrator, "stack", point, "restore", TIME=moment)
        for path in ("/movies", f"/movies/{movie_id}"):
            assert live.as_("producer").get(path).status == 429
    output = administrator.make("restore", "stack", TIME=moment)
    assert "prod is in use again" in output
    assert site.checkout.config["stages"]["prod"]["environment_variables"]["TABLE_NAME"] == table
    assert gateway.get_stage(**api)["methodSettings"] == before_it
    assert live.as_("producer").patch(f"/movies/{movie_id}", {"title": "Restored"}).status == 200
    description = dynamodb.describe_table(TableName=table)["Table"]
    assert description["DeletionProtectionEnabled"]
    key = {"pk": {"S": f"MOVIE#{movie_id}"}, "sk": {"S": "#"}}
    titles = [
        dynamodb.get_item(TableName=name, Key=key)["Item"]["title"]["S"]
        for name in ("casting-prod", table)
    ]
    assert titles == ["From before", "Restored"]
    # A second time, it changes nothing, and stops nothing.
    stops = nth(1, "/throttling/", '"0"')
    assert not dies(cloud, administrator, "stack", stops, "restore", TIME=moment)
    template.write_text(good)
    # A checkout from before the restore.
    site.checkout.write_config(before)
    for plan in ("0", "1"):
        status, output = site.try_to_make("stack", "stack", PLAN=plan)
        assert status == 1
        assert f"prod uses the table {table}, and TABLE_NAME" in output
    assert "prod is deployed" in site.make("stack", "stack", NEW_TABLE="casting-prod")


def test_a_restore_that_is_given_up_starts_the_api_again(
    own_account: tuple[Cloud, Site], cloud_issuer: TlsIssuer
) -> None:
    cloud, site = own_account
    administrator = Site(site.checkout, cloud)  # a restore reads and writes items
    live = live_stage("deploy", site.make("deploy", "deploy"), cloud, cloud_issuer)
    api = {"restApiId": live.api_id, "stageName": "dev"}
    limits = cloud.client("apigateway").get_stage(**api)["methodSettings"]
    before = site.checkout.config
    status, output = administrator.try_to_make("restore", "deploy", TIME=minutes_ago(90))
    assert status == 1
    assert "casting-dev can be restored as it was between" in output
    assert works(live)
    assert dies(cloud, administrator, "deploy", nth(1, "PATCH "), "restore", TIME=minutes_ago(5))
    assert live.as_("producer").get("/movies").status == 429
    deploys = nth(1, "Action=CreateChangeSet")
    assert not dies(cloud, administrator, "deploy", deploys, "restore", CANCEL="1")
    assert cloud.client("apigateway").get_stage(**api)["methodSettings"] == limits
    assert site.checkout.config == before
    assert works(live)


def test_a_checkout_that_was_moved_continues_with_the_same_api(
    own_account: tuple[Cloud, Site], cloud_issuer: TlsIssuer, tmp_path: Path
) -> None:
    cloud, site = own_account
    first = site.deployed("deploy", cloud_issuer).api_id
    moved = Checkout(tmp_path / "moved", like=site.checkout)
    shutil.rmtree(site.checkout.folder / ".chalice" / "deployed")  # it does not exist any more
    output = Site(moved, cloud).make("deploy", "deploy", FORCE="1")
    assert api_of(output) == first
    assert works(live_stage("deploy", output, cloud, cloud_issuer))


def test_a_working_stack_is_not_removed_after_a_failed_import(
    own_account: tuple[Cloud, Site], cloud_issuer: TlsIssuer
) -> None:
    cloud, site = own_account
    first, stack = site.deployed("deploy", cloud_issuer).api_id, "casting-dev-operations"
    client = cloud.client("cloudformation")
    template = client.get_template(StackName=stack, TemplateStage="Processed")
    body = template["TemplateBody"]
    body = body if isinstance(body, dict) else json.loads(body)
    body["Resources"]["Foreign"] = {
        "Type": "AWS::Logs::LogGroup",
        "DeletionPolicy": "Retain",
        "Properties": {"LogGroupName": "/foreign"},
    }
    cloud.client("logs").create_log_group(logGroupName="/foreign")
    change = client.create_change_set(
        StackName=stack,
        ChangeSetName="foreign",
        ChangeSetType="IMPORT",
        Capabilities=["CAPABILITY_IAM"],
        ResourcesToImport=[
            {
                "ResourceType": "AWS::Logs::LogGroup",
                "LogicalResourceId": "Foreign",
                "ResourceIdentifier": {"LogGroupName": "/foreign"},
            }
        ],
        TemplateBody=json.dumps(body),
    )["Id"]
    cloud.client("logs").delete_log_group(logGroupName="/foreign")
    with contextlib.suppress(client.exceptions.ClientError):
        client.execute_change_set(ChangeSetName=change, StackName=stack)
    (description,) = client.describe_stacks(StackName=stack)["Stacks"]
    assert description["StackStatus"] == "IMPORT_ROLLBACK_COMPLETE"
    output = site.make("deploy", "deploy")
    assert api_of(output) == first
    assert "Removing" not in output


# The owner of that account has only the policies of `make deployer`


def test_who_may_deploy_may_do_nothing_else(own_account: tuple[Cloud, Site]) -> None:
    cloud, site = own_account
    site.make("deploy", "deploy")
    owner = {
        "region_name": "eu-central-1",
        "endpoint_url": cloud.url,
        "aws_access_key_id": site.environment["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": site.environment["AWS_SECRET_ACCESS_KEY"],
    }
    iam, table, functions, stacks = (
        boto3.client(name, **owner) for name in ("iam", "dynamodb", "lambda", "cloudformation")
    )
    role, boundary = "casting-dev-api_handler", "arn:aws:iam::aws:policy/AdministratorAccess"
    key = {"pk": {"S": "MOVIE#m"}, "sk": {"S": "#"}}
    forbidden: list[Callable[[], Any]] = [
        lambda: iam.create_role(RoleName="casting-dev-more", AssumeRolePolicyDocument="{}"),
        lambda: iam.create_role(
            RoleName="casting-dev-more", AssumeRolePolicyDocument="{}", PermissionsBoundary=boundary
        ),
        lambda: iam.put_role_policy(
            RoleName="casting-cloudformation-dev", PolicyName="stacks", PolicyDocument="{}"
        ),
        lambda: iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=boundary),
        lambda: iam.delete_role_permissions_boundary(RoleName=role),
        lambda: iam.create_access_key(UserName="deployer"),
        lambda: table.scan(TableName="casting-dev"),
        lambda: table.query(
            TableName="casting-dev",
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": key["pk"]},
        ),
        lambda: table.delete_table(TableName="casting-dev"),
        lambda: functions.invoke(FunctionName="casting-dev"),
        lambda: functions.delete_function(FunctionName="another"),
        lambda: stacks.execute_change_set(StackName="casting-account", ChangeSetName="any"),
        lambda: stacks.delete_stack(StackName="casting-deployer-dev"),
    ]
    for call in forbidden:
        with pytest.raises(ClientError, match=r"AccessDenied|not authorized"):
            call()


NOT_CALLED_HERE = {
    "cloudformation:CancelUpdateStack": "for a rollback during a deployment, which has ended here",
    "cloudformation:ContinueUpdateRollback": "for a rollback that has failed",
    "lambda:PutFunctionConcurrency": "for a stage with reserved_concurrency",
    "lambda:TagResource": "for a new tag in the configuration, and on AWS for a new function",
    "lambda:UntagResource": "for a tag that was removed from the configuration",
}
"""The permissions that a deployment to the emulator does not show to be needed."""


def test_every_permission_of_who_may_deploy_is_used(
    own_account: tuple[Cloud, Site], request: pytest.FixtureRequest
) -> None:
    here = {
        item.originalname
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.path == request.path
    }
    written = set(re.findall(r"^def (test_\w+)", request.path.read_text(), re.MULTILINE))
    if here != written:
        pytest.skip("only all tests of this file use every permission")
    cloud, site = own_account
    called = {action for action, _ in cloud.calls(site.environment["AWS_ACCESS_KEY_ID"])}
    granted = {*test_permissions.granted("Deploy"), *test_permissions.granted("Chalice")}
    assert granted - called == NOT_CALLED_HERE.keys()
