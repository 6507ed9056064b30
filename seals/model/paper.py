"""What meets on a page when it is sealed: the place, the seal's material, the evidence, the ticket and the result."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from threading import Lock

from seals.model.problems import UseSpent
from seals.model.use import SealUse


class Level(StrEnum):
    """The level of the signature (EN 319 142-1): bare, with a trusted time, with evidence for later, with that stamped too."""

    bare = "B-B"
    timed = "B-T"
    long_term = "B-LT"
    archive = "B-LTA"

    def reaches(self, wanted: "Level") -> bool:
        """Whether it is no lower than another one."""
        order = list(Level)
        return order.index(self) >= order.index(wanted)


class Layout(StrEnum):
    """How a file is built: the seal in the one and last revision (what a holder has), or evidence in revisions after it."""

    one_revision = "one-revision"
    archive = "archive"


@dataclass(frozen=True)
class Place:
    """Where the seal stands: page from 1, its middle from the left and upper edge of the page, and its size.

    An oval seal is `diameter_mm` wide and `height_mm` high; a round one leaves its height out.
    """

    page: int
    x_mm: float
    y_mm: float
    diameter_mm: float
    height_mm: float = 0


@dataclass(frozen=True, eq=False)
class SealMaterial:
    """What one seal signs and draws with: its key as a function, its chain (own certificate first, DER), its form."""

    seal: str
    label: str  # what a screen reader says of the seal
    chain: tuple[bytes, ...]
    sign: Callable[[bytes], bytes]  # by the scheme of `algorithm`, in its canonical form
    form: bytes
    units: int
    algorithm: str = "P-256"  # of `certs.schemes`
    height: int = 0  # of the form in units, where it is not as high as wide


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
    layout: Layout = Layout.one_revision
