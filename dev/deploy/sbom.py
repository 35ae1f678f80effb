"""`make sbom`: list what a stage's package consists of, in CycloneDX.

The Python packages are those in the zip. The console's are those of its lock file that are not for
developers. The same package always has the same list.
"""

import base64
import email
import json
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dev import machine
from dev.deploy import package, stages, wheels
from dev.deploy.stages import APP
from dev.machine import PROJECT

SPECIFICATION = "1.6"


def main() -> None:
    stage = stages.chosen()
    stages.refuse_other_python(stage)
    with package.alone():
        built = package.build(stage)
        path = built.zip.with_name("sbom.json")
        bom = bill(built.zip, (PROJECT / "console" / "package-lock.json").read_text())
        path.write_text(json.dumps(bom, indent=2) + "\n")
    machine.say(f"{machine.shown(path)} lists {len(bom['components'])} packages.")


def bill(zip_file: Path, npm_lock: str) -> dict[str, Any]:
    """Return the bill of materials of a zip with a console that this lock describes."""
    components = [*_python(zip_file), *_npm(json.loads(npm_lock))]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": APP,
                "name": APP,
                "hashes": [
                    {"alg": "SHA-256", "content": package.Package(zip_file, zip_file).digest()}
                ],
            }
        },
        "components": sorted(components, key=lambda component: str(component["bom-ref"])),
    }


def _python(zip_file: Path) -> Iterator[dict[str, Any]]:
    lock = wheels.LOCK.read_text()
    # Chalice copies its runtime without the metadata of a package.
    chalice = wheels.wheel_of_chalice(lock)
    yield _component("pypi", "chalice", version("chalice"), ("SHA-256", chalice))
    with zipfile.ZipFile(zip_file) as zipped:
        for name in zipped.namelist():
            if name.endswith(".dist-info/METADATA") and name.count("/") == 1:
                metadata = email.message_from_bytes(zipped.read(name))
                record = zipped.read(name.replace("METADATA", "RECORD"))
                yield _component(
                    "pypi",
                    metadata["Name"],
                    metadata["Version"],
                    ("SHA-256", wheels.wheel_of(record, lock)),
                )


def _npm(lock: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path, entry in lock["packages"].items():
        if path and not entry.get("dev"):
            name = path.rpartition("node_modules/")[2]
            algorithm, _, digest = entry["integrity"].partition("-")
            hashed = (algorithm.upper().replace("SHA", "SHA-"), base64.b64decode(digest).hex())
            yield _component("npm", name, entry["version"], hashed)


def _component(kind: str, name: str, number: str, hashed: tuple[str, str]) -> dict[str, Any]:
    """Return a component with the package URL that advisories name it by."""
    own_name = name.lower().replace("_", "-") if kind == "pypi" else name.replace("@", "%40")
    url = f"pkg:{kind}/{own_name}@{number}"
    return {
        "type": "library",
        "bom-ref": url,
        "name": name,
        "version": number,
        "purl": url,
        "hashes": [{"alg": hashed[0], "content": hashed[1]}],
    }


if __name__ == "__main__":
    main()
