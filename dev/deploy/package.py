"""`make package`: build and check the zip and the CloudFormation template of a stage.

Chalice exits with 0 if a dependency could not be built, and ships every file in chalicelib/. So it
builds from a clean copy, and the result is checked before it is used. `make deploy` and `make
stack` deploy this package.
"""

import email
import filecmp
import fnmatch
import gzip
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Container, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags, parse_tag
from packaging.utils import canonicalize_name

from chalicelib import patterns
from dev import console, machine
from dev.deploy import stages, wheels
from dev.deploy.foundations import Account
from dev.deploy.stages import Stage
from dev.machine import LOCAL, PROJECT

ANY_METHOD = "x-amazon-apigateway-any-method"
"""The name in a definition for all methods that a path does not have."""
GATEWAY_RESPONSES = "x-amazon-apigateway-gateway-responses"
BUILD = LOCAL / "build"
CHALICE = Path(sys.executable).with_name("chalice")
MAX_UNZIPPED = 250 * 1024 * 1024  # bytes of an unzipped function (Lambda)
MAX_ZIP = 50 * 1024 * 1024  # bytes of a zip that is uploaded to Lambda directly (Lambda)
APP_FILES = ("app.py", *wheels.RUNTIME)
CHECKED = b"casting: checked"  # the comment of a zip that has passed the checks
HOOK = PROJECT / "dev" / "deploy" / "hook.py"
PATTERNS = patterns.FILE.relative_to(PROJECT).as_posix()
COMPILE_PATTERNS = PROJECT / "dev" / "deploy" / "compile_patterns.py"
POLICIES = BUILD / "policies"  # as they are in the sources; Chalice gets them filled in


PARTS = (".chalice", "app.py", "chalicelib", "console", "dev", "requirements.txt", "wheels.lock")
"""What a copy of the project needs, to be deployed from."""


class Function(NamedTuple):
    """A deployed function: its policy, and what it imports when it starts."""

    policy: str
    imports: list[str]


FUNCTIONS = {
    "app.app": Function("policy-api.json", ["app.app"]),
    "chalicelib.auth.auth0": Function(
        "policy-authorizer.json",
        # The authorizer imports these modules while it verifies a token.
        ["chalicelib.auth.auth0", "chalicelib.tokens.verify", "chalicelib.signing_keys.KeySet"],
    ),
}
"""The functions by their handlers."""

SUFFIXES = {
    "chalicelib/contract": (".py", ".html", ".css", ".js"),
    "chalicelib/console": (".html", ".css", ".js", ".sha256"),
    "chalicelib/store": (".py", ".pem"),
}
"""The files that a folder of chalicelib/ contains. In all other folders, there is only Python."""

_IMPORT = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
for function in sys.argv[2:]:
    module, _, name = function.rpartition(".")
    assert callable(getattr(importlib.import_module(module), name))
if "chalicelib.store.client" in sys.modules:
    # It has read the data of botocore. Nothing is sent.
    assert sys.modules["chalicelib.store.client"]._client
"""


BOTOCORE_DATA = "botocore/data/"
DYNAMODB = f"{BOTOCORE_DATA}dynamodb/2012-08-10/"
DYNAMODB_FILES = ("service-2.json.gz", "endpoint-rule-set-1.json.gz")

NOT_NEEDED = (
    "botocore/cacert.pem",  # client.py names its own
    "charset_normalizer/*",  # requests decodes no text for us; startup.py ignores its warning
    "dateutil/zoneinfo/*",  # Python has the time zones
    "ecdsa/test_*.py",
    "idna/uts46data.py",  # for host names that are not ASCII, which settings.py refuses
)
"""Files that no function reads, the largest ones."""


class NotStarting(Exception):
    """The functions in the package cannot be imported. The message says why."""


class Package(NamedTuple):
    """What was built: the zip, and the template that refers to it as `./deployment.zip`."""

    zip: Path
    template: Path

    def digest(self) -> str:
        """Return the SHA-256 of the zip. The same files always produce the same hash."""
        return hashlib.sha256(self.zip.read_bytes()).hexdigest()

    def properties(self) -> dict[str, dict[str, Any]]:
        """Return the properties of the template's resources, by their names."""
        resources = json.loads(self.template.read_text())["Resources"]
        return {name: resource["Properties"] for name, resource in resources.items()}

    def completion(self) -> dict[str, Any]:
        """Return what the API's definition has and `chalice deploy` does not import."""
        definition = self.properties()["RestAPI"]["DefinitionBody"]
        paths = {
            path: {ANY_METHOD: methods[ANY_METHOD]} for path, methods in definition["paths"].items()
        }
        return {
            **{name: definition[name] for name in ("swagger", "info", GATEWAY_RESPONSES)},
            "paths": paths,
        }


