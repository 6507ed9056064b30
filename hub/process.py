"""Processes that are kept running: started again when they die, stopped in order, gone when we are gone."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import structlog

log = structlog.get_logger("process")
BACK_OFF = (0.2, 1.0, 2.0, 5.0, 15.0, 30.0)  # seconds to the next start after the 1st, 2nd … death in a row
HEALTHY = 30.0  # who lived so long died for a new reason: the row starts again
STOP_SECONDS = 20.0
ROOT = Path(__file__).resolve().parent.parent  # where the rooms are, installed or not


def dies_with_us() -> None:
    """Ask the kernel to end this process when its parent ends (Linux; elsewhere a left-over is found at the next start)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # 1 = PR_SET_PDEATHSIG


def python(*arguments: str) -> list[str]:
    """Give the command line of a program of ours. `-P`: a stray file in the current folder is never taken for it."""
    return [sys.executable, "-P", *arguments]


def spawn(command: list[str], environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a program in its own session (the terminal's Ctrl-C is for the supervisor), to die with this process."""
    path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH", "")) if part)
    return subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": path, **(environment or {})},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=dies_with_us,  # noqa: PLW1509  one system call; the supervisor has no other thread
    )


@dataclass
class Kept:
    """One process under supervision."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    _since: float = field(default=0.0, repr=False)
    _next: float = field(default=0.0, repr=False)

    def look(self) -> None:
        """Start it, or start it again when it has died and its time has come."""
        if self.process is not None and (code := self.process.poll()) is not None:
            self._died(code)
        if self.process is None and monotonic() >= self._next:
            self._since = monotonic()
            try:
                self.process = self.start()
            except (OSError, RuntimeError) as error:
                log.warning("start.failed", process=self.name, error=str(error))
                self._died(-1)
            else:
                log.info("process.started", process=self.name, pid=self.process.pid)

    def _died(self, code: int) -> None:
        self.deaths = 1 if monotonic() - self._since > HEALTHY else self.deaths + 1
        wait = BACK_OFF[min(self.deaths, len(BACK_OFF)) - 1]
        self.process, self._next = None, monotonic() + wait
        log.error("process.died", process=self.name, exit=code, deaths=self.deaths, again_in=wait)

    def tell(self, number: signal.Signals) -> None:
        """Send a signal, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Wait until it has ended after its SIGTERM; end it by force when it takes longer than it may."""
        self.tell(signal.SIGTERM)
        if self.process is None:
            return
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            log.error("process.killed", process=self.name)  # noqa: TRY400  the time-out says nothing more
            self.process.kill()
            self.process.wait()
