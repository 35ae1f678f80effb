"""A deployed stage, in both ways, called through the emulated API Gateway."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import boto3
import pytest
from playwright.sync_api import Browser, expect

from app import app
from chalicelib.store.table import INDEXES, Item
from dev.deploy import hook
from dev.deploy.stages import SECURITY_POLICY
from tests.api.test_permissions import CONTRACT, MAY, assert_allowed, assert_public, send
from tests.conftest import PROJECT
from tests.support import gateway_host
from tests.support.checkout import Checkout
from tests.support.client import Client, assert_failure, assert_headers
from tests.support.cloud import Cloud, TlsIssuer
from tests.support.deployment import STAGES, Live, Site, api_of, change_variables
from tests.support.desk import Person
from tests.support.routes import NOWHERE
from tests.support.settings import SETTINGS

HEAT = {"title": "Heat", "release_date": "1995-12-15"}
JSON = {"Content-Type": "application/json"}


# What is served


def test_the_first_request_is_a_cold_start_and_the_next_is_not(live: Live, cloud: Cloud) -> None:
    for _ in range(2):
        assert live.as_("assistant").get("/movies").status == 200
    starts = [
        json.loads(line)["cold_start"]
        for line in cloud.logs(live.function).splitlines()
        if '"route"' in line and "/movies" in line
    ]
    assert starts[:2] == [1, 0]


@pytest.mark.parametrize("role", MAY)
def test_each_role_has_exactly_its_permissions(live: Live, role: str) -> None:
    for method, path in CONTRACT:
        assert_allowed(send(live.as_(role), method, path), role, method, path)


def test_without_a_token_only_the_public_routes_respond(live: Live) -> None:
    for method, path in CONTRACT:
        assert_public(send(live.as_("nobody"), method, path), method, path)


def test_a_movie_is_added_cast_listed_changed_and_removed(live: Live) -> None:
    producer = live.as_("producer")
    movie = producer.post("/movies", HEAT, **{"Idempotency-Key": "k"})
    again = producer.post("/movies", HEAT, **{"Idempotency-Key": "k"})
    assert movie.status == again.status == 201
    movie_id = movie["created"]
    assert again["created"] == movie_id
    # As in a browser: API Gateway's stage is part of the path.
    assert movie.headers["location"] == f"/{live.stage}/movies/{movie_id}"
    cast = [producer.new_actor(f"Actor {n}") for n in range(3)]
    for actor_id in cast:
        producer.new_role(movie_id, actor_id)
    pages = list(producer.pages(f"/movies/{movie_id}/actors", "actors", limit=2))
    assert [len(page) for page in pages] == [2, 1]
    tag = producer.get(f"/movies/{movie_id}").headers["etag"]
    assert producer.call("GET", f"/movies/{movie_id}", headers={"If-None-Match": tag}).status == 304
    assert producer.patch(f"/movies/{movie_id}", {"title": "Heat 2"}).status == 200
    assert producer.get(f"/actors/{cast[0]}")["roles"][0]["movie_title"] == "Heat 2"
    assert producer.delete(f"/movies/{movie_id}").status == 200
    assert producer.get("/roles", actor_id=cast[0])["roles"] == []
    for actor_id in cast:
        assert producer.delete(f"/actors/{actor_id}").status == 200


def test_the_console_works_behind_the_stage(
    live: Live, chromium: Browser, cloud_issuer: TlsIssuer
) -> None:
    person = Person(chromium, gateway_host.ORIGIN)
    person.url = gateway_host.serve(person.context, live, cloud_issuer)
    person.sign_in("producer", at="/movies")
    person.page.keyboard.press("n")
    form = person.dialog(re.compile("^Add"))
    form.get_by_label("Title").fill("The Stage")
    form.get_by_role("button", name="Add").click()
    expect(person.page.get_by_role("heading", name="The Stage")).to_be_visible()
    person.page.keyboard.press("n")
    form = person.dialog("Add a part")
    form.get_by_label("Character").fill("The Prompter")
    form.get_by_role("button", name="Add the part").click()
    expect(form).to_have_count(0)
    person.page.get_by_role("link", name="The Prompter", exact=True).click()
    person.says("Nobody is considered for this part yet")
    assert person.problems == []
    person.close()
    producer = live.as_("producer")
    (movie,) = producer.get("/movies", search="The Stage")["movies"]
    assert producer.delete(f"/movies/{movie['id']}").status == 200


def test_a_preflight_request_is_answered(live: Live) -> None:
    for path, methods in app.routes.items():
        response = live.as_("nobody").call("OPTIONS", path.replace("{", "").replace("}", ""))
        assert response.status == 200
        assert response.headers["access-control-allow-origin"] == "http://localhost:3000"
        allowed = set(response.headers["access-control-allow-methods"].split(","))
        assert allowed == {*methods, "OPTIONS"}
        headers = response.headers["access-control-allow-headers"]
        for name in ("Authorization", "Content-Type", "If-Match", "Idempotency-Key"):
            assert name in headers


# Every failure, wherever it is found


def test_a_method_that_a_path_does_not_support_is_405_without_a_function(
    live: Live, cloud: Cloud
) -> None:
    called = cloud.logs(live.function).count('"route"')
    for path, methods in app.routes.items():
        for verb in {"GET", "POST", "PUT", "PATCH", "DELETE"} - methods.keys():
            response = live.as_("nobody").call(verb, path.replace("{", "").replace("}", ""))
            assert_failure(response, 405)
            assert_headers(response)
            assert response.headers["allow"] == ", ".join(sorted(methods))
    assert cloud.logs(live.function).count('"route"') == called


def test_an_unknown_path_is_404_and_echoes_nothing(live: Live) -> None:
    for role in ("nobody", "producer"):
        for path in ("/nowhere", "/movies/x/y/z", "/.env"):
            client = live.as_(role)
            response = client.get(path)
            assert_failure(response, 404)
            assert str(client.token)[:20] not in response.text


def test_an_invalid_token_gets_the_same_message_each_time(
    live: Live, cloud_issuer: TlsIssuer
) -> None:
    now = int(time.time())
    expired = cloud_issuer.token(iat=now - 7_200, exp=now - 3_600)
    for token, message in (
        (expired, "token expired"),
        (cloud_issuer.token(aud="another-api"), "invalid claims"),
        (cloud_issuer.token(key="unknown"), "invalid header"),
        ("a.b.c", "invalid header"),
        ("", "invalid header"),
    ):
        for path in ("/movies", "/actors", "/movies"):  # the second response is from the cache
            assert_failure(Client(live.url, token).get(path), 401, message)


def test_each_status_of_the_contract_is_in_its_envelope(live: Live) -> None:
    producer = live.as_("producer")
    assert_failure(producer.call("POST", "/movies", b"{", JSON), 400)
    assert_failure(producer.get("/movies", limit=0), 400)
    assert_failure(producer.get("/movies", cursor="x"), 400)
    assert_failure(live.as_("assistant").post("/movies", HEAT), 403)
    assert_failure(producer.get(f"/movies/{NOWHERE}"), 404)
    movie_id, actor_id = producer.new_movie(), producer.new_actor()
    producer.new_role(movie_id, actor_id)
    assert_failure(producer.post("/roles", {"movie_id": movie_id, "actor_id": actor_id}), 409)
    stale = producer.patch(f"/movies/{movie_id}", {"title": "X"}, **{"If-Match": '"9"'})
    assert_failure(stale, 412)
    assert stale.headers["etag"] == '"1"'
    assert_failure(producer.call("POST", "/movies", b" " * 65_537, JSON), 413)
    assert_failure(producer.call("POST", "/movies", b"{}", {"Content-Type": "text/csv"}), 415)
    assert_failure(producer.post("/movies", []), 422)
    assert_failure(producer.post("/movies", {**HEAT, "id": "x"}), 422)
    for path in (f"/movies/{movie_id}", f"/actors/{actor_id}"):
        assert producer.delete(path).status == 200


@pytest.fixture
def changing(live: Live, cloud: Cloud) -> Iterator[Callable[[str], Any]]:
    """Change AWS by hand, and restore it afterwards."""
    undo: list[Callable[[], Any]] = []

    def patch_stage(settings: dict[str, str]) -> None:
        cloud.client("apigateway").update_stage(
            restApiId=live.api_id,
            stageName=live.stage,
            patchOperations=[
                {"op": "replace", "path": path, "value": value} for path, value in settings.items()
            ],
        )

    def set_variable(function: str, **changed: str) -> None:
        undo.append(change_variables(live, cloud, function, **changed))

    def change(fault: str) -> None:
        if fault == "throttled":
            rate, burst = "/*/*/throttling/rateLimit", "/*/*/throttling/burstLimit"
            undo.append(lambda: patch_stage({rate: "50", burst: "100"}))
            patch_stage({rate: "0", burst: "0"})
        elif fault == "table out of reach":
            set_variable(live.function, AWS_ENDPOINT_URL_DYNAMODB="http://127.0.0.1:9")
        elif fault == "authorizer broken":
            # A setting that is empty is missing.
            set_variable(f"{live.function}-auth0", AUTH_ISSUER="")
        elif fault == "issuer out of reach":
            set_variable(f"{live.function}-auth0", AUTH_ISSUER="https://127.0.0.1:9/")
        else:
            raise AssertionError(fault)

    yield change
    for step in undo:
        step()


def test_the_hook_of_gradual_deployments_reports_whether_both_functions_work(
    live: Live,
    cloud: Cloud,
    changing: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reports = Mock()
    clients = {"lambda": cloud.client("lambda"), "codedeploy": reports}
    alias = ":live" if live.way == "stack" else ""
    api, authorizer = f"{live.function}{alias}", f"{live.function}-auth0{alias}"

    def reported(api: str, authorizer: str) -> Any:
        monkeypatch.setenv("API", api)
        monkeypatch.setenv("AUTHORIZER", authorizer)
        with monkeypatch.context() as patch:
            patch.setattr(boto3, "client", clients.__getitem__)
            hook.handler({"DeploymentId": "d", "LifecycleEventHookExecutionId": "h"}, None)
        report = reports.put_lifecycle_event_hook_execution_status.call_args.kwargs
        assert (report["deploymentId"], report["lifecycleEventHookExecutionId"]) == ("d", "h")
        return report["status"]

    assert reported(api, authorizer) == "Succeeded"
    # Functions that raise an error, that refuse nothing, and that do not exist.
    for api_version, version in ((authorizer, authorizer), (api, api), (api, "casting-none")):
        assert reported(api_version, version) == "Failed"
    changing("issuer out of reach")
    assert reported(api, authorizer) == "Failed"


def test_too_many_requests_are_429(live: Live, changing: Callable[[str], None]) -> None:
    changing("throttled")
    response = live.as_("assistant").get("/movies")
    assert_failure(response, 429)
    assert response.headers["retry-after"] == "1"


def test_a_table_that_does_not_respond_is_503(live: Live, changing: Callable[[str], None]) -> None:
    changing("table out of reach")
    for path in ("/health", "/movies"):
        response = live.as_("assistant").get(path)
        assert_failure(response, 503)
        assert response.headers["retry-after"] == "2"


@pytest.mark.parametrize("fault", ["authorizer broken", "issuer out of reach"])
def test_a_token_that_cannot_be_verified_is_503_unless_it_is_cached(
    live: Live, changing: Callable[[str], None], cloud_issuer: TlsIssuer, fault: str
) -> None:
    changing(fault)
    stranger = Client(live.url, cloud_issuer.token("assistant", sub=f"auth0|{fault}"))
    for _ in range(2):
        response = stranger.get("/movies")
        assert_failure(response, 503)
        assert response.headers["retry-after"] == "30"
    assert live.as_("assistant").get("/health").status == 200


def test_the_authorizer_is_called_once_for_a_token(
    live: Live, cloud: Cloud, cloud_issuer: TlsIssuer
) -> None:
    def calls() -> int:
        return cloud.logs(f"{live.function}-auth0").count('"authorizer"')

    good = Client(live.url, cloud_issuer.token("assistant", sub="auth0|once"))
    bad = Client(live.url, cloud_issuer.token("assistant", sub="auth0|once", aud="x"))
    for client, status in ((good, 200), (bad, 401)):
        before = calls()
        statuses = [
            client.get(path).status for path in ("/movies", "/actors", "/roles/x", "/roles")
        ]
        assert set(statuses) - {404} == {status}
        assert calls() == before + 1


# Permissions on AWS


def inline_policy(cloud: Cloud, function: str) -> tuple[str, str, Any]:
    """Return a function's role, and the name and document of its one policy."""
    arn = cloud.client("lambda").get_function_configuration(FunctionName=function)["Role"]
    role, iam = arn.rpartition("/")[2], cloud.client("iam")
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    return role, name, document