def alone() -> AbstractContextManager[TextIO]:
    """Lock this checkout, so that nothing else on this machine builds or deploys from it."""
    return machine.lock(BUILD.with_suffix(".lock"))


def build(stage: Stage) -> Package:
    """Build and check a stage's package. Stop if there is a problem."""
    try:
        console.build()
    except console.BuildFailed as error:
        machine.fail(f"the console cannot be built: {error}")
    copy_sources()
    configure(stage, None)
    out = LOCAL / "package" / stage.name
    shutil.rmtree(out, ignore_errors=True)
    merged = str(BUILD / ".chalice" / "merge.json")
    # The region only selects the names of AWS endpoints. Packaging sends nothing.
    run_chalice("package", stage, "eu-central-1", "--merge-template", merged, str(out))
    package = Package(out / "deployment.zip", out / "sam.json")
    # Chalice reuses one of these if its name matches the sources.
    built = list((BUILD / ".chalice" / "deployments").glob("*.zip"))
    this, *_ = (path for path in built if filecmp.cmp(path, package.zip, shallow=False))
    requirements = (BUILD / "requirements.txt").read_text()
    wrong = [*problems(package.zip, requirements, stage.architecture),
             *_template_problems(package.template, stage)]  # fmt: skip
    if not wrong and not _is_checked(package.zip):
        wrong = [*wheels.problems(package.zip, (BUILD / "wheels.lock").read_text())]
    if not wrong and not _is_checked(package.zip):
        try:
            _finish(package.zip, stage)
            wrong = list(_import_problems(package.zip, stage))
        except NotStarting as error:
            wrong = [str(error)]
    if wrong:
        # Otherwise, Chalice would silently reuse it.
        for path in [*built, *out.iterdir()]:
            path.unlink()
        machine.fail("the package cannot be deployed:\n  " + "\n  ".join(wrong))
    _mark_checked(package.zip)
    _publish_versions(package)
    _complete_api(package)
    if stage.is_gradual:
        _shift_gradually(package, stage)
    # `chalice deploy` will find the zip that was checked.
    os.replace(shutil.copyfile(package.zip, this.with_suffix(".tmp")), this)
    for other in built:
        if other != this:
            other.unlink()
    return package


