"""Regular expressions are compiled once, for the Python that runs the functions."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from chalicelib import patterns
from tests.conftest import PROJECT

# Python has other flags for the functions of `re` than for `re.compile`.
MODULE = r"""
import re
TEXT = re.compile("(?P<name>[b-z]+)\\u1234", re.IGNORECASE)
BYTES = re.compile(b"x|y", re.MULTILINE)
RESULTS = [re.sub("a+b", "c", "aab"), re.split("d+", "1dd2"), TEXT.match("BC\u1234")["name"]]
"""
START = """
import re, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from chalicelib import patterns
patterns.FILE = Path(sys.argv[2])
patterns.load()
compiled = []
original = re._compiler.compile
re._compiler.compile = lambda pattern, flags: compiled.append(pattern) or original(pattern, flags)
sys.path.insert(0, sys.argv[3])
import module
print(compiled, module.RESULTS)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The compiled patterns of `module`, which is in the same folder."""
    (tmp_path / "module.py").write_text(MODULE)
    script = str(PROJECT / "dev" / "deploy" / "compile_patterns.py")
    done = subprocess.run(
        [sys.executable, "-P", "-S", "-B", script, str(tmp_path)]
        + [sysconfig.get_path("purelib"), "module"],
        capture_output=True,
    )
    assert done.stderr == b""
    file = tmp_path / "patterns.marshal"
    file.write_bytes(done.stdout)
    return file


def started(file: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", START, PROJECT, file, file.parent],
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return done.stdout.strip()


def test_a_module_finds_its_patterns_compiled(file: Path) -> None:
    assert started(file) == "[] ['c', ['1', '2'], 'BC']"


def test_a_module_without_compiled_patterns_compiles_them(file: Path) -> None:
    file.unlink()
    assert started(file).endswith(" ['c', ['1', '2'], 'BC']")
    assert "a+b" in started(file)


def test_outside_a_package_there_are_no_compiled_patterns() -> None:
    assert not patterns.FILE.exists()
