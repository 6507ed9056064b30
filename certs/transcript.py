"""What happened in a ceremony: lines of JSON, each bound to the one before it by its digest.

A line that was not written to its end is what a crash leaves: it is taken off. Any other change is refused.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from certs.model import TranscriptWrong

DONE = "done"


@dataclass(frozen=True)
class Entry:
    """One line: which step of the plan (-1: none of them), what was done and what came out."""

    step: int
    what: str
    facts: Mapping[str, Any]
    at: str
    previous: str
    digest: str


class Transcript:
    """The transcript of one plan in one file."""

    def __init__(self, path: Path, plan: str) -> None:
        """Open it, or begin it. Raises TranscriptWrong."""
        self.path, self.plan = path, plan
        self.entries = read(path, plan) if path.exists() else []

    @property
    def last(self) -> str:
        """The digest of what stands there so far; of the plan alone at the beginning."""
        return self.entries[-1].digest if self.entries else self.plan

    @property
    def is_done(self) -> bool:
        """Whether the ceremony came to its end."""
        return bool(self.entries) and self.entries[-1].what == DONE

    def of_step(self, step: int) -> Entry | None:
        """What was written about a step of the plan."""
        return next((entry for entry in self.entries if entry.step == step), None)

    def write(self, step: int, what: str, facts: Mapping[str, Any], at: datetime) -> None:
        """Add a line; it is on disk when this returns."""
        content: dict[str, Any] = {
            "step": step,
            "what": what,
            "facts": dict(facts),
            "at": at.isoformat(),
            "previous": self.last,
        }
        digest = _digest(content)
        whole = b"".join(_line(entry) for entry in self.entries)
        fd = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.ftruncate(fd, len(whole))  # a torn line goes
            os.lseek(fd, 0, os.SEEK_END)
            os.write(fd, _json(content | {"digest": digest}) + b"\n")
            os.fsync(fd)
        finally:
            os.close(fd)
        self.entries.append(Entry(step, what, dict(facts), content["at"], content["previous"], digest))


def read(path: Path, plan: str = "") -> list[Entry]:
    """Every line of a transcript, each checked against the one before. `plan`: it must be this plan's. Raises TranscriptWrong."""
    try:
        whole = path.read_bytes()
    except OSError as error:
        raise TranscriptWrong("It cannot be read") from error
    entries: list[Entry] = []
    for number, line in enumerate(whole.split(b"\n")[:-1], 1):
        entry = _entry(line, number)
        previous = entries[-1].digest if entries else plan or entry.previous
        if entry.previous != previous:
            raise TranscriptWrong("Line %(number)s does not follow the one before", number=number)
        entries.append(entry)
    return entries


def _entry(line: bytes, number: int) -> Entry:
    try:
        content = json.loads(line)
        digest = content.pop("digest")
        entry = Entry(**content, digest=digest)
    except Exception as error:  # whatever stands there
        raise TranscriptWrong("Line %(number)s was changed", number=number) from error
    if digest != _digest(content) or _line(entry) != line + b"\n":
        raise TranscriptWrong("Line %(number)s was changed", number=number)
    return entry


def _line(entry: Entry) -> bytes:
    return _json(dict(vars(entry))) + b"\n"


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(_json(content)).hexdigest()


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