def test_the_functions_have_exactly_the_permissions_of_their_policies(
    live: Live, cloud: Cloud
) -> None:
    account = f"eu-central-1:{cloud.client('sts').get_caller_identity()['Account']}"
    for function, file in (("", "policy-api.json"), ("-auth0", "policy-authorizer.json")):
        text = (PROJECT / ".chalice" / file).read_text()
        for name, value in {
            "${AWS::Partition}": "aws",
            "${AWS::Region}:${AWS::AccountId}": account,
            "${STAGE}": live.stage,
            "${TABLE_NAME}": f"casting-{live.stage}",
        }.items():
            text = text.replace(name, value)
        assert inline_policy(cloud, live.function + function)[2] == json.loads(text)


NEEDS = {
    "dynamodb:BatchGetItem": ("POST", "/roles"),
    "dynamodb:DeleteItem": ("DELETE", "/movies/{movie_id}"),
    "dynamodb:GetItem": ("GET", "/health"),
    "dynamodb:PutItem": ("POST", "/movies"),
    "dynamodb:Query": ("GET", "/movies"),
    "dynamodb:UpdateItem": ("PATCH", "/actors/{actor_id}"),
}
"""A route that needs an action."""


@pytest.mark.parametrize("action", NEEDS)
def test_without_a_permission_the_routes_that_need_it_fail(
    live: Live, cloud: Cloud, action: str
) -> None:
    role, name, document = inline_policy(cloud, live.function)
    reduced = json.loads(json.dumps(document))
    for statement in reduced["Statement"]:
        actions = statement["Action"]
        if isinstance(actions, list) and action in actions:
            actions.remove(action)
        elif actions == action:
            statement["Action"] = "dynamodb:DescribeTable"
    assert reduced != document
    producer = live.as_("producer")
    movie_id, actor_id = producer.new_movie(), producer.new_actor()
    body = {
        "/roles": {"movie_id": movie_id, "actor_id": NOWHERE},
        "/movies": HEAT,
        "/actors/{actor_id}": {"age": 60},
    }
    method, path = NEEDS[action]
    called = path.format(movie_id=movie_id, actor_id=actor_id)
    iam = cloud.client("iam")
    try:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(reduced))
        assert_failure(producer.call(method, called, body.get(path)), 500)
        assert producer.get("/").status == 200
        if action != "dynamodb:GetItem":
            assert producer.get("/health").status == 200
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
    for remaining in (f"/movies/{movie_id}", f"/actors/{actor_id}"):
        assert producer.delete(remaining).status == 200


