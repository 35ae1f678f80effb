"""The house: which file may import what, what each function loads, what the documents say."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app import app
from chalicelib.errors import MESSAGES
from tests.conftest import PROJECT
from tests.support.checkout import tracked
from tests.support.client import real_routes

STDLIB = frozenset(sys.stdlib_module_names)

MAY_IMPORT = {
    "app.py": {"chalice.app", "chalicelib.auth", "chalicelib.deadline", "chalicelib.errors",
               "chalicelib.logs", "chalicelib.routes", "chalicelib.settings"},
    "chalicelib/settings.py": set(),
    "chalicelib/permissions.py": set(),
    "chalicelib/strict_json.py": set(),
    "chalicelib/logs.py": {"chalice.app", "chalicelib.settings"},
    "chalicelib/errors.py": {"chalice.app", "chalicelib.logs", "chalicelib.settings"},
    "chalicelib/deadline.py": {"chalice.app"},
    "chalicelib/tokens.py": {"jose", "requests", "urllib3", "chalicelib.errors",
                             "chalicelib.permissions", "chalicelib.settings",
                             "chalicelib.strict_json"},
    # The verifier only inside the authorizer: see what the API's function loads.
    "chalicelib/auth.py": {"chalice.app", "chalicelib.errors", "chalicelib.logs",
                           "chalicelib.permissions", "chalicelib.settings", "chalicelib.tokens"},
    "chalicelib/inputs.py": {"msgspec", "chalicelib.auth", "chalicelib.errors",
                             "chalicelib.strict_json"},
    "chalicelib/outputs.py": {"chalice.app", "msgspec", "chalicelib.auth", "chalicelib.errors",
                              "chalicelib.inputs", "chalicelib.store.table"},
    "chalicelib/openapi.py": {"chalice.app", "msgspec", "chalicelib.errors", "chalicelib.inputs",
                              "chalicelib.outputs", "chalicelib.permissions"},
    "chalicelib/contract/page.py": set(),
    "chalicelib/store/": {"botocore", "pynamodb", "chalicelib.deadline", "chalicelib.errors",
                          "chalicelib.logs", "chalicelib.settings", "chalicelib.store"},
    "chalicelib/routes/": {"chalice.app", "msgspec", "chalicelib.auth", "chalicelib.errors",
                           "chalicelib.inputs", "chalicelib.outputs", "chalicelib.routes",
                           "chalicelib.store"},
    # These two inside their views: nothing of them is loaded before somebody asks.
    "chalicelib/routes/meta.py": {"chalicelib.openapi", "chalicelib.contract.page"},
}  # fmt: skip

DEPLOYED = [PROJECT / "app.py", *sorted((PROJECT / "chalicelib").rglob("*.py"))]


def imports(file: Path) -> set[str]:
    """Give the modules that a file imports, `from a import b` as a.b where that is a module."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: import by the whole name"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                path = PROJECT / whole.replace(".", "/")
                is_module = path.with_suffix(".py").exists() or path.is_dir()
                found.add(whole if is_module else str(node.module))
    return {name for name in found if name.partition(".")[0] not in STDLIB}


@pytest.mark.parametrize("file", DEPLOYED, ids=lambda file: str(file.relative_to(PROJECT)))
def test_a_file_imports_only_what_is_below_it(file: Path) -> None:
    name = str(file.relative_to(PROJECT))
    allowed = set[str]().union(*(m for path, m in MAY_IMPORT.items() if name.startswith(path)))
    for imported in imports(file):
        assert any(imported == a or imported.startswith(f"{a}.") for a in allowed), imported


def loaded_by(code: str) -> set[str]:
    """Run this in a new interpreter as Lambda would; gives the packages that it has loaded."""
    settings = {
        "STAGE": "prod",
        "TABLE_NAME": "casting",
        "AUTH_ISSUER": "https://agency.example/",
        "AUTH_AUDIENCE": "casting-api",
        "WEB_ORIGIN": "https://app.example.com",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    script = f"{code}\nimport sys; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=PROJECT,
        env=settings,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(found.stdout.split())


def test_the_apis_function_loads_no_verifier() -> None:
    loaded = loaded_by("import app")
    assert {"chalicelib.store.roles", "pynamodb", "msgspec"} <= loaded
    assert loaded.isdisjoint(
        {"chalicelib.tokens", "jose", "cryptography", "requests", "ecdsa", "rsa", "boto3"}
    )
    assert loaded.isdisjoint({"chalicelib.openapi", "chalicelib.contract.page"})
    assert loaded.isdisjoint({"chalice.local", "chalice.test", "chalice.config", "dev", "tests"})


def test_the_authorizers_function_loads_no_database() -> None:
    loaded = loaded_by(
        "from chalicelib.auth import auth0\n"
        "event = {'type': 'TOKEN', 'authorizationToken': 'Bearer x', 'methodArn': 'a/b/GET/c'}\n"
        "assert auth0(event, {})['policyDocument']['Statement'][0]['Effect'] == 'Deny'\n"
    )
    assert {"chalicelib.tokens", "jose", "requests"} <= loaded
    assert loaded.isdisjoint({"botocore", "boto3", "pynamodb", "msgspec", "chalicelib.store"})
    assert loaded.isdisjoint({"chalice.local", "chalice.test", "chalice.config", "dev", "tests"})


def test_the_authorizer_is_a_function_of_its_own() -> None:
    [authorizer] = app.builtin_auth_handlers
    assert authorizer.handler_string == "chalicelib.auth.auth0"
    assert authorizer.ttl_seconds == 60


def test_only_python_and_the_documentation_pages_files_are_shipped() -> None:
    names = tracked("chalicelib")
    assert names
    page = re.compile(r"chalicelib/contract/[^/]+\.(html|css|js)")
    assert [n for n in names if not n.endswith(".py") and not page.fullmatch(n)] == []


@pytest.mark.parametrize(
    "name",
    [
        "requirements.txt",
        "requirements-dev.txt",
        "dev/local/engine-requirements.txt",
        "tests/requirements.txt",
    ],
)
def test_requirements_are_exact(name: str) -> None:
    for line in (PROJECT / name).read_text().splitlines():
        if line and not line.startswith(("#", "-r ")):
            assert re.fullmatch(r"[A-Za-z0-9-]+(\[[a-z]+\])?==[0-9][0-9a-z.]*", line), line


def test_the_readme_shows_the_routes_as_they_are() -> None:
    readme = (PROJECT / "README.md").read_text()
    assert len(readme.splitlines()) <= 150
    shown = re.findall(r"^\| `([A-Z]+) (/\S*)` \| (?:`([a-z:]+)`|—) \|", readme, re.MULTILINE)
    routes = {
        (method, path, vars(route.view_function)["permission"] or "")
        for path, methods in real_routes().items()
        for method, route in methods.items()
    }
    assert set(shown) == routes
    assert len(shown) == len(routes)
    told = re.findall(r"^\| ([0-9, ]+) \|", readme, re.MULTILINE)
    assert {int(status) for row in told for status in row.split(",")} == {*MESSAGES, 401}


DOCUMENTS = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_links_of_a_document_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\[([^\]]+)\]\(([^)]+)\)", document.read_text())
    for text, target in links:
        if target.startswith(("http:", "https:")):
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
            assert anchor in {heading.lower().replace(" ", "-") for heading in headings}, target
        # A link to a function is written as `module.function`.
        if match := re.fullmatch(r"`\w+\.(\w+)`", text):
            assert re.search(rf"^(def|class) {match[1]}\b", file.read_text(), re.MULTILINE), text
