"""The documents and the files of the repository: links lead somewhere, versions are exact."""

import re
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.support.checkout import tracked

DOCUMENTS = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")])
README_LINES = 150
FILE_LINES = 700


def test_chalicelib_holds_only_python_the_files_of_the_docs_page_and_certificates() -> None:
    names = tracked("chalicelib")
    assert names
    others = re.compile(r"chalicelib/(contract/[^/]+\.(html|css|js)|store/amazon-roots\.pem)")
    assert [n for n in names if not n.endswith(".py") and not others.fullmatch(n)] == []


@pytest.mark.parametrize(
    "name", [n for n in tracked(".") if re.search(r"requirements[\w-]*\.txt$", n)]
)
def test_requirements_are_exact(name: str) -> None:
    for line in (PROJECT / name).read_text().splitlines():
        if line and not line.startswith(("#", "-r ")):
            assert re.fullmatch(r"[A-Za-z0-9-]+(\[[a-z]+\])?==[0-9][0-9a-z.]*", line), line


def test_the_readme_is_short() -> None:
    assert len((PROJECT / "README.md").read_text().splitlines()) <= README_LINES


def test_no_source_file_is_long() -> None:
    written = set(tracked(".")) - {"console/src/api/schema.ts"}  # generated
    sources = [n for n in written if n.endswith((".py", ".md", ".js", ".mjs", ".ts", ".tsx"))]
    lines = {name: len((PROJECT / name).read_text().splitlines()) for name in sources}
    assert {name: n for name, n in lines.items() if n > FILE_LINES} == {}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_links_of_a_document_lead_somewhere(document: Path) -> None:
    for text, target in re.findall(r"\[([^\]]+)\]\(([^)]+)\)", document.read_text()):
        if target.startswith(("http:", "https:")):
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
            assert anchor in {heading.lower().replace(" ", "-") for heading in headings}, target
        # A link to a function is written as `module.function`.
        if function := re.fullmatch(r"`\w+\.(\w+)`", text):
            defined = rf"^ *(def|class) {function[1]}\b|^[\w, ]*\b{function[1]}\b[\w, ]* = "
            assert re.search(defined, file.read_text(), re.MULTILINE), text
