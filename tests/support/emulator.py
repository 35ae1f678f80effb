"""AWS on this machine: ministack, with patches for what it lacks to accept a deployment.

Run by the engine's interpreter, the only one that has ministack (see tests/support/cloud.py). The
comment above each patch says what would be wrong without it.
"""

import contextlib
import functools
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
import zipfile
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from importlib import import_module
from pathlib import Path
from typing import Any

# By name, because mypy runs without ministack.
actions: Any = import_module("ministack.core.iam_actions")
app: Any = import_module("ministack.app")
dynamodb: Any = import_module("ministack.services.dynamodb")
gateway: Any = import_module("ministack.services.apigateway_v1")
lambdas: Any = import_module("ministack.services.lambda_svc")
identities: Any = import_module("ministack.services.iam")
policies: Any = import_module("ministack.core.iam_evaluator")
provisioners: Any = import_module("ministack.services.cloudformation.provisioners")
runtime: Any = import_module("ministack.core.lambda_runtime")

Response = tuple[int, dict[str, Any], bytes]
Object = dict[str, Any]

REST_API = "AWS::ApiGateway::RestApi"
AUTHORIZER_VARIABLE = re.compile(rb"\$context\.authorizer\.(\w+)")


def instead_of(place: Any, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Replace a function of ministack. The new one receives the old one as its first argument."""

    def put(patch: Callable[..., Any]) -> Callable[..., Any]:
        where = place if isinstance(place, dict) else vars(place)
        where[name] = functools.partial(patch, where[name])
        return patch

    return put


# ImportRestApi and PutRestApi, which `chalice deploy` calls, would not read the body.
@instead_of(gateway, "handle_request")
async def handle_request(
    original: Any, method: str, path: str, headers: Object, body: bytes, query: Object
) -> Any:
    mode, parts = "".join(query.get("mode", "")), path.strip("/").split("/")
    if (method, mode, parts) == ("POST", "import", ["restapis"]):
        types = query.get("endpointConfigurationTypes") or ["EDGE"]
        api_id = gateway._import_rest_api(
            json.loads(body), {"endpointConfiguration": {"types": types}}
        )
        _, headers, shown = gateway._get_rest_api(api_id)
        return 201, headers, shown
    if (method, mode) == ("PUT", "overwrite") and parts[:-1] == ["restapis"]:
        if parts[1] in gateway._rest_apis:
            overwrite(parts[1], json.loads(body))
        return gateway._get_rest_api(parts[1])
    if (method, mode) == ("PUT", "merge") and parts[:-1] == ["restapis"]:
        merge(parts[1], json.loads(body))
        return gateway._get_rest_api(parts[1])
    return await original(method, path, headers, body, query)


def merge(api_id: str, spec: Object) -> None:
    """Add the methods and gateway responses of a body. Keep everything else."""
    for path, methods in spec.get("paths", {}).items():
        gateway._import_path_item(api_id, path, methods)
    put_gateway_responses(api_id, spec)


def overwrite(api_id: str, spec: Object) -> None:
    """Replace everything that a body can describe. Keep deployments and stages."""
    other = gateway._import_rest_api(spec)
    for name in ("_resources", "_authorizers_v1", "_models", "_gateway_responses"):
        store = getattr(gateway, name)
        store[api_id] = store[other]
    gateway._delete_rest_api(other)


# After a change of its API, a stack would have an API with another id, at another URL.
@instead_of(provisioners._RESOURCE_HANDLERS[REST_API], "update")
def update_api_of_stack(original: Any, api_id: str, old: Object, new: Object, *names: Any) -> Any:
    if isinstance(new.get("Body"), dict) and new["Body"] != old.get("Body"):
        overwrite(api_id, new["Body"])
        old = {**old, "Body": new["Body"]}
    return original(api_id, old, new, *names)


# Gateway responses in an imported body would be ignored.
@instead_of(gateway, "_import_rest_api")
def import_rest_api(original: Any, spec: Object, settings: Object | None = None) -> str:
    api_id: str = original(spec, settings)
    put_gateway_responses(api_id, spec)
    return api_id


def put_gateway_responses(api_id: str, spec: Object) -> None:
    for kind, response in spec.get("x-amazon-apigateway-gateway-responses", {}).items():
        status, _, reason = gateway._put_gateway_response(api_id, kind, response)
        if status >= 400:
            raise ValueError(reason.decode())


# The method that answers what a path does not support would be left out.
@instead_of(gateway, "_import_path_item")
def import_path_item(original: Any, api_id: str, path: str, item: Object, *security: Any) -> None:
    original(api_id, path, item, *security)
    if operation := item.get("x-amazon-apigateway-any-method"):
        (resource_id,) = (
            key for key, resource in gateway._resources[api_id].items() if resource["path"] == path
        )
        gateway._import_operation(api_id, resource_id, "ANY", operation, *security)


# A header of a mock's response would lose a quotation mark at its end, and would be the name of a
# `$context` variable instead of its value.
@instead_of(gateway, "_invoke_mock_v1")
def invoke_mock(original: Any, integration: Object) -> Response:
    status, headers, body = original(integration)
    values = {"context.requestId": _call.get().id}
    for response in integration["integrationResponses"].values():
        for source in response.get("responseParameters", {}).values():
            values[source.strip("'")] = values.get(source, source[1:-1])
    return status, {name: values.get(value, value) for name, value in headers.items()}, body


# Imported operations would lose templates and responses: preflights would have no headers.
@instead_of(gateway, "_import_operation")
def import_operation(
    original: Any, api_id: str, resource_id: str, method: str, operation: Object, *security: Any
) -> None:
    original(api_id, resource_id, method, operation, *security)
    integration = operation.get("x-amazon-apigateway-integration", {})
    if "requestTemplates" in integration:
        methods = gateway._resources[api_id][resource_id]["resourceMethods"]
        methods[method]["methodIntegration"]["requestTemplates"] = integration["requestTemplates"]
    for pattern, response in integration.get("responses", {}).items():
        gateway._put_integration_response(
            api_id,
            resource_id,
            method,
            str(response["statusCode"]),
            {**response, "selectionPattern": "" if pattern == "default" else pattern},
        )


# UpdateRestApi would store the empty minimumCompressionSize that `chalice deploy` sends for
# none, and no client could read the API afterwards.
@instead_of(gateway, "_update_rest_api")
def change_rest_api(original: Any, api_id: str, request: Object) -> Any:
    for operation in request["patchOperations"]:
        if operation["path"] == "/minimumCompressionSize":
            operation["value"] = int(operation["value"]) if operation.get("value") else None
    return original(api_id, request)


class Call:
    """The data of a request to a deployed API that ministack does not keep."""

    def __init__(self) -> None:
        self.id: str = gateway.new_uuid()
        self.authorizer: dict[str, str] = {}


_call: ContextVar[Call] = ContextVar("call")


class FunctionFailed(Exception):
    """A function raised an error, ended, or took too long."""


# The function would see another request id than the caller.
@instead_of(gateway, "_handle_execute_in_scope")
async def handle_call(original: Any, *arguments: Any) -> Response:
    _call.set(Call())
    status, headers, body = await original(*arguments)
    return status, {"x-amzn-requestid": _call.get().id, **headers}, body


@instead_of(gateway, "_build_lambda_event_v1")
def build_event(original: Any, *arguments: Any, **named: Any) -> Object:
    event: Object = original(*arguments, **named)
    event["requestContext"]["requestId"] = _call.get().id
    return event


# The caller would see the function's error instead of the gateway response.
@instead_of(gateway, "_lambda_proxy_response")
def proxy_response(original: Any, result: Object) -> Any:
    if result.get("error") and not result.get("throttle"):
        raise FunctionFailed()
    return original(result)


@instead_of(gateway, "_execute_in_scope")
async def execute(original: Any, request: Object, *arguments: Any) -> Any:
    try:
        response = await original(request, *arguments)
    except FunctionFailed:
        return gateway._gw_error("DEFAULT_5XX", "Internal server error")
    # A token on an unknown path would be ignored. API Gateway reads it as a broken AWS signature,
    # and its own response echoes it.
    token = gateway._header_ci(request["headers"], "authorization")
    if token and getattr(response, "response_type", "") == "MISSING_AUTHENTICATION_TOKEN":
        message = (
            f"not a valid key=value pair (missing equal-sign) in Authorization header: '{token}'"
        )
        return gateway._gw_error("DEFAULT_4XX", message)
    return response


# `$context.authorizer` would not be replaced in a gateway response. The context is stored with
# the policy, so that a policy from the authorizer's cache has it too.
@instead_of(gateway, "_invoke_authorizer_lambda")
async def invoke_authorizer(
    original: Any, authorizer: Object, event: Object, account: str, region: str
) -> Any:
    function = gateway._extract_lambda_ref_from_integration_uri(authorizer["authorizerUri"])
    api = event["methodArn"].split("/")[0]
    if not may_invoke(function, f"{api}/authorizers/{authorizer['id']}"):
        return None
    result = await original(authorizer, event, account, region)
    policy = (result or {}).get("body")
    if isinstance(policy, dict) and isinstance(policy.get("policyDocument"), dict):
        policy["policyDocument"]["context"] = gateway._stringify_context(policy.get("context"))
    return result


@instead_of(gateway, "_evaluate_policy")
def evaluate_policy(original: Any, policy: Object, arn: str) -> Any:
    _call.get().authorizer = policy.get("context", {})
    return original(policy, arn)


@instead_of(gateway, "_gateway_error_response")
def gateway_response(original: Any, error: Any, request: Object) -> Response:
    call = _call.get(None) or Call()
    status, headers, body = original(error, {**request, "request_id": call.id})
    context = call.authorizer
    body = AUTHORIZER_VARIABLE.sub(lambda name: context.get(name[1].decode(), "").encode(), body)
    return status, headers, body


# A function that does not allow API Gateway to call it would be called anyway.
@instead_of(gateway, "_call_lambda_raw")
async def call_function(original: Any, function: str, event: Object, **scope: str) -> Any:
    call = event["requestContext"]
    arn = gateway.execute_api_arn(
        scope["region"],
        scope["account_id"],
        call["apiId"],
        call["stage"],
        call["httpMethod"],
        event["path"],
    )
    if not may_invoke(function, arn):
        return None, "Invalid permissions on Lambda function"
    return await original(function, event, **scope)


def may_invoke(function: str, source: str) -> bool:
    """Return whether the policy of a function, or of its alias, lets API Gateway call it."""
    function_record, _, _ = lambdas._get_base_func_record_for_ref(function)
    if function_record is None:
        return False
    context = policies.EvalContext(
        "apigateway.amazonaws.com",
        "Service",
        gateway.get_account_id(),
        "lambda:InvokeFunction",
        function,
        gateway.get_region(),
        service_context={"aws:sourcearn": source},
    )
    allowed = policies.evaluate_resource_policy(
        function_record["policy"], context, "apigateway.amazonaws.com"
    )
    return bool(allowed.decision == "Allow")


# The boundary of a new role would be no condition of its creation, and anybody could pass any role
# to a function or to CloudFormation.
@instead_of(actions, "request_tag_context")
def request_context(
    original: Any, service: str, action: str, body: bytes, parameters: Object
) -> Object:
    context: Object = original(service, action, body, parameters)
    if service == "iam":
        boundary = actions._param(body, parameters, "PermissionsBoundary")
        role = identities._roles.get(actions._param(body, parameters, "RoleName")) or {}
        if boundary := boundary or role.get("PermissionsBoundary"):
            context["iam:PermissionsBoundary"] = boundary
    if role_arn := actions._param(body, parameters, *PASSED.get(service, ())):
        context["passed"] = role_arn
    return context


PASSED = {"cloudformation": ("RoleARN",), "lambda": ("Role",)}
"""The parameters that pass a role to a service."""


# The bucket for packages refuses requests without TLS, which the emulator does not have.
@instead_of(app, "pin_request_origin")
def pin_request_origin(original: Any, address: str, is_secure: bool) -> None:
    original(address, True)


# Some requests to Lambda would need a permission for another action.
actions._BOTOCORE_SERVICE_MAP["lambda"] = ["lambda"]


@instead_of(actions, "_lambda_action")
def lambda_action(original: Any, method: str, path: str) -> str | None:
    name: str | None = actions._match_rest_action("lambda", method, path)
    return original(method, path) if name in (None, "Invoke") else name


# A policy could not name the function that somebody may create, or the version that they may
# delete.
@instead_of(actions, "extract_resource_arn")
def resource_of(
    original: Any, service: str, method: str, path: str, headers: Object, body: bytes, *rest: Any
) -> str:
    resource: str = original(service, method, path, headers, body, *rest)
    if service == "lambda":
        parameters, region, account = rest
        if method == "POST" and path.rstrip("/").endswith("/functions"):
            name = actions._safe_json_field(body, "FunctionName")
            return f"arn:aws:lambda:{region}:{account}:function:{name}"
        if method == "DELETE" and (version := actions._query_param(parameters, "Qualifier")):
            return f"{resource}:{version}"
    return resource


# Nothing would be wrong, but the tests would not know who has called what: see Cloud.calls.
@instead_of(policies, "enforce")
def enforce(
    original: Any,
    key: str,
    action: str,
    service: str,
    region: str,
    resource_arn: str = "*",
    service_context: Object | None = None,
) -> Any:
    context = dict(service_context or {})
    passed = context.pop("passed", None)
    checks = [(action, resource_arn, context)]
    if passed:
        by = {"iam:PassedToService": f"{service}.amazonaws.com"}
        checks.append(("iam:PassRole", passed, by))
    for checked, resource, keys in checks:
        with open(os.environ["STATE_DIR"] + ".calls", "a") as calls:
            calls.write(json.dumps([key, checked, resource]) + "\n")
        if denied := original(key, checked, service, region, resource, keys):
            return denied
    return None


# A role of a stack would have no boundary.
@instead_of(provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"], "create")
def create_role(original: Any, logical_id: str, properties: Object, *stack: Any) -> Any:
    name, attributes = original(logical_id, properties, *stack)
    identities._roles[name]["PermissionsBoundary"] = properties.get("PermissionsBoundary")
    return name, attributes


# A function's output would reach its log even if its role may not write there.
@instead_of(lambdas, "_emit_lambda_logs")
def write_log(original: Any, function: Object, *arguments: Any, **named: Any) -> None:
    settings = function.get("config") or function
    _, _, _, region, account, _, name = settings["FunctionArn"].split(":")[:7]
    role = settings["Role"].rpartition("/")[2]
    stream = f"arn:aws:logs:{region}:{account}:log-group:/aws/lambda/{name}:log-stream:any"
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        context = policies.EvalContext(role, "AssumedRole", account, action, stream, region)
        granted = policies._gather_role_policies(role, account)
        if policies.evaluate(context, granted).decision != "Allow":
            return
    original(function, *arguments, **named)


# An error while a function is loaded would not be in its log.
@instead_of(lambdas, "_execute_function_warm")
def execute_function(original: Any, *arguments: Any) -> Object:
    result: Object = original(*arguments)
    if result.get("error") and not result.get("log"):
        result["log"] = result["body"]["errorMessage"]
    return result


# A function would find packages of the engine's environment that its zip lacks.
@instead_of(runtime, "_detect_runtime_binary")
def detect_runtime(original: Any, name: str) -> tuple[str, str]:
    binary, script = original(name)
    if name.startswith("python"):
        script = (
            "import sys\n"
            "sys.path[:] = [place for place in sys.path if 'site-packages' not in place]\n" + script
        )
    return binary, script


# The limits of a method in a template would have no effect.
@instead_of(provisioners, "_apigw_method_settings")
def method_settings(original: Any, raw: Any) -> Object:
    return {
        key.removeprefix("/").replace("~1", "/") if "~1" in key else key: value
        for key, value in original(raw).items()
    }


# The names of methods with settings of their own would not be encoded.
@instead_of(gateway, "_get_stage")
def get_stage(original: Any, api_id: str, stage_name: str) -> Any:
    status, headers, body = original(api_id, stage_name)
    stage = json.loads(body)
    if "methodSettings" in stage:
        settings = {}
        for key, value in stage["methodSettings"].items():
            route, _, method = key.rpartition("/")
            settings[f"{route.replace('/', '~1')}/{method}"] = value
        stage["methodSettings"] = settings
    return status, headers, json.dumps(stage).encode()


# A table of a stack would have no continuous backup.
@instead_of(dynamodb, "_describe_continuous_backups")
def describe_continuous_backups(original: Any, request: Object) -> Any:
    status, headers, body = original(request)
    description = json.loads(body)
    if status == 200:
        now = int(time.time())
        description["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"] = {
            "PointInTimeRecoveryStatus": "ENABLED",
            "EarliestRestorableDateTime": now - 3600,
            "LatestRestorableDateTime": now,
        }
    return status, headers, json.dumps(description)


# A table would be restored as it is now, and not as it was at the requested second.
_writes: deque[tuple[float, str, Any, Any, Object | None]] = deque(maxlen=100_000)
"""The last writes: the time, the table, the key, and the item before."""


@instead_of(dynamodb, "_set_item")
def set_item(original: Any, table: Object, pk: Any, sk: Any, item: Object) -> Any:
    before = original(table, pk, sk, item)
    _writes.append((time.time(), table["TableName"], pk, sk, before))
    return before


@instead_of(dynamodb, "_remove_item")
def remove_item(original: Any, table: Object, pk: Any, sk: Any) -> Any:
    before = original(table, pk, sk)
    _writes.append((time.time(), table["TableName"], pk, sk, before))
    return before


@instead_of(dynamodb, "_restore_table_to_point_in_time")
def restore_table(original: Any, request: Object) -> Any:
    response = original(request)
    if response[0] == 200:
        target = dynamodb._tables[request["TargetTableName"]]
        later = [write for write in _writes if int(write[0]) > request["RestoreDateTime"]]
        for _, table, pk, sk, before in reversed(later):
            if table != request["SourceTableName"]:
                continue
            if before is None:
                dynamodb._remove_item.args[0](target, pk, sk)
            else:
                dynamodb._set_item.args[0](target, pk, sk, before)
    return response


# Nothing would be wrong, but unpacking the same 2,500 files for each process of a function is
# most of its start time.
class Zip(zipfile.ZipFile):
    """A zip whose files are unpacked once, and linked to every other place."""

    def extractall(self, path: Any = None, *arguments: Any) -> None:
        with open(str(self.filename), "rb") as file:
            name = hashlib.file_digest(file, "sha256").hexdigest()
        kept = Path(tempfile.gettempdir()) / name
        if not kept.exists():
            fresh = tempfile.mkdtemp(dir=tempfile.gettempdir())
            super().extractall(fresh, *arguments)
            # Two processes may do this at once: one of them comes too late.
            with contextlib.suppress(OSError):
                Path(fresh).rename(kept)
        shutil.copytree(kept, path, copy_function=os.link, dirs_exist_ok=True)


runtime.zipfile.ZipFile = Zip


# A function would be ready half a second late, and waiting clients poll every five seconds.
lambdas._LAMBDA_STATE_TRANSITION_DELAY = 0


if __name__ == "__main__":
    app.main()
