"""Commands in processes that are forked from one that has imported tests/support/preloaded.py.

Otherwise, that takes more than half of a command's time.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

CHALICE = [sys.executable, str(Path(sys.executable).with_name("chalice"))]
OURS = ("app", "chalicelib", "dev", "tests")

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


_started: set[str] = set()


def popen(
    arguments: list[str], *, cwd: Path, env: dict[str, str], **options: Any
) -> "subprocess.Popen[str] | Command":
    """Start `python -m module`. The first time, a new interpreter runs the module."""
    module = arguments[-1]
    if module in _started:
        return Command(module, cwd, env)
    _started.add(module)
    return subprocess.Popen(arguments, cwd=cwd, env=env, **options)


def _run(module: str, folder: Path, environment: dict[str, str], output: str) -> None:
    os.setsid()  # so that all its child processes can be killed with it
    os.chdir(folder)
    _become_new(str(folder), environment, os.open(output, os.O_WRONLY | os.O_APPEND))
    subprocess.run = _forking_chalice(subprocess.run)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _become_new(folder: str, environment: dict[str, str], output: int | None) -> None:
    """Change this process to what an interpreter is that has just started."""
    if output is not None:
        os.dup2(output, 1)
        os.dup2(output, 2)
    for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
        del sys.modules[name]
    others = [path for path in sys.path if not Path(path, "chalicelib").exists()]
    sys.path[:] = [folder, *others]
    os.environ.clear()
    os.environ.update(environment)
    # These two are variables of the environment that an interpreter reads when it starts.
    sys.dont_write_bytecode = "PYTHONDONTWRITEBYTECODE" in environment
    warnings.simplefilter("default")


def _forking_chalice(run: Callable[..., Any]) -> Callable[..., Any]:
    """Return a `subprocess.run` that forks the chalice command too."""

    def run_or_fork(arguments: list[str], **options: Any) -> Any:
        if arguments[:2] != CHALICE:
            return run(arguments, **options)
        sys.stdout.flush()
        with tempfile.TemporaryFile("w+") as file:
            is_read = options["stdout"] == subprocess.PIPE
            if (pid := os.fork()) == 0:
                output = file.fileno() if is_read else None
                _become_new(str(Path(CHALICE[1]).parent), options["env"], output)
                sys.argv = arguments[1:]
                _run_to_its_end(CHALICE[1])
            _, status = os.waitpid(pid, 0)
            file.seek(0)
            read = file.read() if is_read else None
            return subprocess.CompletedProcess(arguments, os.waitstatus_to_exitcode(status), read)

    return run_or_fork


def _run_to_its_end(script: str) -> NoReturn:
    status = 0
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    os._exit(status)
