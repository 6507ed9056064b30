"""What meets on a page when it is sealed: the place, the seal's material, the evidence, the ticket and the result."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from threading import Lock

from seals.model.problems import UseSpent
from seals.model.use import SealUse


class Level(StrEnum):
    """The level of the signature (EN 319 142-1): bare, or with a trusted time."""

    bare = "B-B"
    timed = "B-T"


@dataclass(frozen=True)
class Place:
    """Where the seal stands: page from 1, its middle from the left and upper edge of the page, and its diameter."""

    page: int
    x_mm: float
    y_mm: float
    diameter_mm: float


@dataclass(frozen=True, eq=False)
class SealMaterial:
    """What one seal signs and draws with: its key as a function, its chain (own certificate first, DER), its form."""

    seal: str
    label: str  # what a screen reader says of the seal
    chain: tuple[bytes, ...]
    sign: Callable[[bytes], bytes]  # ECDSA P-256 with SHA-256, DER, low s
    form: bytes
    units: int


@dataclass(frozen=True, eq=False)
class Evidence:
    """What lets a stranger verify later: revocation data as of `at`, and a time-stamper (imprint to RFC 3161 token)."""

    at: datetime
    certificates: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    stamp: Callable[[bytes], bytes] | None = None
    missing: tuple[str, ...] = ()  # kinds of evidence that could not be had


class Once:
    """Something that can be taken a single time, whichever thread comes first."""

    def __init__(self) -> None:
        self._lock = Lock()

    def take(self) -> None:
        """Raise UseSpent from the second call on."""
        if not self._lock.acquire(blocking=False):
            raise UseSpent("This ticket has sealed already")


@dataclass(frozen=True, eq=False)
class Ticket:
    """A page with everything but the signature: `prepared` with a hole of zeros for it, and the attributes to sign."""

    use: SealUse
    material: SealMaterial
    evidence: Evidence
    prepared: bytes
    hole: tuple[int, int]  # of the hexadecimal digits
    attributes: bytes
    once: Once = field(default_factory=Once)


@dataclass(frozen=True)
class Sealed:
    """A sealed document. `missing` names the evidence that could not be had: the level is lower, the document is whole."""

    use: str
    pdf: bytes
    digest: bytes  # SHA-256 of the sealed revision, which is the whole file
    level: Level
    missing: tuple[str, ...]
    at: datetime
