"""The rehearsal of a bad night, from its first step to its last, and its end by Ctrl+C."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest

from tests.conftest import PROJECT
from tests.deploy import rehearse
from tests.deploy.rehearse import Step, Unexpected
from tests.support.checkout import Checkout


def test_every_step_of_a_rehearsal_has_its_outcome(
    checkout: Checkout, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with rehearse.rehearsal(tmp_path, checkout) as rehearsal:
        steps = rehearsal.steps()
        rehearse.walk(steps, asks=False)
    output = capsys.readouterr().out
    assert output.count("  Outcome (") == len(steps)
    assert f"All {len(steps)} steps succeeded" in output
    targets = re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    named = {name for step in steps for name in re.findall(r"make (\w+)", step.command)}
    assert named == {"stack", "smoke", "rollback", "restore", "undeploy"}
    assert named <= set(targets)


def step(run: Callable[[], str]) -> Step:
    return Step("Deploy", "make stack", "its last line", run)


def test_a_rehearsal_ends_with_the_first_unexpected_outcome() -> None:
    def fails() -> str:
        raise Unexpected("GET / should return 200")

    steps = [step(fails), step(lambda: pytest.fail("it goes on"))]
    with pytest.raises(SystemExit, match=r"step 1 failed \(Deploy\): GET / should return 200$"):
        rehearse.walk(steps, asks=False)


@pytest.mark.parametrize("asks", [True, False])
def test_a_rehearsal_in_a_terminal_waits_before_each_step(
    monkeypatch: pytest.MonkeyPatch, asks: bool
) -> None:
    events: list[str] = []
    monkeypatch.setattr("builtins.input", lambda _: events.append("asked"))

    def run() -> str:
        events.append("ran")
        return "It ran."

    rehearse.walk([step(run)] * 2, asks)
    assert events == (["asked", "ran"] if asks else ["ran"]) * 2


def test_a_wrong_answer_in_the_environment_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YES", "please")
    monkeypatch.setattr(rehearse, "rehearsal", lambda _: pytest.fail("it goes on"))
    with pytest.raises(SystemExit, match=r"^casting: YES must be 1, to run all steps"):
        rehearse.main()


def test_ctrl_c_kills_the_command_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(60)"],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    rehearsal = Mock()
    rehearsal.site.environment = {}
    rehearsal.site.checkout.start_new.return_value = process
    with monkeypatch.context() as patch:
        patch.setattr("builtins.print", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            rehearse.Rehearsal.make(rehearsal, "stack")
    assert process.wait(10) == -signal.SIGKILL


def processes() -> dict[int, int]:
    """Return the parent of every process of this machine that has not ended (Linux)."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            # The name, in parentheses, can contain anything. Then come the state and the parent.
            state, parent, *_ = stat.read_text().rpartition(")")[2].split()
            if state != "Z":  # it has ended, and its new parent has not asked for its status yet
                parents[int(stat.parent.name)] = int(parent)
    return parents


@pytest.mark.slow
def test_ctrl_c_ends_a_rehearsal_and_leaves_nothing_running(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.deploy.rehearse"],
        cwd=PROJECT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process:
        while "Look at" not in process.stdout.readline():
            assert process.poll() is None
        started: list[int] = []
        while len(started) < 2:  # the emulator and the first command
            assert process.poll() is None
            started = [pid for pid, parent in processes().items() if parent == process.pid]
        process.send_signal(signal.SIGINT)
        output = process.stdout.read()
    assert process.returncode == 130
    assert "The rehearsal was stopped. Nothing of it is left" in output
    assert not set(started) & set(processes())
    assert list(tmp_path.iterdir()) == []
