"""A process of its own for strangers' documents: little memory and time, no secrets, no files to write. It breaks itself alone.

The web process and the worker talk with it over pipes. It is given bytes and certificates, never a key: what comes back is a file
with a hole, which is signed here. One that crashes, hangs or grows is ended and replaced; who asked is told in words.
"""

import hashlib
import importlib
import json
import os
import resource
import select
import struct
import subprocess
import sys
from base64 import b64decode, b64encode
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import IO, Any

from hub.problems import Problem
from seals import cms
from seals.model import Evidence, Place, SealingFailed, SealMaterial, SealUse, Ticket
from seals.model.document import NotSealable, Page, ReaderBusy

SECONDS = 10.0  # of waiting, and of computing, for one document; most take 0.1
MEMORY = 1_500_000_000  # of address space: the libraries, one file of 20 MB read and written, one picture of 5 million pixels
TURNS = 200  # then a fresh process: what leaks, or was changed by a file, does not live long
LENGTH = struct.Struct(">II")
ROOT = Path(__file__).resolve().parent.parent


class _Broken(Exception):
    """The process died, or took too long."""


class Cage:
    """One caged process, started when first needed. Threads take turns."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._turns = 0

    def read(self, data: bytes) -> tuple[bytes, tuple[Page, ...]]:
        """The document as it will be sealed, and its pages. Raises NotSealable, ReaderBusy."""
        said, clean = self._ask({"do": "read"}, data)
        return clean, tuple(Page(*page) for page in said["pages"])

    def picture(self, pdf: bytes, page: int, width: int) -> bytes:
        """A page as PNG."""
        return self._ask({"do": "picture", "page": page, "width": width}, pdf)[1]

    def prepare(
        self, pdf: bytes, material: SealMaterial, use: SealUse, place: Place | None, evidence: Evidence
    ) -> Ticket:
        """`sealing.prepare_document` over there. The digest that will be signed is counted here. Raises NotSealable."""
        use.open()
        if use.seal != material.seal:
            raise SealingFailed("The use %(use)s is for another seal", use=use.id)
        question = {"do": "prepare", "use": use.id, **_told(material, place, evidence)}
        said, prepared = self._ask(question, pdf)
        start, end = said["hole"]
        if not prepared.startswith(pdf) or set(prepared[start:end]) != {0x30}:
            raise SealingFailed("The document was not laid out as it came")
        template = cms.template(material.chain)
        signed = prepared[: start - 1] + prepared[end + 1 :]
        attributes = template.attributes(hashlib.new(template.scheme.hash, signed).digest())
        return Ticket(use, material, evidence, prepared, (start, end), attributes)

    def close(self) -> None:
        """End the process. The next question starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _ask(self, question: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
        if not self._lock.acquire(timeout=self._seconds):
            raise ReaderBusy
        try:
            said, made = self._exchange(json.dumps(question).encode(), data)
        except (OSError, ValueError, struct.error, _Broken) as error:
            self.close()
            raise NotSealable("It is damaged, or takes too long to read") from error
        finally:
            self._lock.release()
        if "refused" in said:
            raise NotSealable(said["refused"], **said["values"])
        return said, made

    def _exchange(self, question: bytes, data: bytes) -> tuple[dict[str, Any], bytes]:
        process = self._running()
        assert process.stdin
        assert process.stdout
        process.stdin.write(LENGTH.pack(len(question), len(data)) + question + data)
        process.stdin.flush()
        end = monotonic() + self._seconds
        told, made = LENGTH.unpack(_read(process.stdout, LENGTH.size, end))
        said = json.loads(_read(process.stdout, told, end))
        return said, _read(process.stdout, made, end)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None or self._turns >= TURNS:
            self.close()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "seals.cage"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=ROOT,
                env={name: os.environ[name] for name in ("PATH", "LANG", "VIRTUAL_ENV") if name in os.environ},
            )
            self._turns = 0
            assert self._process.stdout
            _read(self._process.stdout, 1, monotonic() + 30)  # it says when it has loaded its libraries
        self._turns += 1
        return self._process


