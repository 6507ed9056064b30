"""Processes that seal one document each and die at a named step. Run by `test_seals.py`, which writes one task a line.

It reads its modules once and forks one process per task: so a life costs what it does, not what Python's start does.
"""

import json
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from hub import blobs, clock, settings
from hub.house import open_house
from seals import cage, seal_document, sealing, use
from seals.store import documents as rows
from tests.seals.conftest import CALLER

STEPS: dict[str, tuple[type | ModuleType, str]] = {
    "begin": (rows, "begin_sealing"),
    "reserve": (use, "reserve"),
    "lay out": (cage.Cage, "prepare"),
    "sign": (sealing, "seal_once"),
    "name": (rows, "name_sealed"),
    "keep": (blobs.Blobs, "put"),
    "end": (rows, "end_sealing"),
    "finish": (use, "finish"),
}


def dying(step: Callable[..., Any], when: str) -> Callable[..., Any]:
    """The step, and the end of the process before or after it: nothing is closed, nothing is flushed."""

    def dies(*given: Any, **named: Any) -> Any:
        if when == "after":
            step(*given, **named)
        os._exit(9)

    return dies


def live(task: dict[str, Any]) -> None:
    """Seal; die there."""
    os.environ.update(task["environment"])
    house = open_house(settings.read())
    owner, name = STEPS[task["step"]]
    setattr(owner, name, dying(getattr(owner, name), task["when"]))
    seal_document.seal(house, task["id"], caller=CALLER, now=clock.now())


def main() -> None:
    """One life after the other; says how each ended."""
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            live(json.loads(line))
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        os.write(1, f"ended {os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    main()
