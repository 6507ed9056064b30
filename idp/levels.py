"""The levels of assurance as others may read them, with what comes near each elsewhere: `levels.toml`, and nothing else."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from idp.model.flow import acr

FILE = Path(__file__).with_name("levels.toml")


@dataclass(frozen=True)
class Described:
    """One level: what it rests on, in both languages, and its neighbours. An empty neighbour: there is none."""

    number: int
    methods: tuple[str, ...]
    evidence: str
    evidence_zh: str
    guangdong: str
    eidas: str
    nist_ial: str

    @property
    def acr(self) -> str:
        """How tokens and requests name it."""
        return acr(self.number)


@cache
def levels() -> tuple[Described, ...]:
    """All levels, the lowest first."""
    read = tomllib.loads(FILE.read_text("utf-8"))["level"]
    return tuple(Described(**(one | {"methods": tuple(one["methods"])})) for one in read)


def document() -> dict[str, object]:
    """What programs may read of them."""
    return {
        "levels": [
            {
                "acr": one.acr,
                "level": one.number,
                "methods": list(one.methods),
                "evidence": {"en": one.evidence, "zh-Hans": one.evidence_zh},
                "mapping": {"guangdong": one.guangdong, "eidas": one.eidas, "nist_sp_800_63a_4": one.nist_ial},
            }
            for one in levels()
        ],
        "mapping_is_official": False,
    }
