"""What a file says about itself, before any register is asked."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from verification.model.check import Check, Result, Step
from verification.model.reason import Reason
from verification.model.report import SealMark


@dataclass(frozen=True)
class Paper:
    """One examined file. `digest` names the sealed revision (SHA-256, hexadecimal); `record` is the attached license.json.

    `covered` is the digest of what the seal covers: all of that revision but the place of the seal itself.
    """

    checks: tuple[Check, ...]
    digest: str = ""
    seal: SealMark | None = None
    record: str = ""
    record_digest: str = ""
    codes: tuple[str, ...] = ()
    covered: str = ""

    def to_json(self) -> str:
        """As text for the way out of the worker process. Text, not pickle: the worker has read hostile bytes."""
        return json.dumps(asdict(self), ensure_ascii=True, default=datetime.isoformat)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read it back, strictly. Raises ValueError, KeyError or TypeError for anything else."""
        held = json.loads(text)
        seal = held["seal"]
        return cls(
            checks=tuple(_check(one) for one in held["checks"]),
            digest=str(held["digest"]),
            seal=_seal(seal) if seal else None,
            record=str(held["record"]),
            record_digest=str(held["record_digest"]),
            codes=tuple(str(code) for code in held["codes"]),
            covered=str(held["covered"]),
        )


def _check(held: dict[str, Any]) -> Check:
    return Check(
        step=Step(held["step"]),
        result=Result(held["result"]),
        why=str(held["why"]),
        values={str(name): str(value) for name, value in held["values"].items()},
        reason=Reason(held["reason"]) if held["reason"] else None,
    )


def _seal(held: dict[str, Any]) -> SealMark:
    at, archived = (datetime.fromisoformat(held[name]) if held[name] else None for name in ("at", "archived"))
    return SealMark(str(held["agency"]), str(held["name"]), str(held["certificate"]), at, str(held["level"]), archived)