def _read(pipe: IO[bytes], size: int, end: float) -> bytes:
    number, parts, left = pipe.fileno(), [], size
    while left:
        ready, _, _ = select.select([number], [], [], max(end - monotonic(), 0))
        some = os.read(number, min(left, 1 << 20)) if ready else b""
        if not some:
            raise _Broken
        parts.append(some)
        left -= len(some)
    return b"".join(parts)


def _told(material: SealMaterial, place: Place | None, evidence: Evidence) -> dict[str, Any]:
    """What may be known over there: nothing of it is a secret."""
    return {
        "seal": material.seal,
        "label": material.label,
        "chain": _texts(material.chain),
        "form": b64encode(material.form).decode(),
        "size": [material.units, material.height],
        "algorithm": material.algorithm,
        "place": asdict(place) if place else None,
        "at": evidence.at.isoformat(),
        "stamp": evidence.stamp is not None,
        **{name: _texts(getattr(evidence, name)) for name in ("certificates", "ocsps", "crls")},
    }


def _texts(many: tuple[bytes, ...]) -> list[str]:
    return [b64encode(one).decode() for one in many]


CAGE = Cage()  # of this process


# -- over there


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _more_time() -> None:
    """So many seconds of computing for the next document; the kernel ends the process at their end."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + int(SECONDS) + 1, resource.RLIM_INFINITY))


def _answer(asked: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    from seals import picture, sealing, sealing_document

    if asked["do"] == "read":
        clean, pages = sealing_document.read(data)
        return {"pages": [[page.wide_mm, page.high_mm] for page in pages]}, clean
    if asked["do"] == "picture":
        return {}, picture.picture(data, asked["page"], asked["width"])
    material, evidence = _material(asked), _evidence(asked)
    wanted = Place(**asked["place"]) if asked["place"] else None
    place, turned = sealing_document.laid(data, wanted, material)
    now = evidence.at
    use = SealUse(asked["use"], asked["seal"], "", "", bytes(32), "", "", now)
    ticket = sealing.prepare_document(data, turned, use, place, evidence)
    return {"hole": ticket.hole}, ticket.prepared


def _material(asked: dict[str, Any]) -> SealMaterial:
    units, height = asked["size"]
    chain = tuple(b64decode(one) for one in asked["chain"])
    form = b64decode(asked["form"])
    known = SealMaterial(asked["seal"], asked["label"], chain, bytes, form, units)
    return replace(known, algorithm=asked["algorithm"], height=height)


def _evidence(asked: dict[str, Any]) -> Evidence:
    certificates, ocsps, crls = (
        tuple(b64decode(one) for one in asked[name]) for name in ("certificates", "ocsps", "crls")
    )
    at = datetime.fromisoformat(asked["at"])
    return Evidence(at, certificates, ocsps, crls, stamp=bytes if asked["stamp"] else None)


def main() -> None:
    """Answer questions until the pipe closes."""
    for name in ("seals.sealing", "seals.sealing_document", "seals.picture", "PIL.PngImagePlugin"):
        importlib.import_module(name)  # before the first question: their time is not counted
    _limit()
    out, questions = sys.stdout.buffer, sys.stdin.buffer
    out.write(b"!")
    out.flush()
    while head := questions.read(LENGTH.size):
        size, more = LENGTH.unpack(head)
        asked, data = json.loads(questions.read(size)), questions.read(more)
        _more_time()
        try:
            said, made = _answer(asked, data)
        except Problem as problem:
            said, made = {"refused": problem.message or problem.title, "values": problem.values}, b""
        told = json.dumps(said).encode()
        out.write(LENGTH.pack(len(told), len(made)) + told + made)
        out.flush()


if __name__ == "__main__":
    main()
