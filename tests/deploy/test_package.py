"""`make package`: what is built for a stage, and what is rejected."""

import _sre  # type: ignore[import-not-found]  # it has no types
import gzip
import json
import marshal
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.store import client
from dev import console
from dev.deploy import package, stages
from tests.conftest import PROJECT
from tests.support.checkout import Checkout, tracked
from tests.support.sam import rendered, translated
from tests.support.settings import SETTINGS

pytestmark = pytest.mark.slow

REQUIREMENTS = "good==1.0  # a reason\n"
WHEEL = "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory, checkout: Checkout) -> Checkout:
    """A checkout that has built a package, for the tests of this file."""
    return Checkout(tmp_path_factory.mktemp("package") / "casting", like=checkout)


@pytest.fixture(scope="module")
def built(checkout: Checkout) -> Path:
    """The folder that `make package STAGE=prod` has written."""
    status, output = checkout.run("dev.deploy.package", STAGE="prod")
    assert status == 0, output
    return checkout.folder / ".local" / "package" / "prod"


UNCHECKED_HASH = b"\1\0\0\0"
"""The flags of bytecode that Python runs without a look at its source (PEP 552)."""

MAX_ZIP, MAX_UNZIPPED = 3_500_000, 12_000_000
"""Bytes of the package."""


def refused(checkout: Checkout, **environment: str) -> str:
    """Run `make package`, which must fail and leave nothing. Return its output."""
    status, output = checkout.run("dev.deploy.package", **{"STAGE": "dev", **environment})
    assert status == 1, output
    assert "Traceback" not in output
    assert not list((checkout.folder / ".local").glob("package/*/*"))
    return output


def test_a_package_has_the_sources_and_their_requirements_and_nothing_else(built: Path) -> None:
    with zipfile.ZipFile(built / "deployment.zip") as zipped:
        names = set(zipped.namelist())
    files = {n for n in names if "__pycache__" not in n}
    ours = {n for n in files if n.partition("/")[0] in ("app.py", "chalice", "chalicelib")}
    page = {f"chalicelib/console/{path.name}" for path in console.BUILT.iterdir()}
    assert "chalicelib/console/index.html" in page
    assert ours == {
        "app.py",
        "chalice/__init__.pyc",
        "chalice/app.pyc",
        package.PATTERNS,
        *tracked("chalicelib"),
        *page,
    }
    assert not [n for n in names if n.endswith(".env") or n.startswith(("tests/", "dev/"))]
    # requests would only use it to guess the encoding of texts.
    assert not [n for n in names if n.startswith("charset_normalizer/")]
    for required in ("pynamodb", "jose", "requests", "msgspec", "botocore", "rsa"):
        assert f"{required}/__init__.pyc" in names


def test_every_module_is_bytecode_that_is_not_compared_with_its_source(built: Path) -> None:
    """Lambda compiles nothing in a cold start. Only our own modules have their sources."""
    tag = sys.implementation.cache_tag
    with zipfile.ZipFile(built / "deployment.zip") as zipped:
        names = set(zipped.namelist())
        sources = {name for name in names if name.endswith(".py")}
        assert {name.partition("/")[0] for name in sources} == {"app.py", "chalicelib"}
        for name in sources:
            folder, slash, module = name.rpartition("/")
            assert f"{folder}{slash}__pycache__/{module[:-3]}.{tag}.pyc" in names
        for name in names:
            if name.endswith(".pyc"):
                assert zipped.read(name)[4:8] == UNCHECKED_HASH, name


def unzipped(built: Path, folder: Path) -> Path:
    """Unzip a package. Return its file of patterns."""
    shutil.unpack_archive(built / "deployment.zip", folder)
    return folder / package.PATTERNS


def patterns_in(file: Path) -> tuple[int, list[tuple[Any, ...]]]:
    """Return the magic number of a file of patterns, and its patterns."""
    content: tuple[int, list[tuple[Any, ...]]] = marshal.loads(file.read_bytes())  # noqa: S302 -- ours
    return content


