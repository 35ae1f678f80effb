"""Imports point down only, and each Lambda function loads only what it needs."""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from app import app
from tests.conftest import PROJECT
from tests.support.settings import SETTINGS

LAYERS = [
    ("base64url", "limits", "patterns", "permissions", "restore", "settings", "strict_json"),
    ("errors", "logs", "startup"),
    ("deadline", "signing_keys"),
    ("tokens",),
    ("auth",),
    ("store",),
    ("http",),
    ("contract",),
    ("routes",),
]
"""The modules and packages of chalicelib/, from the lowest. Each imports only lower ones."""

LIBRARIES = {
    "chalicelib/contract/": {"chalice.app", "msgspec"},
    "chalicelib/http/": {"chalice.app", "msgspec"},
    "chalicelib/restore.py": {"snapshot_restore_py"},
    "chalicelib/routes/": {"chalice.app", "msgspec"},
    "chalicelib/store/": {"botocore", "msgspec", "pynamodb"},
    "chalicelib/signing_keys.py": {"jose", "requests", "rsa", "urllib3"},
}
"""The libraries of each part. The other modules have only chalice.app."""

ON_DEMAND = {
    ("chalicelib.auth", "chalicelib.tokens"): "the handlers do not need the verifier",
    ("chalicelib.tokens", "chalicelib.signing_keys"): "a malformed token needs no key",
    ("chalicelib.auth", "chalicelib.signing_keys"): "as the verifier",
    ("chalicelib.restore", "snapshot_restore_py"): "only Lambda's Python has it",
    ("chalicelib.routes.service", "chalicelib.contract"): "only who asks for the contract pays",
}
"""Imports inside a function or a `try`, and why."""

DEPLOYED = [PROJECT / "app.py", *sorted((PROJECT / "chalicelib").rglob("*.py"))]
NOT_DEPLOYED = [
    p for folder in ("bench", "dev", "tests") for p in sorted((PROJECT / folder).rglob("*.py"))
]


def module_name(file: Path) -> str:
    name = ".".join(file.relative_to(PROJECT).with_suffix("").parts)
    return name.removesuffix(".__init__")


MODULES = {module_name(file) for file in [*DEPLOYED, *NOT_DEPLOYED]}


def imports(file: Path, inside_functions: bool = True) -> set[str]:
    """Return the modules that a file imports, without the standard library."""
    tree = ast.parse(file.read_text())
    nodes = ast.walk(tree) if inside_functions else iter(tree.body)
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: import by the full name"
            for alias in node.names:
                member = f"{node.module}.{alias.name}"
                names.add(member if member in MODULES else str(node.module))
    return {name for name in names if name.partition(".")[0] not in sys.stdlib_module_names}


def layer(module: str) -> int:
    part = module.removeprefix("chalicelib.").partition(".")[0]
    return next(number for number, parts in enumerate(LAYERS) if part in parts)


@pytest.mark.parametrize("file", DEPLOYED, ids=module_name)
def test_a_deployed_module_imports_only_lower_layers_and_its_libraries(file: Path) -> None:
    name, path = module_name(file), str(file.relative_to(PROJECT))
    libraries = next((libs for place, libs in LIBRARIES.items() if path.startswith(place)), None)
    for imported in imports(file):
        if imported.startswith("chalicelib"):
            if name in ("app", "chalicelib") or imported == "chalicelib":
                continue
            same_package = name.split(".")[:2] == imported.split(".")[:2]
            assert same_package or layer(imported) < layer(name), imported
        else:
            allowed = libraries or {"chalice.app"}
            assert any(f"{imported}.".startswith(f"{library}.") for library in allowed), imported


def test_every_part_of_chalicelib_has_a_layer() -> None:
    parts = {module.split(".")[1] for module in MODULES if module.startswith("chalicelib.")}
    assert parts == {part for parts in LAYERS for part in parts}


def test_only_the_imports_with_a_reason_are_not_at_the_top() -> None:
    inside = {
        (module_name(file), imported)
        for file in DEPLOYED
        for imported in imports(file) - imports(file, inside_functions=False)
    }
    assert {(name, ".".join(imported.split(".")[:2])) for name, imported in inside} == set(
        ON_DEMAND
    )


@pytest.mark.parametrize("top", ["bench", "chalicelib", "dev", "tests"])
def test_no_modules_import_each_other(top: str) -> None:
    graph = {
        module_name(file): imports(file, inside_functions=False) & MODULES
        for file in [*DEPLOYED, *NOT_DEPLOYED]
        if module_name(file).startswith(top)
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"{error}")


