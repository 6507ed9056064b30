"""What is kept running is started again, but not in a storm, and ends when it should."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from hub import process
from hub.process import Kept, python, spawn

SLEEP = python("-c", "import time; print('up', flush=True); time.sleep(60)")


def until(condition: Callable[[], object], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def looked(kept: Kept) -> Kept:
    kept.look()
    return kept


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_what_dies_is_started_again() -> None:
    kept = Kept("sleeper", lambda: spawn(SLEEP))
    kept.look()
    assert kept.process
    first = kept.process.pid
    os.kill(first, signal.SIGKILL)
    until(lambda: (process := looked(kept).process) and process.pid != first)
    assert kept.deaths == 1
    kept.stop()


def test_what_dies_at_once_is_started_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "BACK_OFF", (0.0, 0.3, 60.0))
    starts: list[float] = []

    def start() -> subprocess.Popen[bytes]:
        starts.append(time.monotonic())
        return spawn(python("-c", "raise SystemExit(3)"))

    kept = Kept("hopeless", start)
    until(lambda: looked(kept).deaths == 3)
    for _ in range(20):
        kept.look()
    assert len(starts) == 3
    assert starts[2] - starts[1] >= 0.3


def test_what_cannot_even_start_is_a_death(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept("missing", lambda: spawn(["/no/such/program"]))
    kept.look()
    assert (kept.process, kept.deaths) == (None, 1)
    kept.stop()  # nothing to stop


def test_who_lived_long_starts_the_row_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "HEALTHY", 0.1)
    monkeypatch.setattr(process, "BACK_OFF", (0.0,))
    kept = Kept("sleeper", lambda: spawn(SLEEP))
    for _ in range(3):
        kept.look()
        assert kept.process
        time.sleep(0.15)
        kept.process.kill()
        kept.process.wait()
    kept.look()
    assert kept.deaths == 1
    kept.stop()


def test_who_does_not_listen_is_ended_by_force() -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    child = subprocess.Popen(python("-c", deaf), stdout=subprocess.PIPE)
    assert child.stdout
    child.stdout.readline()
    kept = Kept("deaf", lambda: child, process=child)
    kept.stop(0.3)
    assert child.returncode == -signal.SIGKILL
    child.stdout.close()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help exists on Linux only")
def test_children_end_when_their_supervisor_is_killed() -> None:
    program = "from hub.process import spawn, python; import time; print(spawn(python('-c', 'import time; time.sleep(60)')).pid, flush=True); time.sleep(60)"  # noqa: E501
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert parent.stdout
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    until(lambda: gone(pid))


def test_a_stray_file_in_the_current_folder_is_not_run(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(str(tmp_path))
    with open("hub.py", "w") as file:  # noqa: PTH123
        file.write("raise SystemExit(7)")
    child = spawn(python("-c", "import hub.process"))
    assert child.wait(20) == 0