def test_the_patterns_in_the_package_are_those_that_python_compiles(
    built: Path, tmp_path: Path
) -> None:
    _, stored = patterns_in(unzipped(built, tmp_path))
    for pattern, flags, *compiled in stored:
        compiler = re._compiler  # type: ignore[attr-defined]  # it is private
        theirs, ours = compiler.compile(pattern, flags), _sre.compile(pattern, *compiled)
        # It compares the flags and the code.
        assert ours == theirs
        assert (ours.groups, ours.groupindex) == (theirs.groups, theirs.groupindex)
    assert len(stored) > 100


COUNT_COMPILED = """
import re, sys
compiled = []
original = re._compiler.compile
re._compiler.compile = lambda pattern, flags: compiled.append(pattern) or original(pattern, flags)
sys.path.insert(0, sys.argv[1])
import app
print(len(compiled))
"""


def test_a_function_compiles_almost_no_pattern_while_it_starts(built: Path, tmp_path: Path) -> None:
    file = unzipped(built, tmp_path)

    def compiled() -> int:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", COUNT_COMPILED, tmp_path],
            env={**SETTINGS, "AWS_DEFAULT_REGION": "eu-central-1"},
            capture_output=True,
            text=True,
        )
        return int(done.stdout)

    # Those of settings.py, which is read first, and one or two of the standard library.
    assert compiled() <= 10
    magic, stored = patterns_in(file)
    file.write_bytes(marshal.dumps((magic + 1, stored)))
    # Another Python starts without them.
    assert compiled() > 100
    file.unlink()
    assert compiled() > 100


def test_of_botocore_only_the_data_that_the_functions_use_is_in_the_package(built: Path) -> None:
    with zipfile.ZipFile(built / "deployment.zip") as zipped:
        data = {n: zipped.read(n) for n in zipped.namelist() if n.startswith("botocore/data/")}
    services = {name.split("/")[2] for name in data if name.count("/") > 2}
    assert services == {"dynamodb"}
    endpoints = json.loads(data["botocore/data/endpoints.json"])
    assert {name for p in endpoints["partitions"] for name in p["services"]} == {"dynamodb"}
    model = json.loads(gzip.decompress(data[f"{package.DYNAMODB}service-2.json.gz"]))
    assert {f"{name}Output" for name in model["operations"]} == client.PLAIN
    assert not any("documentation" in shape for shape in model["shapes"].values())


def test_the_package_is_small(built: Path) -> None:
    zipped = built / "deployment.zip"
    assert zipped.stat().st_size <= MAX_ZIP
    with zipfile.ZipFile(zipped) as content:
        assert sum(entry.file_size for entry in content.infolist()) <= MAX_UNZIPPED


def test_cfn_lint_accepts_every_template(built: Path, checkout: Checkout) -> None:
    templates = [checkout.folder / "translated.json"]
    templates[0].write_text(json.dumps(translated(built / "sam.json")))
    for name in ("account", "table", "operations", "deployer", "domain", "watch", "backup"):
        templates.append(checkout.folder / f"{name}.json")
        templates[-1].write_text(json.dumps(rendered(checkout, f"{name}.yaml")))
    lint = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), *templates], capture_output=True, text=True
    )
    assert lint.stdout == ""
    assert lint.returncode == 0


def test_the_manual_reads_outputs_that_the_stack_has(built: Path) -> None:
    manual = (PROJECT / "docs" / "operations.md").read_text()
    read = re.findall(r"OutputKey=='(\w+)'", manual)
    assert read
    assert {*read} <= json.loads((built / "sam.json").read_text())["Outputs"].keys()


def test_a_failed_creation_of_the_shared_stack_leaves_nothing_and_packages_have_versions(
    checkout: Checkout,
) -> None:
    resources = rendered(checkout, "account.yaml")["Resources"]
    kept = {name for name, resource in resources.items() if "DeletionPolicy" in resource}
    assert kept == {"Packages", "ApiGatewayLogRole", "ApiGatewayAccount"}
    assert {resources[name]["DeletionPolicy"] for name in kept} == {"RetainExceptOnCreate"}
    packages = resources["Packages"]["Properties"]
    assert packages["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = packages["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["NoncurrentVersionExpiration"]) == (
        "Enabled",
        {"NoncurrentDays": 30},
    )


