"""A process of its own for hostile uploads: little memory, little time, no secrets, no files to write. What it breaks is itself.

The web process talks with it over pipes in lengths and JSON. A worker that crashes, hangs or grows is ended and replaced; the one
who asked is told that his file is damaged or takes too long.
"""

import importlib
import json
import os
import resource
import select
import struct
import subprocess
import sys
from base64 import b64decode, b64encode
from datetime import datetime
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import IO

from hub.problems import Unavailable
from verification.model import Paper, Reason, Step, failed
from verification.pdf.chain import Anchors

SECONDS = 10.0  # of waiting, and of computing, for one file; ours take 0.05
MEMORY = 1_200_000_000  # of address space: the libraries, one picture of 40 million pixels, one file of 20 MB
JOBS = 500  # then a fresh process: what leaks, or was changed by a file, does not live long
LENGTH = struct.Struct(">II")
ROOT = Path(__file__).resolve().parent.parent


class Broken(Exception):
    """The worker died or gave nonsense; `reason` is what the one who asked is told."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class ExaminerBusy(Unavailable):
    """Others' files have kept the examiner busy for too long."""

    title = "Too many files are being checked"
    advice = "Your file was not checked and not kept. Try again in a minute, or scan the code: that needs no server."


class Workbench:
    """One worker, started when first needed. Threads take turns."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._jobs = 0

    def examine(self, data: bytes, anchors: Anchors, now: datetime) -> Paper:
        """`pdf.examine`, over there. Never raises for what the file holds."""
        given = {
            name: [b64encode(one).decode() for one in getattr(anchors, name)]
            for name in ("roots", "authorities", "crls")
        }
        try:
            return Paper.from_json(self._ask({"do": "examine", "now": now.isoformat(), **given}, data))
        except Broken as broken:
            return Paper((failed(Step.readable, broken.reason),))
        except (ValueError, KeyError, TypeError):
            self.close()
            return Paper((failed(Step.readable, Reason.damaged),))

    def texts(self, picture: bytes) -> tuple[str, ...] | Reason:
        """`scan.texts`, over there; or the reason why there are none."""
        try:
            held = json.loads(self._ask({"do": "texts"}, picture))
        except Broken as broken:
            return broken.reason
        return Reason.not_a_document if held is None else tuple(str(text) for text in held)

    def close(self) -> None:
        """End the worker. The next question starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _ask(self, question: dict[str, object], data: bytes) -> str:
        if not self._lock.acquire(timeout=self._seconds):
            raise ExaminerBusy
        try:
            try:
                return self._exchange(json.dumps(question).encode(), data)
            except (OSError, Broken, struct.error) as error:
                self.close()
                raise (error if isinstance(error, Broken) else Broken(Reason.damaged)) from error
        finally:
            self._lock.release()

    def _exchange(self, question: bytes, data: bytes) -> str:
        process = self._running()
        assert process.stdin
        assert process.stdout
        process.stdin.write(LENGTH.pack(len(question), len(data)) + question + data)
        process.stdin.flush()
        end = monotonic() + self._seconds
        size, _ = LENGTH.unpack(_read(process.stdout, LENGTH.size, end))
        return _read(process.stdout, size, end).decode()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None or self._jobs >= JOBS:
            self.close()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "verification.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=ROOT,
                env={name: os.environ[name] for name in ("PATH", "LANG", "VIRTUAL_ENV") if name in os.environ},
            )
            self._jobs = 0
            assert self._process.stdout
            _read(self._process.stdout, 1, monotonic() + 30)  # it says when it has loaded its libraries
        self._jobs += 1
        return self._process


def _read(pipe: IO[bytes], size: int, end: float) -> bytes:
    """So many bytes, or Broken: too late, or the worker died."""
    number = pipe.fileno()
    data = b""
    while len(data) < size:
        ready, _, _ = select.select([number], [], [], max(end - monotonic(), 0))
        if not ready:
            raise Broken(Reason.too_long)
        some = os.read(number, min(size - len(data), 65536))
        if not some:
            raise Broken(Reason.damaged)
        data += some
    return data


BENCH = Workbench()  # of this process


# -- over there


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _more_time() -> None:
    """So many seconds of computing for the next file; the kernel ends the process at their end."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + int(SECONDS) + 1, resource.RLIM_INFINITY))


def _answer(question: dict[str, object], data: bytes) -> str:
    from verification import scan
    from verification.pdf import examine

    if question["do"] == "texts":
        try:
            return json.dumps(scan.texts(data))
        except scan.NotAPicture:
            return "null"
    given = {name: tuple(b64decode(str(one)) for one in question[name]) for name in ("roots", "authorities", "crls")}  # type: ignore[attr-defined]
    return examine(data, Anchors(**given), datetime.fromisoformat(str(question["now"]))).to_json()


def main() -> None:
    """Answer questions until the pipe closes."""
    for name in (
        "zxingcpp",
        "verification.pdf",
        "verification.scan",
    ):  # before the first question: their time is not counted
        importlib.import_module(name)
    from PIL import Image

    Image.init()
    _limit()
    out, questions = sys.stdout.buffer, sys.stdin.buffer
    out.write(b"!")
    out.flush()
    while head := questions.read(LENGTH.size):
        asked, size = LENGTH.unpack(head)
        question, data = json.loads(questions.read(asked)), questions.read(size)
        _more_time()
        told = _answer(question, data).encode()
        out.write(LENGTH.pack(len(told), 0) + told)
        out.flush()


if __name__ == "__main__":
    main()
