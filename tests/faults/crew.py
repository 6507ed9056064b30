"""Real processes that work on one installation and can be killed at any moment."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.house import House

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Crew:
    """One line of workers: each begins when the one before has ended."""

    process: "subprocess.Popen[str]"
    answers: Path

    def begin(self, *, first: int, last: int | None = None, resume: bool = False, shift: float = 0) -> int:
        """Let a worker issue applications from `first` on (up to `last`); gives its process number once it is at work."""
        task = {"answers": str(self.answers), "first": first, "last": last, "resume": resume, "shift": shift}
        assert self.process.stdin
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()
        return int(self._said("begun"))

    def kill(self, pid: int) -> None:
        """kill -9, and wait until nothing is left of it."""
        os.kill(pid, signal.SIGKILL)
        assert self.ended() == -signal.SIGKILL

    def ended(self) -> int:
        """Wait for the end of the worker; gives its exit code."""
        return int(self._said("ended"))

    def acknowledged(self) -> dict[int, tuple[str, str]]:
        """Each answer that was received: application -> number, digest of the file."""
        lines = self.answers.read_text().splitlines() if self.answers.exists() else []
        return {int(count): (number, sealed) for count, number, sealed in map(str.split, lines)}

    def _said(self, word: str) -> str:
        assert self.process.stdout
        for line in self.process.stdout:
            if line.startswith(word):  # the log goes to the same place
                return line.removeprefix(word).strip()
        raise AssertionError(f"the workers ended without saying {word}")


def environment_of(house: House) -> dict[str, str]:
    """The settings of an open house, for another process."""
    settings = house.settings
    assert settings.passphrase
    given: dict[str, Any] = {
        "PROFILE": settings.profile,
        "DATA": settings.data,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "PASSPHRASE": settings.passphrase.get_secret_value(),
    }
    return os.environ | {f"YINXIN_{name}": str(value) for name, value in given.items() if value}


@contextmanager
def crew(house: House, answers: Path) -> Iterator[Crew]:
    """Workers on the installation of an open house."""
    environment = environment_of(house)
    command = [sys.executable, "-m", "tests.faults.issuer"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        made = Crew(process, answers)
        made._said("ready")
        yield made
        assert process.stdin
        process.stdin.close()