def test_the_table_is_backed_up_encrypted_and_retained(checkout: Checkout) -> None:
    (table,) = rendered(checkout, "table.yaml")["Resources"].values()
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    properties = table["Properties"]
    assert properties["TableName"] == "casting-prod"
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["DeletionProtectionEnabled"] is True
    # The emulator's CloudFormation leaves these out.
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"] == {"SSEEnabled": True}


def test_the_template_has_the_values_of_the_configuration(built: Path) -> None:
    resources = json.loads((built / "sam.json").read_text())["Resources"]
    api, authorizer = (resources[name]["Properties"] for name in ("APIHandler", "Auth0"))
    running = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    assert api["Runtime"] == authorizer["Runtime"] == running
    assert (api["Timeout"], authorizer["Timeout"]) == (10, 8)
    assert (api["MemorySize"], authorizer["MemorySize"]) == (1024, 1024)
    assert (api["Tracing"], authorizer["Tracing"]) == ("Active", "PassThrough")
    assert api["Tags"].items() >= {"project": "casting", "stage": "prod"}.items()
    gateway = resources["RestAPI"]["Properties"]
    assert api["Architectures"] == authorizer["Architectures"] == ["x86_64"]
    assert gateway["StageName"] == "prod"
    assert gateway["EndpointConfiguration"] == "REGIONAL"
    assert gateway["MinimumCompressionSize"] == 1024
    assert gateway["TracingEnabled"] is True
    assert gateway["OpenApiVersion"] == "2.0"
    reserved = [f["ReservedConcurrentExecutions"] for f in (api, authorizer)]
    assert reserved == [100, 50]
    logged = json.loads(gateway["AccessLogSetting"]["Format"])
    assert not [v for v in logged.values() if "path" in v.lower() and v != "$context.resourcePath"]
    assert not [v for v in logged.values() if "querystring" in v.lower()]
    # It quotes the Authorization header of a request to an unknown path.
    assert not [v for v in logged.values() if v.startswith("$context.error.message")]
    added = {"authorizer_error", "integration_error", "integration_status", "trace_id"}
    assert added | {"extended_request_id", "tls_version"} <= logged.keys()
    logs = {n: r["Properties"] for n, r in resources.items() if r["Type"] == "AWS::Logs::LogGroup"}
    assert {log["LogGroupName"]: log["RetentionInDays"] for log in logs.values()} == {
        "/aws/lambda/casting-prod": 90,
        "/aws/lambda/casting-prod-auth0": 90,
        "/casting/prod/access": 30,  # it has the addresses of callers
    }


