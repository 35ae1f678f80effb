"""Only the wheels of `wheels.lock` are deployed, and the list of what is deployed names them."""

import base64
import hashlib
import json
import re
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import parse_wheel_filename

from dev import audit
from dev.deploy import package, sbom, wheels
from dev.deploy.stages import ARCHITECTURES
from tests.conftest import PROJECT
from tests.support.checkout import Checkout

RECORD = "good/__init__.py,sha256={},5\r\ngood-1.0.dist-info/RECORD,,\r\n"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def zipped(folder: Path, content: bytes = b"x = 1") -> Path:
    """Return a zip with one wheel, whose file has this content instead of `x = 1`."""
    path = folder / "deployment.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("good/__init__.py", content)
        file.writestr("good-1.0.dist-info/RECORD", record())
    return path


def record() -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"x = 1").digest()).decode()
    return RECORD.format(digest.rstrip("="))


@pytest.fixture
def lock() -> str:
    wheel = "good-1.0-py3-none-any.whl"
    return f"# heading\n{wheel} {sha256(b'wheel')} {sha256(record().encode())}\n"


def test_a_wheel_of_the_lock_is_accepted(tmp_path: Path, lock: str) -> None:
    assert list(wheels.problems(zipped(tmp_path), lock)) == []


def test_a_changed_file_is_refused(tmp_path: Path, lock: str) -> None:
    problems = list(wheels.problems(zipped(tmp_path, b"x = 2"), lock))
    assert problems == ["good/__init__.py is not the file of its wheel"]


def test_a_missing_file_is_refused(tmp_path: Path, lock: str) -> None:
    path = tmp_path / "deployment.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("good-1.0.dist-info/RECORD", record())
    assert list(wheels.problems(path, lock)) == ["good/__init__.py of its wheel is missing"]


def test_another_wheel_of_the_same_version_is_refused(tmp_path: Path) -> None:
    problems = list(wheels.problems(zipped(tmp_path), "# heading\n"))
    assert problems == ["good-1.0 is not a wheel of wheels.lock"]


def test_a_changed_file_of_chalice_is_refused(tmp_path: Path, lock: str) -> None:
    path = zipped(tmp_path)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("chalice/app.py", b"x = 1")
    own = f"chalice/app.py {sha256(b'x = 1')}\n"
    assert list(wheels.problems(path, lock + own)) == []
    for other in ("", own.replace(" ", " 0")):
        problems = list(wheels.problems(path, lock + other))
        assert problems == ["chalice/app.py is not the file of wheels.lock"]


def test_the_lock_has_every_required_version_for_every_processor() -> None:
    lines = [line.split() for line in wheels.LOCK.read_text().splitlines() if line[0] != "#"]
    assert all(re.fullmatch("[0-9a-f]{64}", value) for line in lines for value in line[1:])
    assert {line[0] for line in lines if len(line) == 2} == {*wheels.RUNTIME}
    parsed = [parse_wheel_filename(line[0]) for line in lines if len(line) == 3]
    required = {
        tuple(line.split("=="))
        for line in wheels.REQUIREMENTS.read_text().splitlines()
        if line and line[0] != "#"
    } | {("chalice", version("chalice"))}
    assert {(str(name), str(version)) for name, version, *_ in parsed} == required
    for processor in ARCHITECTURES.values():
        runs = {name for name, *_, tags in parsed if tags & package._lambda_tags(processor)}
        assert len(runs) == len(required)


def test_the_package_that_is_built_is_compared_with_the_lock(
    checkout: Checkout, tmp_path: Path
) -> None:
    copy = Checkout(tmp_path / "casting", like=checkout)
    lock = copy.folder / "wheels.lock"
    lock.write_text(re.sub(r"\w+$", "0" * 64, lock.read_text(), flags=re.MULTILINE))
    (built,) = (copy.folder / ".local" / "build" / ".chalice" / "deployments").glob("*.zip")
    with zipfile.ZipFile(built, "a") as zip_file:
        zip_file.comment = b""  # as Chalice has built it: not checked yet
    status, output = copy.run("dev.deploy.package", STAGE="dev")
    assert status == 1
    assert "botocore-1.44.5 is not a wheel of wheels.lock" in output


def test_the_bill_of_materials_names_exactly_what_is_in_the_zip(checkout: Checkout) -> None:
    zip_file = checkout.folder / ".local" / "package" / "dev" / "deployment.zip"
    npm = (PROJECT / "console" / "package-lock.json").read_text()
    bill = sbom.bill(zip_file, npm)
    assert bill == sbom.bill(zip_file, npm)
    assert bill["metadata"]["component"]["hashes"][0]["content"] == sha256(zip_file.read_bytes())
    urls = {component["purl"] for component in bill["components"]}
    required = wheels.REQUIREMENTS.read_text()
    names = re.findall(r"^([\w-]+)==(.+)$", required, re.MULTILINE)
    names.append(("chalice", version("chalice")))
    python = {url for url in urls if url.startswith("pkg:pypi/")}
    assert python == {f"pkg:pypi/{name}@{number}" for name, number in names}
    declared = json.loads((PROJECT / "console" / "package.json").read_text())
    for name, number in declared["dependencies"].items():
        assert f"pkg:npm/{name.replace('@', '%40')}@{number}" in urls
    assert not [url for url in urls if "eslint" in url]
    assert all(component["hashes"] for component in bill["components"])


# Advisories


def test_an_advisory_is_reported() -> None:
    packages: list[dict[str, Any]] = [
        {"name": "good", "version": "1.0", "vulns": []},
        {"name": "bad", "version": "2.0", "vulns": [{"id": "CVE-2026-1"}]},
    ]
    assert audit.python_advisories([*packages, *packages]) == ["bad 2.0: CVE-2026-1"]
    report = {"vulnerabilities": {"worse": {"name": "worse", "severity": "high"}}}
    assert audit.npm_advisories(json.dumps(report)) == ["worse (npm): high"]
    assert audit.npm_advisories('{"vulnerabilities": {}}') == []


def test_a_package_that_was_not_audited_is_no_success() -> None:
    skipped = [{"name": "good", "skip_reason": "Dependency not found on PyPI"}]
    with pytest.raises(SystemExit, match=r"nothing was audited.*1 packages were skipped, such as"):
        audit.python_advisories(skipped)


@pytest.mark.parametrize("report", ["", "[]", '{"message": "405 Method Not Allowed"}'])
def test_an_audit_without_a_report_is_no_success(report: str) -> None:
    with pytest.raises(SystemExit, match="nothing was audited"):
        audit.npm_advisories(report)


def test_the_accepted_advisories_are_those_of_the_document() -> None:
    assert audit.ACCEPTED.findall((PROJECT / "SECURITY.md").read_text()) == ["CVE-2024-23342"]
