"""A process of its own for strangers' bytes: little memory and time, no secrets, no files to write. What it breaks is itself.

The process that asks talks with it over pipes, in lengths and JSON. One that crashes, hangs or grows is ended and replaced; who
asked is told so by his room.
"""

import json
import os
import resource
import select
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import IO, Any, TypeVar

LENGTH = struct.Struct(">II")
START_SECONDS = 30
ROOT = Path(__file__).resolve().parent.parent
Got = TypeVar("Got")


class Broken(Exception):
    """The process died or gave nonsense; `late`: it took too long. It has been ended."""

    def __init__(self, *, late: bool = False) -> None:
        super().__init__()
        self.late = late


class Occupied(Exception):
    """Others have kept the process busy for too long."""


class Caged:
    """One caged process of a module that calls `serve`, started when first needed. Threads take turns.

    `seconds` to wait for a turn, and for an answer; after so many `turns` there is a fresh process: what leaks, or was changed
    by a file, does not live long.
    """

    def __init__(self, module: str, *, seconds: float, turns: int) -> None:
        self._module, self._seconds, self._most = module, seconds, turns
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._turns = 0

    def close(self) -> None:
        """End the process. The next question starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def exchange(self, question: dict[str, Any], data: bytes, understood: Callable[[bytes, bytes], Got]) -> Got:
        """What it says and what it made, `understood`: who says nonsense is ended too. Raises Occupied, Broken."""
        if not self._lock.acquire(timeout=self._seconds):
            raise Occupied
        try:
            return understood(*self._exchanged(json.dumps(question).encode(), data))
        except (OSError, struct.error, ValueError, KeyError, TypeError, Broken) as error:
            self.close()
            raise (error if isinstance(error, Broken) else Broken()) from error
        finally:
            self._lock.release()

    def _exchanged(self, question: bytes, data: bytes) -> tuple[bytes, bytes]:
        process = self._running()
        assert process.stdin
        assert process.stdout
        process.stdin.write(LENGTH.pack(len(question), len(data)) + question + data)
        process.stdin.flush()
        end = monotonic() + self._seconds
        told, made = LENGTH.unpack(_read(process.stdout, LENGTH.size, end))
        return _read(process.stdout, told, end), _read(process.stdout, made, end)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None or self._turns >= self._most:
            self.close()
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=ROOT,
                env={name: os.environ[name] for name in ("PATH", "LANG", "VIRTUAL_ENV") if name in os.environ},
            )
            self._turns = 0
            assert self._process.stdout
            _read(self._process.stdout, 1, monotonic() + START_SECONDS)  # it says when it has loaded its libraries
        self._turns += 1
        return self._process


def _read(pipe: IO[bytes], size: int, end: float) -> bytes:
    number, parts, left = pipe.fileno(), [], size
    while left:
        ready, _, _ = select.select([number], [], [], max(end - monotonic(), 0))
        if not ready:
            raise Broken(late=True)
        some = os.read(number, min(left, 1 << 20))
        if not some:
            raise Broken
        parts.append(some)
        left -= len(some)
    return b"".join(parts)


# -- over there


def serve(
    answer: Callable[[dict[str, Any], bytes], tuple[str, bytes]],
    *,
    load: Callable[[], object],
    memory: int,
    seconds: float,
) -> None:
    """Answer questions until the pipe closes, within `memory` bytes of address space and `seconds` of computing for each.

    `load` brings the libraries before the first question: their time is not counted.
    """
    load()
    for limit, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    out, questions = sys.stdout.buffer, sys.stdin.buffer
    out.write(b"!")
    out.flush()
    while head := questions.read(LENGTH.size):
        asked, size = LENGTH.unpack(head)
        question, data = json.loads(questions.read(asked)), questions.read(size)
        _more_time(seconds)
        said, made = answer(question, data)
        told = said.encode()
        out.write(LENGTH.pack(len(told), len(made)) + told + made)
        out.flush()


def _more_time(seconds: float) -> None:
    """So many seconds of computing for the next question; the kernel ends the process at their end."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + int(seconds) + 1, resource.RLIM_INFINITY))
