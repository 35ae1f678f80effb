"""The sizes of the apps as packages."""

import zipfile
from pathlib import Path

from bench.apps import Package
from bench.process import App

MB = 1_000_000


def of_package(package: Package) -> dict[str, float]:
    """Return the megabytes of our package."""
    return {"zipped": package.zip.stat().st_size / MB, "unzipped": _unzipped(package.folder)}


def of_peer(app: App) -> dict[str, float]:
    """Return the megabytes of a peer's folder, with its bytecode. It is zipped once."""
    zipped = app.folder.with_suffix(".zip")
    if not zipped.exists():
        with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in _files(app.folder):
                archive.write(path, path.relative_to(app.folder))
    return {"zipped": zipped.stat().st_size / MB, "unzipped": _unzipped(app.folder)}


def _unzipped(folder: Path) -> float:
    return sum(path.stat().st_size for path in _files(folder)) / MB


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]