def test_every_alarm_has_an_action_and_is_in_the_operations_manual(
    built: Path, checkout: Checkout
) -> None:
    resources = json.loads((built / "sam.json").read_text())["Resources"]
    alarms = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    manual = (PROJECT / "docs" / "operations.md").read_text()
    rows = re.findall(r"^\| (`casting-<stage>-[^|]+) \|", manual, re.MULTILINE)
    explained = set(re.findall("`(casting-[^`]+)`", " ".join(rows)))
    watching = rendered(checkout, "watch.yaml")["Resources"]
    optional = [r for r in watching.values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    names = [alarm["AlarmName"] for alarm in (*alarms, *(r["Properties"] for r in optional))]
    assert {name.replace("prod", "<stage>") for name in names} == explained
    for alarm in alarms:
        assert alarm["AlarmActions"] == [{"Ref": "Alarms"}]
        assert alarm["TreatMissingData"] == "notBreaching"
    (board,) = (r for r in resources.values() if r["Type"] == "AWS::CloudWatch::Dashboard")
    assert len(json.loads(board["Properties"]["DashboardBody"]["Fn::Sub"])["widgets"]) == 5


def test_another_machine_builds_the_same_zip(built: Path, tmp_path: Path) -> None:
    other = Checkout(tmp_path / "other")
    assert other.run("dev.deploy.package", STAGE="prod")[0] == 0
    theirs = other.folder / ".local" / "package" / "prod"
    assert (theirs / "deployment.zip").read_bytes() == (built / "deployment.zip").read_bytes()
    assert (theirs / "sam.json").read_text() == (built / "sam.json").read_text()


def test_the_same_files_make_the_same_zip_at_any_time(tmp_path: Path) -> None:
    for name, day, order in (("a", 1, 1), ("b", 2, -1)):
        for file in ["app.py", "chalicelib/__init__.py"][::order]:
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"# {file}")
            os.utime(path, (day * 86_400, day * 86_400))
        package.pack(tmp_path / name, tmp_path / f"{name}.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as zipped:
        assert zipped.read("app.py") == b"# app.py"


def test_caches_are_left_out_and_do_no_harm(checkout: Checkout, tmp_path: Path) -> None:
    copy = Checkout(tmp_path / "copy", like=checkout)
    cache = copy.folder / "chalicelib" / "__pycache__"
    cache.mkdir(exist_ok=True)
    name = f"settings.{sys.implementation.cache_tag}.pyc"
    (cache / name).write_bytes(b"old")
    (cache / "removed.cpython-310.pyc").write_bytes(b"old")
    assert copy.run("dev.deploy.package", STAGE="dev")[0] == 0
    with zipfile.ZipFile(copy.folder / ".local/package/dev/deployment.zip") as zipped:
        assert zipped.read(f"chalicelib/__pycache__/{name}") != b"old"
        assert not [n for n in zipped.namelist() if "removed" in n]


# Rejected before anything is built


@pytest.mark.parametrize(
    ("module", "stage"),
    [
        *(
            ("dev.deploy.package", stage)
            for stage in ("", "local", "production", "Prod", "dev ", "../dev")
        ),
        *((f"dev.deploy.{module}", "production") for module in ("deploy", "stack", "undeploy")),
    ],
)
def test_a_stage_that_cannot_be_deployed_is_rejected(
    checkout: Checkout, module: str, stage: str
) -> None:
    status, output = checkout.run(module, STAGE=stage)
    assert (status, output) == (1, "casting: name the stage, for example STAGE=dev: dev, prod\n")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"AUTH_ISSUER": "http://agency.eu.auth0.com/"}, "AUTH_ISSUER must be an https URL"),
        ({"AUTH_ISSUER": "http://127.0.0.1:8701/"}, "AUTH_ISSUER must be an https URL"),
        ({"AUTH_ISSUER": ""}, "AUTH_ISSUER is missing"),
        ({"WEB_ORIGIN": "*"}, "WEB_ORIGIN must be one origin"),
        ({"DYNAMODB_URL": "http://127.0.0.1:8000"}, "DYNAMODB_URL is for the stage local"),
        ({"STAGE": "prod"}, "has another name in its own settings"),
    ],
)
def test_a_stage_with_a_dangerous_setting_is_rejected(
    checkout: Checkout, tmp_path: Path, settings: dict[str, str], reason: str
) -> None:
    copy = Checkout(tmp_path / "copy")
    copy.set("dev", **settings)
    assert reason in refused(copy)
    assert not (copy.folder / ".local").exists()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (None, "has another name in its own settings"),
        ({"STAGE": "dev", "TABLE_NAME": 3}, "must be strings"),
    ],
)
def test_a_stage_without_valid_settings_is_rejected(
    tmp_path: Path, settings: Any, reason: str
) -> None:
    copy = Checkout(tmp_path / "copy")
    config = copy.config
    del config["stages"]["dev"]["environment_variables"]
    if settings:
        config["stages"]["dev"]["environment_variables"] = settings
    copy.write_config(config)
    assert reason in refused(copy)


def test_a_configuration_that_is_not_json_is_rejected(tmp_path: Path) -> None:
    copy = Checkout(tmp_path / "copy")
    (copy.folder / ".chalice" / "config.json").write_text("{,}")
    assert ".chalice/config.json is not JSON" in refused(copy)


@pytest.mark.parametrize("module", ["dev.deploy.package", "dev.deploy.deploy", "dev.deploy.stack"])
def test_another_python_than_that_of_the_functions_is_rejected(tmp_path: Path, module: str) -> None:
    copy = Checkout(tmp_path / "copy")
    copy.write_config({**copy.config, "python_version": "3.99"})
    status, output = copy.run(module, STAGE="dev")
    running = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert (status, output) == (
        1,
        f"casting: the functions run on Python 3.99, and this is Python {running}: install Python"
        " 3.99, and add PYTHON=python3.99 VENV=.local/python3.99 to the make command\n",
    )
    assert not (copy.folder / ".local").exists()