def copy_sources() -> None:
    """Copy the sources. Stop if there is a file among them that does not belong there.

    Everything later uses the copy, because the sources may change meanwhile.
    """
    sources = [PROJECT / "app.py", PROJECT / "requirements.txt", wheels.LOCK, *_sources()]
    shutil.rmtree(BUILD / "chalicelib", ignore_errors=True)
    for source in sources:
        copy = BUILD / source.relative_to(PROJECT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
    POLICIES.mkdir(exist_ok=True)
    for function in FUNCTIONS.values():
        shutil.copyfile(PROJECT / ".chalice" / function.policy, POLICIES / function.policy)


def configure(stage: Stage, account: Account | None) -> None:
    """Write the files that Chalice reads beside the sources.

    Policies name the account if it is known. Otherwise, CloudFormation fills it in.
    """
    settings = BUILD / ".chalice"
    (settings / "deployments").mkdir(parents=True, exist_ok=True)
    deployed = PROJECT / ".chalice" / "deployed"
    deployed.mkdir(exist_ok=True)
    # Written each time, because the checkout may have been moved.
    (settings / "deployed").unlink(missing_ok=True)
    (settings / "deployed").symlink_to(deployed)
    for function in FUNCTIONS.values():
        policy = stage.render((POLICIES / function.policy).read_text())
        if account is None:
            policy = json.dumps(_substituted(json.loads(policy)))
        else:
            policy = policy.replace("${AWS::Partition}", account.partition)
            policy = policy.replace("${AWS::Region}", account.region)
            policy = policy.replace("${AWS::AccountId}", account.number)
        (settings / function.policy).write_text(policy)
    # Chalice names the log group after another function than the API's, and its template
    # is then invalid (cfn-lint E1019). operations.yaml has the right log groups.
    config = {k: v for k, v in stage.config.items() if k != "log_retention_in_days"}
    stage_config = stage.config["stages"][stage.name]
    config["stages"] = {
        stage.name: {k: v for k, v in stage_config.items() if k != "log_retention_in_days"}
    }
    (settings / "config.json").write_text(json.dumps(config))
    (settings / "merge.json").write_text(json.dumps(_merge_template(stage)))


def is_source(name: str) -> bool:
    """Return whether a file belongs in the functions: Python, or a page's files."""
    folder, _, file = name.rpartition("/")
    suffixes = SUFFIXES.get(folder, (".py",))
    return name.startswith("chalicelib/") and file.endswith(suffixes)


def _sources() -> Iterator[Path]:
    strays = []
    for path in sorted((PROJECT / "chalicelib").rglob("*")):
        if path.is_dir() or "__pycache__" in path.parts:
            continue
        name = path.relative_to(PROJECT).as_posix()
        if is_source(name) and not path.is_symlink():
            yield path
        else:
            strays.append(name)
    if (PROJECT / "vendor").exists():
        strays.append("vendor")  # Chalice would ship it
    if strays:
        machine.fail(f"these files do not belong in a function; move them: {', '.join(strays)}")


def _substituted(value: Any) -> Any:
    """Wrap every string with CloudFormation pseudo parameters in `Fn::Sub`."""
    if isinstance(value, dict):
        return {k: _substituted(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_substituted(v) for v in value]
    return {"Fn::Sub": value} if isinstance(value, str) and "${AWS::" in value else value


def _merge_template(stage: Stage) -> dict[str, Any]:
    """Return the parts of `make stack`'s template that Chalice does not create."""
    operations, merged = stage.template("operations.yaml"), stage.template("stack.yaml")
    merged["Resources"]["RestAPI"]["Properties"]["DefinitionBody"] = {
        # In the API's definition instead of separate resources: a deployment is created when
        # the definition changes, and contains it.
        GATEWAY_RESPONSES: dict(stages.gateway_responses())
    }
    if stage.waf_requests is None:
        for name in ("Firewall", "FirewallOfStage"):
            del merged["Resources"][name]
    operations["Resources"].update(merged["Resources"])
    operations["Description"] = f"The casting API, stage {stage.name}"
    del operations["AWSTemplateFormatVersion"]
    return operations


def run_chalice(command: str, stage: Stage, region: str, *arguments: str) -> None:
    """Run Chalice on the clean copy. Stop if it fails."""
    quiet = command == "package"  # its output is only shown if it fails
    done = subprocess.run(
        [sys.executable, str(CHALICE), "--project-dir", str(BUILD), command]
        + ["--stage", stage.name, *arguments],
        env={
            **stages.clean_environment(stage),
            # Otherwise, a region of the environment would override the profile's.
            "AWS_DEFAULT_REGION": region,
            "PYTHONDONTWRITEBYTECODE": "1",  # Chalice would ship the caches
        },
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
    )
    if done.returncode:
        machine.fail(f"chalice {command} failed{': ' + done.stdout if quiet else ''}")


def problems(package: Path, requirements: str, architecture: str) -> Iterator[str]:
    """Return the problems of a zip, one sentence each.

    Everything that is required must be in it, built for Lambda, and nothing else.
    """
    if not zipfile.is_zipfile(package):
        yield "it is not a zip, because Chalice was interrupted while writing it; try again"
        return
    required = {
        (canonicalize_name(r.name), str(r.specifier).removeprefix("=="))
        for line in requirements.splitlines()
        if (text := line.partition("#")[0].strip())
        for r in [Requirement(text)]
    }
    lambda_tags = _lambda_tags(stages.ARCHITECTURES[architecture])
    with zipfile.ZipFile(package) as zipped:
        files = {i.filename: i.file_size for i in zipped.infolist() if not i.is_dir()}
        included, expected_files = set(), set(APP_FILES)
        for name in files:
            folder, _, file = name.rpartition("/")
            if not folder.endswith(".dist-info") or "/" in folder or file != "METADATA":
                continue
            metadata = email.message_from_bytes(zipped.read(name))
            included.add((canonicalize_name(metadata["Name"]), str(metadata["Version"])))
            wheel = email.message_from_bytes(zipped.read(f"{folder}/WHEEL"))
            tags = {tag for line in wheel.get_all("Tag", []) for tag in parse_tag(line)}
            if not tags & lambda_tags:
                shown = ", ".join(sorted(map(str, tags)))
                yield f"{metadata['Name']} is a wheel for another platform: {shown}"
            expected_files |= wheels.recorded(zipped.read(f"{folder}/RECORD").decode()).keys()
    for name, version in sorted(required - included):
        yield f"{name} {version} is required and missing: it could not be built for Lambda"
    for name, version in sorted(included - required):
        yield f"{name} {version} is included and not in requirements.txt"
    for name in sorted(files.keys() - expected_files):
        if name == PATTERNS or is_source(name):
            continue
        if not _is_bytecode(name, files.keys() | expected_files):
            yield f"{name} does not belong in a function"
    if sum(files.values()) > MAX_UNZIPPED or package.stat().st_size > MAX_ZIP:
        yield "it is larger than Lambda accepts"


def _is_bytecode(name: str, sources: Container[str]) -> bool:
    """Return whether a file is the bytecode of one of these modules."""
    folder, cached, file = name.rpartition("__pycache__/")
    if not cached:
        return name.endswith(".pyc") and name.removesuffix("c") in sources
    tag = f".{sys.implementation.cache_tag}.pyc"
    return file.endswith(tag) and folder + file.removesuffix(tag) + ".py" in sources


def _lambda_tags(processor: str) -> set[Tag]:
    """Return the tags of wheels that run in Lambda's image for this Python, on a processor."""
    version = sys.version_info[:2]
    # Amazon Linux 2 has glibc 2.26. Amazon Linux 2023, since Python 3.12, has 2.34.
    glibc = 26 if version < (3, 12) else 34
    platforms = [f"manylinux_2_{minor}_{processor}" for minor in range(glibc, 4, -1)]
    platforms += [f"{old}_{processor}" for old in ("manylinux2014", "manylinux2010", "manylinux1")]
    python = f"cp{version[0]}{version[1]}"
    return {
        *cpython_tags(version, abis=[python], platforms=platforms),
        *compatible_tags(version, interpreter=python, platforms=platforms),
    }


def _template_problems(template: Path, stage: Stage) -> Iterator[str]:
    """Compare Chalice's template with the stage's configuration.

    Chalice merges settings and policies from several places of the configuration.
    """
    resources = json.loads(template.read_text())["Resources"]
    functions = [r["Properties"] for r in resources.values() if r["Type"].endswith("::Function")]
    handlers = {function["Handler"] for function in functions}
    if handlers != FUNCTIONS.keys():
        yield f"its functions are {', '.join(sorted(handlers))}, not {', '.join(FUNCTIONS)}"
        return
    for function in functions:
        handler = function["Handler"]
        if function["Runtime"] != f"python{stage.config['python_version']}":
            yield f"{handler} has the runtime {function['Runtime']}"
        if function["Architectures"] != [stage.architecture]:
            yield f"{handler} is for {', '.join(function['Architectures'])}"
        if function["Environment"]["Variables"] != stage.settings:
            yield f"{handler} has settings that differ from the stage {stage.name}"
        role = resources[function["Role"]["Fn::GetAtt"][0]]["Properties"]
        granted = [policy["PolicyDocument"] for policy in role["Policies"]]
        ours = json.loads((BUILD / ".chalice" / FUNCTIONS[handler].policy).read_text())
        if granted != [ours] or "ManagedPolicyArns" in role:
            yield f"{handler} has permissions that differ from {FUNCTIONS[handler].policy}"


def _publish_versions(package: Package) -> None:
    """Publish a version of each function that changes, and make API Gateway call its alias.

    SAM compares the zip and only some settings. With its AutoPublishAliasAllProperties, a new tag
    makes a deployment fail, because Lambda sees no change. SAM writes our own hash into the
    description of the function, so Lambda sees every change.
    """
    # The address by which API Gateway calls a function.
    text = re.sub(
        r"\$\{(\w+)\.Arn\}/invocations", r"${\1.Alias}/invocations", package.template.read_text()
    )
    template = json.loads(text)
    for name, resource in list(template["Resources"].items()):
        if resource["Type"] == "AWS::Serverless::Function":
            properties = resource["Properties"]
            contents = json.dumps([package.digest(), properties], sort_keys=True)
            properties["AutoPublishCodeSha256"] = hashlib.sha256(contents.encode()).hexdigest()
            permission = template["Resources"][f"{name}InvokePermission"]["Properties"]
            permission["FunctionName"] = {"Ref": f"{name}.Alias"}
    package.template.write_text(json.dumps(template, indent=2))


def _complete_api(package: Package) -> None:
    """Let API Gateway answer unsupported methods itself, and throttle the public ones more."""
    # Imported here, because the import reads the stage's settings.
    from chalicelib.http.gateway import method_not_allowed

    template = json.loads(package.template.read_text())
    properties = template["Resources"]["RestAPI"]["Properties"]
    for path, methods in properties["DefinitionBody"]["paths"].items():
        supported = [name.upper() for name in methods if name != "options"]
        for method in supported:
            if "security" not in methods[method.lower()] and stages.is_throttled_more(path):
                properties["MethodSettings"].append(stages.public_throttling(path, method))
        methods[ANY_METHOD] = method_not_allowed(supported).method()
    package.template.write_text(json.dumps(template, indent=2))


def _shift_gradually(package: Package, stage: Stage) -> None:
    """Let CodeDeploy shift the traffic to new versions in steps, after a hook has called them."""
    template = json.loads(package.template.read_text())
    added = stage.template("gradual.yaml")["Resources"]
    added["PreTraffic"]["Properties"]["Code"] = {"ZipFile": HOOK.read_text()}
    for name, resource in added.items():
        if existing := template["Resources"].get(name):
            existing["Properties"].update(resource["Properties"])
        else:
            template["Resources"][name] = resource
    package.template.write_text(json.dumps(template, indent=2))


def _import_problems(package: Path, stage: Stage) -> Iterator[str]:
    """Import the functions with nothing but the zip and Python itself."""
    processor = stages.ARCHITECTURES[stage.architecture]
    if (platform.system(), platform.machine()) != ("Linux", processor):
        machine.say(f"Not imported: the package is for Linux on {processor}, not for this machine.")
        return
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(package) as zipped:
            zipped.extractall(folder)
        for handler, function in FUNCTIONS.items():
            done = subprocess.run(
                [sys.executable, "-I", "-S", "-c", _IMPORT, folder, *function.imports],
                env=_lambda_environment(stage),
                cwd=folder,
                capture_output=True,
                text=True,
            )
            if done.returncode:
                yield f"{handler} does not start: {machine.last_line(done.stderr)}"


def _lambda_environment(stage: Stage) -> dict[str, str]:
    """Return the variables with which the functions start as in Lambda."""
    return {
        **stage.settings,
        "AWS_LAMBDA_FUNCTION_NAME": stage.function,
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
    }


def _is_checked(package: Path) -> bool:
    with zipfile.ZipFile(package) as zipped:
        return zipped.comment == CHECKED


def _mark_checked(package: Path) -> None:
    with zipfile.ZipFile(package, "a") as zipped:
        zipped.comment = CHECKED


def _finish(package: Path, stage: Stage) -> None:
    """Leave out what the functions do not need, add what is compiled, and pack the files again.

    The same files always produce the same zip.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with zipfile.ZipFile(package) as zipped:
            kept = [i for i in zipped.infolist() if not i.is_dir() and is_needed(i.filename)]
            for info in kept:
                zipped.extract(info, root)
        _trim(root)
        _compile(root)
        (root / PATTERNS).write_bytes(_compiled_patterns(root, stage))
        fresh = package.with_suffix(".tmp")
        pack(root, fresh)
    os.replace(fresh, package)


def pack(root: Path, package: Path) -> None:
    """Write the files of a folder to a zip, in the same order and with the same dates each time."""
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))
    with zipfile.ZipFile(package, "w") as zipped:
        for name in names:
            if (root / name).is_file():
                entry = zipfile.ZipInfo(name)  # dated 1 January 1980
                entry.external_attr = 0o644 << 16
                zipped.writestr(entry, (root / name).read_bytes(), zipfile.ZIP_DEFLATED, 9)


def is_needed(name: str) -> bool:
    """Return whether the functions need a file of the zip that Chalice has built."""
    if name.startswith(BOTOCORE_DATA) and "/" in name.removeprefix(BOTOCORE_DATA):
        return name.startswith(DYNAMODB) and name.removeprefix(DYNAMODB) in DYNAMODB_FILES
    return not any(fnmatch.fnmatch(name, pattern) for pattern in NOT_NEEDED)


def _trim(root: Path) -> None:
    """Leave out of botocore's data what the functions do not use: it is read in each cold start."""
    from chalicelib.store.client import PLAIN  # it reads the settings when it is imported

    endpoints = root / BOTOCORE_DATA / "endpoints.json"
    if not endpoints.exists():
        return
    known = json.loads(endpoints.read_text())
    for partition in known["partitions"]:
        partition["services"] = {
            name: service for name, service in partition["services"].items() if name == "dynamodb"
        }
    endpoints.write_text(json.dumps(known))
    packed = root / DYNAMODB / "service-2.json.gz"
    model = json.loads(gzip.decompress(packed.read_bytes()))
    model["operations"] = {
        name: operation
        for name, operation in model["operations"].items()
        if operation.get("output", {}).get("shape") in PLAIN
    }
    model["shapes"] = _used_shapes(model)
    text = json.dumps(_without_documentation(model))
    packed.write_bytes(gzip.compress(text.encode(), mtime=0))


def _used_shapes(model: dict[str, Any]) -> dict[str, Any]:
    """Return the shapes to which the operations of a service lead."""
    used: set[str] = set()
    names = _shapes_in(model["operations"])
    while names:
        name = names.pop()
        used.add(name)
        names |= _shapes_in(model["shapes"][name]) - used
    return {name: shape for name, shape in model["shapes"].items() if name in used}


def _shapes_in(value: Any) -> set[str]:
    if isinstance(value, list):
        return {name for member in value for name in _shapes_in(member)}
    if not isinstance(value, dict):
        return set()
    own = {value["shape"]} if isinstance(value.get("shape"), str) else set()
    return own | {name for member in value.values() for name in _shapes_in(member)}


def _without_documentation(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_documentation(member) for member in value]
    if isinstance(value, dict):
        return {k: _without_documentation(v) for k, v in value.items() if k != "documentation"}
    return value


def _compile(root: Path) -> None:
    """Add the bytecode of every module, which Lambda would otherwise compile in each cold start.

    Lambda cannot write it, and the times in the zip say nothing: so it is not compared with the
    source. Of other packages there is only the bytecode. Our sources stay: tracebacks quote them.
    """
    ours = [path for path in (root / "app.py", root / "chalicelib") if path.exists()]
    others = [path for path in sorted(root.iterdir()) if path not in ours]
    for options, paths in (((), ours), (("-b",), others)):
        if paths:
            _run_compileall(root, *options, *paths)
    for path in others:
        for source in [path] if path.suffix == ".py" else path.rglob("*.py"):
            source.unlink()


def _run_compileall(root: Path, *arguments: str | Path) -> None:
    """Compile modules in a process of its own, in which the same sources produce the same bytes."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "compileall", "-q", "-j", "1", "-s", str(root)]
        + ["-p", "/var/task", "--invalidation-mode", "unchecked-hash", *map(str, arguments)],
        env={"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        machine.fail(f"the package cannot be compiled: {done.stdout}{done.stderr}")


def _compiled_patterns(root: Path, stage: Stage) -> bytes:
    """Return the content of the file that chalicelib/patterns.py loads. Raise NotStarting."""
    modules = [name.rpartition(".")[0] for f in FUNCTIONS.values() for name in f.imports]
    done = subprocess.run(
        [sys.executable, "-P", "-S", "-B", str(COMPILE_PATTERNS), str(root)]
        + [sysconfig.get_path("purelib"), *modules],
        # A pattern that is built from a set would otherwise differ in each build.
        env={**_lambda_environment(stage), "PYTHONHASHSEED": "0"},
        capture_output=True,
    )
    if done.returncode:
        raise NotStarting(f"the functions do not start: {machine.last_line(done.stderr.decode())}")
    return done.stdout


def main() -> None:
    stage = stages.chosen()
    stages.refuse_other_python(stage)
    with alone():
        package = build(stage)
    size = package.zip.stat().st_size / 1024 / 1024
    machine.say(f"{machine.shown(package.zip)}: {size:.1f} MB, SHA-256 {package.digest()}")
    machine.say(
        f"{machine.shown(package.template)}: the template of {stage.name}; its CodeUri is the zip"
    )


if __name__ == "__main__":
    main()
