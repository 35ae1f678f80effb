"""Commands in processes that are forked from one that has imported tests/support/preloaded.py.

Otherwise, that takes more than half of a command's time.
"""

import multiprocessing
import os
import runpy
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(["tests.support.preloaded"])


class Command:
    """A running `python -m module`, with what the tests use of `subprocess.Popen`."""

    def __init__(self, module: str, folder: Path, environment: dict[str, str]) -> None:
        file, name = tempfile.mkstemp()
        os.close(file)
        self._output = Path(name)
        self._process = _forking.Process(target=_run, args=(module, folder, environment, name))
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid
        return self._process.pid

    @property
    def returncode(self) -> Any:
        return self._process.exitcode

    def communicate(self, timeout: float) -> tuple[str, None]:
        """Wait for its end. Return its output."""
        self._process.join(timeout)
        output = self._output.read_text()
        assert self._process.exitcode is not None, output
        self._output.unlink()
        return output, None


def _run(module: str, folder: Path, environment: dict[str, str], output: str) -> None:
    os.setsid()  # so that all its child processes can be killed with it
    file = os.open(output, os.O_WRONLY | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for name in [name for name in sys.modules if name.partition(".")[0] in ("dev", "tests")]:
        del sys.modules[name]  # multiprocessing imports the main module, such as that of a test
    project = str(Path(__file__).parents[2])
    sys.path[:] = [str(folder), *(path for path in sys.path if path not in ("", project))]
    warnings.simplefilter("default")  # as PYTHONWARNINGS says, which is read at the start only
    runpy.run_module(module, run_name="__main__", alter_sys=True)