def test_the_functions_run_on_a_python_that_lambda_supports_for_years() -> None:
    # AWS ends 3.12 in October 2028 and 3.13 in June 2029; both have SnapStart.
    config = json.loads((PROJECT / ".chalice" / "config.json").read_text())
    assert config["python_version"] == "3.13"


@pytest.mark.parametrize("module", ["dev.deploy.deploy", "dev.deploy.stack"])
def test_a_stage_with_placeholder_hosts_is_not_deployed(tmp_path: Path, module: str) -> None:
    copy = Checkout(tmp_path / "copy")
    status, output = copy.run(module, STAGE="prod")
    assert status == 1
    assert "AUTH_ISSUER of the stage prod is still https://prod.issuer.example/" in output
    assert not (copy.folder / ".local").exists()


def test_an_issuer_of_auth0_without_its_slash_is_not_deployed(tmp_path: Path) -> None:
    copy = Checkout(tmp_path / "copy")
    copy.set("dev", AUTH_ISSUER="https://agency.eu.auth0.com")
    status, output = copy.run("dev.deploy.deploy", STAGE="dev")
    assert status == 1
    assert "needs Auth0's slash: https://agency.eu.auth0.com/" in output


@pytest.mark.parametrize(
    "stray",
    ["chalicelib/.env", "chalicelib/routes/key.pem", "chalicelib/notes.txt", "vendor/x.py",
     "chalicelib/page.js", "chalicelib/routes/page.html", "chalicelib/contract/page.json"],
)  # fmt: skip
def test_a_file_that_does_not_belong_in_a_function_is_rejected(tmp_path: Path, stray: str) -> None:
    copy = Checkout(tmp_path / "copy")
    (copy.folder / stray).parent.mkdir(exist_ok=True)
    (copy.folder / stray).write_text("x = 1")
    assert stray.removesuffix("/x.py") in refused(copy)


def test_a_link_out_of_the_sources_is_rejected(tmp_path: Path) -> None:
    copy = Checkout(tmp_path / "copy")
    (copy.folder / "chalicelib" / "linked.py").symlink_to("/etc/hostname")
    assert "chalicelib/linked.py" in refused(copy)


# Rejected although Chalice has reported success


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (
            {"lambda_functions": {"auth0": {"environment_variables": {"AUTH_ISSUER": "http://x"}}}},
            "chalicelib.auth.auth0 has settings that differ from the stage dev",
        ),
        (
            {"lambda_functions": {"auth0": {"iam_policy_file": "policy-api.json"}}},
            "chalicelib.auth.auth0 has permissions that differ from policy-authorizer.json",
        ),
        (
            {
                "iam_policy_file": "policy-authorizer.json",
                "lambda_functions": {"auth0": {"iam_policy_file": "policy-api.json"}},
            },
            "app.app has permissions that differ from policy-api.json",
        ),
        ({"autogen_policy": True}, "app.app has permissions that differ from policy-api.json"),
    ],
)
def test_what_chalice_merges_from_elsewhere_is_rejected(
    checkout: Checkout, tmp_path: Path, more: dict[str, Any], reason: str
) -> None:
    copy = Checkout(tmp_path / "copy", like=checkout)
    config = copy.config
    config["stages"]["dev"].update(more)
    copy.write_config(config)
    assert reason in refused(copy)


def test_settings_for_all_stages_are_rejected(checkout: Checkout, tmp_path: Path) -> None:
    copy = Checkout(tmp_path / "copy", like=checkout)
    copy.write_config({**copy.config, "environment_variables": {"TZ": "UTC"}})
    assert "app.app has settings that differ from the stage dev" in refused(copy)


def test_a_dependency_that_cannot_be_built_is_rejected_each_time(tmp_path: Path) -> None:
    copy = Checkout(tmp_path / "copy")
    broken = tmp_path / "broken-1.0"
    broken.mkdir()
    (broken / "setup.py").write_text(
        "from setuptools import Extension, setup\n"
        "setup(name='broken', version='1.0', ext_modules=[Extension('broken', ['broken.c'])])\n"
    )
    (broken / "broken.c").write_text("this is no C\n")
    with tarfile.open(tmp_path / "broken-1.0.tar.gz", "w:gz") as tar:
        tar.add(broken, "broken-1.0")
    (copy.folder / "requirements.txt").write_text(f"broken @ file://{broken}.tar.gz\n")
    for _ in range(2):
        assert "broken  is required and missing" in refused(copy)