ARROWS_IN_DEV = {
    ("dev.deploy", "dev.contract"): "the smoke test reads the operations of the contract",
    ("dev.table", "dev.deploy"): "make forget finds the table of a stage",
    ("dev.deploy", "dev.console"): "the package contains the console",
    ("dev.local", "dev.console"): "make run serves the console",
    ("dev.console", "dev.node"): "the console is built with Node.js",
    ("dev.audit", "dev.node"): "npm has the advisories of the console's packages",
    ("dev.deploy", "dev.pythons"): "the lock has wheels for every supported Python",
}
"""Imports between the folders of dev/, and why. All of them import dev.machine."""


def test_the_folders_of_dev_import_only_machine_and_themselves() -> None:
    arrows = {
        (".".join(module_name(file).split(".")[:2]), ".".join(imported.split(".")[:2]))
        for file in (PROJECT / "dev").rglob("*.py")
        for imported in imports(file)
        if imported.startswith("dev.")
    }
    own = {(folder, folder) for folder, _ in arrows} | {(f, "dev.machine") for f, _ in arrows}
    # It collects the generated files of all folders.
    own |= {arrow for arrow in arrows if arrow[0] == "dev.generate"}
    assert arrows - own == set(ARROWS_IN_DEV)


def test_what_the_tests_share_imports_no_test() -> None:
    for file in (PROJECT / "tests" / "support").rglob("*.py"):
        for imported in imports(file):
            assert not imported.startswith("tests.") or imported.startswith("tests.support"), file


def loaded_by(code: str) -> set[str]:
    """Run code in a new interpreter as Lambda would. Return the modules that it has loaded."""
    settings = {**SETTINGS, "AWS_DEFAULT_REGION": "eu-central-1"}
    script = f"{code}\nimport sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=PROJECT,
        env=settings,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


NOT_IN_LAMBDA = {"chalice.local", "chalice.test", "chalice.config", "dev", "tests"}


def test_the_api_function_does_not_load_the_token_verifier_or_the_contract() -> None:
    loaded = loaded_by("import app")
    assert {"chalicelib.store.roles", "pynamodb", "msgspec"} <= loaded
    assert loaded.isdisjoint(
        {"chalicelib.tokens", "jose", "cryptography", "requests", "ecdsa", "rsa", "boto3"}
    )
    assert loaded.isdisjoint({"chalicelib.contract", "chalicelib.contract.page"})
    assert loaded.isdisjoint(NOT_IN_LAMBDA)


def test_the_authorizer_function_does_not_load_the_database() -> None:
    loaded = loaded_by(
        "from chalicelib.auth import auth0\n"
        "event = {'type': 'TOKEN', 'authorizationToken': 'Bearer x', 'methodArn': 'a/b/GET/c'}\n"
        "assert auth0(event, {})['policyDocument']['Statement'][0]['Effect'] == 'Deny'\n"
    )
    assert "chalicelib.tokens" in loaded
    # A flood of malformed tokens must not pay for what verifies signatures.
    assert loaded.isdisjoint({"chalicelib.signing_keys", "jose", "requests", "rsa", "urllib3"})
    assert loaded.isdisjoint({"botocore", "boto3", "pynamodb", "msgspec"})
    assert loaded.isdisjoint({"chalicelib.store", "chalicelib.http"})
    assert loaded.isdisjoint(NOT_IN_LAMBDA)


def test_the_authorizer_function_loads_what_verifies_signatures_for_a_key() -> None:
    loaded = loaded_by(
        # Nothing listens there.
        "import os; os.environ['AUTH_ISSUER'] = 'https://127.0.0.1:9/'\n"
        "from chalicelib import tokens\n"
        "from chalicelib.errors import IssuerUnreachable\n"
        "try: tokens.verify('Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.e30.AA')\n"
        "except IssuerUnreachable: pass\n"
    )
    assert {"chalicelib.signing_keys", "jose", "requests", "rsa"} <= loaded
    assert loaded.isdisjoint({"chalicelib.http", "botocore", "pynamodb", "msgspec"})


def test_the_authorizer_is_a_function_of_its_own() -> None:
    [authorizer] = app.builtin_auth_handlers
    assert authorizer.handler_string == "chalicelib.auth.auth0"
    assert authorizer.ttl_seconds == 60