def test_the_table_keeps_its_data(live: Live, cloud: Cloud) -> None:
    name = f"casting-{live.stage}"
    table = cloud.client("dynamodb").describe_table(TableName=name)["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["DeletionProtectionEnabled"] is True
    stacks = cloud.client("cloudformation").describe_stacks(StackName=f"{name}-table")["Stacks"]
    assert stacks[0]["EnableTerminationProtection"] is True


def test_the_table_is_the_one_that_the_code_declares(live: Live, cloud: Cloud) -> None:
    table = cloud.client("dynamodb").describe_table(TableName=f"casting-{live.stage}")["Table"]
    declared = Item._get_schema()
    keys = {index["IndexName"]: index for index in table["GlobalSecondaryIndexes"]}
    assert table["KeySchema"] == declared["key_schema"]
    assert len(keys) == len(declared["global_secondary_indexes"])
    for index in declared["global_secondary_indexes"]:
        existing = keys[index["index_name"]]
        assert existing["KeySchema"] == index["key_schema"]
        assert existing["Projection"]["ProjectionType"] == index["projection"]["ProjectionType"]


# Everything else of a stage


def test_throttling_the_access_log_and_tracing_are_set(live: Live, cloud: Cloud) -> None:
    stage = cloud.client("apigateway").get_stage(restApiId=live.api_id, stageName=live.stage)
    settings = stage["methodSettings"]["*/*"]
    assert (settings["throttlingRateLimit"], settings["throttlingBurstLimit"]) == (50, 100)
    limits = stage["methodSettings"]["~1health/GET"]
    assert (limits["throttlingRateLimit"], limits["throttlingBurstLimit"]) == (10, 20)
    if live.way == "deploy":  # the emulator's CloudFormation leaves these out
        api = cloud.client("apigateway").get_rest_api(restApiId=live.api_id)
        assert api["securityPolicy"] == SECURITY_POLICY
        assert api["endpointAccessMode"] == "STRICT"
        log = stage["accessLogSettings"]
        assert log["destinationArn"].endswith(f":log-group:/casting/{live.stage}/access")
        assert json.loads(log["format"])["route"] == "$context.resourcePath"
    assert stage["tracingEnabled"] is True
    # Without it, API Gateway on AWS rejects a stage that has an access log.
    assert "role/" in cloud.client("apigateway").get_account()["cloudwatchRoleArn"]
    stages = cloud.client("apigateway").get_stages(restApiId=live.api_id)["item"]
    assert [stage["stageName"] for stage in stages] == [live.stage]


def test_the_functions_are_configured_as_the_configuration_says(live: Live, cloud: Cloud) -> None:
    for name, seconds, tracing in (("", 10, "Active"), ("-auth0", 8, "PassThrough")):
        called = "live" if live.way == "stack" else "$LATEST"
        configuration = cloud.client("lambda").get_function_configuration(
            FunctionName=live.function + name, Qualifier=called
        )
        assert configuration["Architectures"] == ["x86_64"]
        assert (configuration["Timeout"], configuration["MemorySize"]) == (seconds, 1024)
        assert configuration["TracingConfig"]["Mode"] == tracing
        variables = configuration["Environment"]["Variables"]
        assert variables.keys() == {*SETTINGS, "CONSOLE_CLIENT_ID", "COMMIT"}


def test_logs_expire(live: Live, cloud: Cloud) -> None:
    groups = cloud.client("logs").describe_log_groups()["logGroups"]
    kept = {group["logGroupName"]: group.get("retentionInDays") for group in groups}
    days = 90 if live.stage == "prod" else 30
    for name in (f"/aws/lambda/{live.function}", f"/aws/lambda/{live.function}-auth0"):
        assert kept[name] == days
    # It has the addresses of callers.
    assert kept[f"/casting/{live.stage}/access"] == 30


def test_the_alarms_and_the_dashboard_exist(live: Live, cloud: Cloud) -> None:
    watch = cloud.client("cloudwatch")
    alarms = {alarm["AlarmName"] for alarm in watch.describe_alarms()["MetricAlarms"]}
    declared = set(
        re.findall("AlarmName: (.+)", (PROJECT / ".chalice/operations.yaml").read_text())
    )
    assert len(declared) > 6
    assert alarms >= {name.replace("${STAGE}", live.stage) for name in declared}
    assert alarms >= {
        f"casting-{live.stage}-{index}-{use}-throttles"
        for index in INDEXES
        for use in ("read", "write")
    }
    board = watch.get_dashboard(DashboardName=f"casting-{live.stage}")["DashboardBody"]
    assert f"casting-{live.stage}" in board
    assert "${" not in board


def test_a_person_is_forgotten(live: Live, site: Site) -> None:
    producer = live.as_("producer")
    actor_id = producer.new_actor("Zephyrine Quillfeather")
    status, output = site.checkout.run(
        "dev.table.forget",
        STAGE=live.stage,
        ACTOR=actor_id,
        CONFIRM=actor_id,
        **site.environment,
    )
    assert (status, f"The actor {actor_id} is removed. 2 records" in output) == (0, True), output
    assert "Quillfeather" not in producer.get(f"/actors/{actor_id}/history").text


def smoke(live: Live, checkout: Checkout, **tokens: str) -> tuple[int, list[str]]:
    """Run `make smoke`. Return its exit status and the failed checks."""
    status, output = checkout.run("dev.deploy.smoke", URL=live.url, **tokens)
    for token in tokens.values():
        assert token[:20] not in output
    *checks, summary = output.splitlines()
    assert summary.endswith(" skipped.")
    assert {line[:8] for line in checks} <= {"  OK    ", "  FAIL  ", "  SKIP  "}, output
    return status, [line.removeprefix("  FAIL  ") for line in checks if line[:8] == "  FAIL  "]


def test_the_smoke_test_reports_the_failed_checks(live: Live, site: Site, cloud: Cloud) -> None:
    tokens = {role.upper(): str(live.as_(role).token) for role in MAY}
    # The emulator has no TLS, and its paths have another prefix.
    status, broken = smoke(live, site.checkout, **tokens)
    assert status == 1
    assert [line.partition(":")[0] for line in broken] == [
        "the connection uses TLS",
        "/openapi.json and /docs are served",
        "a movie is created, cast, read, changed and deleted",
    ]
    assert f"the server in /openapi.json is /{live.stage}" in broken[1]
    assert f"Location is /{live.stage}/movies/" in broken[2]
    assert len(smoke(live, site.checkout)[1]) == 2
    gateway = cloud.client("apigateway")
    deployment_id = gateway.get_stage(restApiId=live.api_id, stageName=live.stage)["deploymentId"]
    original = gateway.get_gateway_response(
        restApiId=live.api_id, responseType="MISSING_AUTHENTICATION_TOKEN"
    )
    gateway.delete_gateway_response(
        restApiId=live.api_id, responseType="MISSING_AUTHENTICATION_TOKEN"
    )
    gateway.create_deployment(restApiId=live.api_id, stageName=live.stage)
    try:
        assert "an unknown path returns 404" in str(smoke(live, site.checkout)[1])
    finally:
        gateway.put_gateway_response(
            restApiId=live.api_id,
            responseType="MISSING_AUTHENTICATION_TOKEN",
            statusCode=original["statusCode"],
            responseParameters=original["responseParameters"],
            responseTemplates=original["responseTemplates"],
        )
        gateway.update_stage(
            restApiId=live.api_id,
            stageName=live.stage,
            patchOperations=[{"op": "replace", "path": "/deploymentId", "value": deployment_id}],
        )


def test_the_smoke_test_detects_a_wrong_origin_and_a_token_of_another_role(
    live: Live, tmp_path: Path
) -> None:
    checkout = Checkout(tmp_path / "casting")
    checkout.set(live.stage, WEB_ORIGIN="https://other.example")
    swapped = {"ASSISTANT": "producer", "PRODUCER": "director"}
    tokens = {name: str(live.as_(role).token) for name, role in swapped.items()}
    broken = [line.partition(":")[0] for line in smoke(live, checkout)[1]]
    assert "a CORS preflight is answered" in broken
    checkout.set(live.stage, WEB_ORIGIN="http://localhost:3000")
    broken = [line.partition(": ")[2] for line in smoke(live, checkout, **tokens)[1]]
    assert "a write returns 403 without its permission: POST /movies returns 422, not 403" in broken
    assert "a write returns 403 without its permission: POST /movies returns 403, not 422" in broken


def test_no_log_holds_a_token(live: Live, cloud: Cloud) -> None:
    logged = cloud.logs(live.function) + cloud.logs(f"{live.function}-auth0")
    assert logged.count('"request_id"') > 50
    for role in MAY:
        token = str(live.as_(role).token)
        assert not [n for n in range(len(token) - 20) if token[n : n + 20] in logged]


# Deploy again


def state(cloud: Cloud, live: Live) -> dict[str, Any]:
    """Return everything that a deployment could change."""
    gateway, functions = cloud.client("apigateway"), cloud.client("lambda")
    api = {"restApiId": live.api_id}
    snapshot = {
        "apis": [api["id"] for api in gateway.get_rest_apis()["items"]],
        "deployments": gateway.get_deployments(**api)["items"],
        "stage": gateway.get_stage(**api, stageName=live.stage),
        "gateway_responses": gateway.get_gateway_responses(**api)["items"],
        "resources": gateway.get_resources(**api, limit=500, embed=["methods"])["items"],
        "functions": [
            functions.get_function(FunctionName=live.function + name)["Configuration"]
            for name in ("", "-auth0")
        ],
        "roles": cloud.client("iam").list_roles()["Roles"],
        "stacks": [
            (stack["StackName"], stack.get("LastUpdatedTime"))
            for stack in cloud.client("cloudformation").describe_stacks()["Stacks"]
        ],
    }
    for response in (snapshot["stage"], *snapshot["functions"]):
        response.pop("ResponseMetadata", None)
    return snapshot


def test_a_second_deployment_changes_nothing(live: Live, site: Site, cloud: Cloud) -> None:
    before = state(cloud, live)
    output = site.make(live.way, live.way)
    assert "othing has changed" in output
    assert api_of(output) == live.api_id
    assert state(cloud, live) == before


def test_a_deployment_from_another_machine_changes_nothing(
    live: Live, site: Site, cloud: Cloud, checkout: Checkout, tmp_path: Path
) -> None:
    before = state(cloud, live)
    other = Site(Checkout(tmp_path / "other", like=checkout), cloud)
    other.checkout.write_config(site.checkout.config)
    output = other.make(live.way, live.way)
    assert "othing has changed" in output
    assert api_of(output) == live.api_id
    assert state(cloud, live) == before


def test_a_stage_is_deployed_in_one_way_only(live: Live, site: Site, cloud: Cloud) -> None:
    before = state(cloud, live)
    (other,) = STAGES.keys() - {live.way}
    status, output = site.try_to_make(other, live.way)
    assert status == 1
    assert f"{live.stage} was deployed with make {live.way}" in output
    assert state(cloud, live) == before


def test_undeploying_needs_a_confirmation(live: Live, site: Site, cloud: Cloud) -> None:
    before = state(cloud, live)
    for confirm in ("", "yes", "other"):
        status, output = site.try_to_make("undeploy", live.way, CONFIRM=confirm)
        assert status == 1
        assert f"make undeploy STAGE={live.stage} CONFIRM={live.stage}" in output
    assert state(cloud, live) == before


@pytest.mark.parametrize("target", ["deploy", "stack", "undeploy"])
def test_an_environment_with_another_region_is_rejected(
    live: Live, site: Site, cloud: Cloud, tmp_path: Path, target: str
) -> None:
    before = state(cloud, live)
    config = tmp_path / "config"
    config.write_text("[profile work]\nregion = us-east-1\n")
    other = {k: v for k, v in site.environment.items() if k != "AWS_DEFAULT_REGION"}
    for environment in (
        {**other, "AWS_PROFILE": "work", "AWS_CONFIG_FILE": str(config)},
        {**other, "AWS_DEFAULT_REGION": "us-east-1"},
    ):
        status, output = site.checkout.run(
            f"dev.deploy.{target}", STAGE=live.stage, CONFIRM=live.stage, **environment
        )
        assert status == 1
        assert f"{live.stage} lives in eu-central-1 (.chalice/config.json)" in output
        assert "says us-east-1" in output
    assert state(cloud, live) == before


def test_the_environment_needs_no_region(live: Live, site: Site) -> None:
    environment = {k: v for k, v in site.environment.items() if k != "AWS_DEFAULT_REGION"}
    status, output = site.checkout.run(f"dev.deploy.{live.way}", STAGE=live.stage, **environment)
    assert status == 0, output
    assert api_of(output) == live.api_id


@pytest.mark.parametrize("module", ["dev.deploy.deploy", "dev.deploy.stack"])
def test_missing_credentials_are_reported(site: Site, module: str) -> None:
    environment = {k: v for k, v in site.environment.items() if k != "AWS_ACCESS_KEY_ID"}
    status, output = site.checkout.run(module, STAGE="dev", **environment)
    assert status == 1
    assert "AWS cannot be reached" in output
    assert "Traceback" not in output