def test_a_function_that_needs_what_its_zip_lacks_is_rejected(
    built: Path, checkout: Checkout, tmp_path: Path
) -> None:
    config = checkout.config
    settings = config["stages"]["prod"]["environment_variables"]
    stage = stages.Stage("prod", "eu-central-1", settings, {}, 30, "x86_64", False, config)
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(built / "deployment.zip") as zipped, zipfile.ZipFile(changed, "w") as out:
        for name in zipped.namelist():
            if "/__pycache__/signing_keys." in name:
                continue  # it would be used instead of the changed source
            # It is installed on a developer's machine.
            more = b"\nimport yaml\n" if name == "chalicelib/signing_keys.py" else b""
            out.writestr(name, zipped.read(name) + more)
    assert list(package._import_problems(built / "deployment.zip", stage)) == []
    assert list(package._import_problems(changed, stage)) == [
        "chalicelib.auth.auth0 does not start: ModuleNotFoundError: No module named 'yaml'"
    ]


def test_a_function_that_cannot_be_imported_is_rejected_each_time(
    checkout: Checkout, tmp_path: Path
) -> None:
    copy = Checkout(tmp_path / "copy", like=checkout)
    with (copy.folder / "app.py").open("a") as file:
        file.write("import yaml\n")
    for _ in range(2):
        assert "the functions do not start: ModuleNotFoundError: No module named 'yaml'" in refused(
            copy
        )


def test_a_zip_that_chalice_did_not_finish_is_built_again(
    checkout: Checkout, tmp_path: Path
) -> None:
    copy = Checkout(tmp_path / "copy", like=checkout)
    (half,) = (copy.folder / ".local/build/.chalice/deployments").glob("*.zip")
    half.write_bytes(half.read_bytes()[:1_000_000])
    assert "it is not a zip" in refused(copy)
    assert not half.exists()


def test_the_rest_of_an_interrupted_build_is_not_used(checkout: Checkout, tmp_path: Path) -> None:
    copy = Checkout(tmp_path / "copy", like=checkout)
    (this,) = (copy.folder / ".local/build/.chalice/deployments").glob("*.zip")
    good, newer = this.read_bytes(), this.with_name("of-other-sources.zip")
    newer.write_bytes(b"other")
    shutil.copyfile(this, this.with_name("of-the-same-files.zip"))
    assert copy.run("dev.deploy.package", STAGE="dev")[0] == 0
    (left,) = this.parent.glob("*.zip")
    assert left.read_bytes() == good


def zipped(tmp_path: Path, **files: str) -> Path:
    """Return a valid zip with these files added or replaced.

    In names, two underscores mean a dot.
    """
    contents = {
        "app.py": "",
        "chalicelib/__init__.py": "",
        "good/__init__.py": "",
        "good-1.0.dist-info/METADATA": "Name: Good\nVersion: 1.0\n",
        "good-1.0.dist-info/WHEEL": f"{WHEEL}Tag: py3-none-any\n",
        "good-1.0.dist-info/RECORD": "good/__init__.py,,\ngood-1.0.dist-info/METADATA,,\n"
        "good-1.0.dist-info/WHEEL,,\ngood-1.0.dist-info/RECORD,,\n",
        **files,
    }
    path = tmp_path / "some.zip"
    with zipfile.ZipFile(path, "w") as made:
        for name, content in contents.items():
            made.writestr(name, content)
    return path


@pytest.fixture
def wrong(tmp_path: Path) -> Callable[..., list[str]]:
    """Return the problems of a zip with these files added or replaced."""
    return lambda files, architecture="x86_64": list(
        package.problems(zipped(tmp_path, **files), REQUIREMENTS, architecture)
    )


def test_a_valid_zip_has_no_problem(wrong: Callable[..., list[str]]) -> None:
    assert wrong({}) == []
    assert wrong({"chalicelib/routes/films.py": "", "chalicelib/contract/films.css": ""}) == []


