"""The console is built once for each state of its sources. A failed build says why."""

import shutil
from pathlib import Path

import pytest

from dev import console
from dev.machine import PROJECT

pytestmark = pytest.mark.slow


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the console's sources, without its packages. The build is beside it."""
    copy = tmp_path / "console"
    shutil.copytree(PROJECT / "console", copy, ignore=shutil.ignore_patterns("node_modules"))
    monkeypatch.setattr(console, "SOURCES", copy)
    monkeypatch.setattr(console, "MODULES", copy / "node_modules")
    monkeypatch.setattr(console, "BUILT", tmp_path / "built")
    monkeypatch.setattr(console, "STAMP", tmp_path / "built" / "sources.sha256")
    return copy


def test_it_is_built_again_only_after_a_change(
    sources: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (sources / "node_modules").symlink_to(PROJECT / "console" / "node_modules")
    console.build()
    first = (console.BUILT / "index.html").read_text()
    assert "Building the console" in capsys.readouterr().out
    console.build()
    assert capsys.readouterr().out == ""
    page = sources / "index.html"
    page.write_text(page.read_text().replace("<title>Casting", "<title>Casting again"))
    console.build()
    assert "Building the console" in capsys.readouterr().out
    assert (console.BUILT / "index.html").read_text() == first.replace(
        "<title>Casting", "<title>Casting again"
    )


def test_without_npm_it_says_why_and_leaves_nothing(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(sources.parent / "cache"))
    with pytest.raises(
        console.BuildFailed, match=r"npm could not install its packages.*ECONNREFUSED"
    ):
        console.build()
    assert not console.BUILT.exists()


def test_a_mistake_in_the_sources_is_named(sources: Path) -> None:
    (sources / "node_modules").symlink_to(PROJECT / "console" / "node_modules")
    (sources / "src" / "main.tsx").write_text("import './nothing';\n")
    with pytest.raises(console.BuildFailed, match="nothing"):
        console.build()
    assert not console.BUILT.exists()