@pytest.mark.parametrize(
    "name",
    ["tests/test_x.py", "dev/x.py", ".env", "key.pem", "chalicelib/key.pem", "good/more.py",
     "chalicelib/__pycache__/x.cpython-311.pyc", "good/__pycache__/x.pyc", "chalice/local.py",
     ".chalice/config.json", "chalicelib/.env.py~", "contract/page.js", "chalicelib/page.js",
     "chalicelib/contract/page.map", "chalicelib/contract/page/page.js"],
)  # fmt: skip
def test_a_file_that_no_package_lists_is_rejected(
    wrong: Callable[..., list[str]], name: str
) -> None:
    assert wrong({name: ""}) == [f"{name} does not belong in a function"]


@pytest.mark.parametrize(
    ("tag", "fits"),
    [
        ("py3-none-any", True),
        ("py2.py3-none-any", True),
        (f"cp3{sys.version_info[1]}-cp3{sys.version_info[1]}-manylinux_2_17_x86_64", True),
        (f"cp3{sys.version_info[1]}-cp3{sys.version_info[1]}-manylinux2014_x86_64", True),
        ("cp311-abi3-manylinux_2_26_x86_64", True),
        ("cp37-abi3-manylinux_2_5_x86_64", True),
        (f"cp3{sys.version_info[1]}-cp3{sys.version_info[1]}-manylinux_2_35_x86_64", False),
        (f"cp3{sys.version_info[1]}-cp3{sys.version_info[1]}-manylinux_2_17_aarch64", False),
        (f"cp3{sys.version_info[1]}-cp3{sys.version_info[1]}-linux_x86_64", False),
        (f"cp3{sys.version_info[1]}-cp3{sys.version_info[1]}-musllinux_1_2_x86_64", False),
        (f"cp3{sys.version_info[1]}-cp3{sys.version_info[1]}-macosx_11_0_arm64", False),
        ("cp310-cp310-manylinux_2_17_x86_64", False),
        ("cp311-cp311-win_amd64", False),
    ],
)
def test_a_wheel_for_another_platform_is_rejected(
    wrong: Callable[..., list[str]], tag: str, fits: bool
) -> None:
    problems = wrong({"good-1.0.dist-info/WHEEL": f"{WHEEL}Tag: {tag}\n"})
    assert [problem.partition(" is a wheel")[0] for problem in problems] == (
        [] if fits else ["Good"]
    )


@pytest.mark.parametrize(
    ("processor", "fits"), [("aarch64", ["arm64"]), ("x86_64", ["x86_64"]), ("i686", [])]
)
def test_a_wheel_must_be_for_the_architecture_of_the_stage(
    wrong: Callable[..., list[str]], processor: str, fits: list[str]
) -> None:
    tag = f"cp3{sys.version_info[1]}-cp3{sys.version_info[1]}-manylinux_2_17_{processor}"
    wheel = {"good-1.0.dist-info/WHEEL": f"{WHEEL}Tag: {tag}\n"}
    assert [name for name in ("x86_64", "arm64") if not wrong(wheel, name)] == fits


def test_each_requirement_must_be_there_in_its_version_and_nothing_else(
    wrong: Callable[..., list[str]], tmp_path: Path
) -> None:
    assert wrong({"good-1.0.dist-info/METADATA": "Name: good\nVersion: 1.1\n"}) == [
        "good 1.0 is required and missing: it could not be built for Lambda",
        "good 1.1 is included and not in requirements.txt",
    ]
    more: dict[str, Any] = {
        "more-2.0.dist-info/METADATA": "Name: more\nVersion: 2.0\n",
        "more-2.0.dist-info/WHEEL": f"{WHEEL}Tag: py3-none-any\n",
        "more-2.0.dist-info/RECORD": "more-2.0.dist-info/METADATA,,\n"
        "more-2.0.dist-info/WHEEL,,\nmore-2.0.dist-info/RECORD,,\n",
    }
    assert wrong(more) == ["more 2.0 is included and not in requirements.txt"]
    problems = list(package.problems(zipped(tmp_path), REQUIREMENTS + "absent==3.0\n", "x86_64"))
    assert problems == ["absent 3.0 is required and missing: it could not be built for Lambda"]


def test_a_zip_that_is_too_large_for_lambda_is_rejected(
    wrong: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "MAX_UNZIPPED", 10)
    assert wrong({}) == ["it is larger than Lambda accepts"]
