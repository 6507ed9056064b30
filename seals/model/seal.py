"""Agencies and their seals: what stands on one, and the table of its life."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, StrEnum

from seals.model.problems import BadAgency, BadSeal, SealNotInForce, SealStepRefused

DEFAULT_LINE = "电子证照专用章"
DEFAULT_MM = 42  # bodies of local government and business seals (State Council circular 25 of 1999, 42 to 60 mm)
SMALLEST_MM, LARGEST_MM = 38, 60
SHORTEST_NAME, LONGEST_NAME = 4, 30  # what still looks right on the arc


class State(StrEnum):
    """The life of a seal: applied for, approved, made, filed, then in use until it ends (e-seal measures of 2025)."""

    applied = "applied"
    rejected = "rejected"
    approved = "approved"
    made = "made"
    filed = "filed"
    active = "active"
    suspended = "suspended"
    cancelled = "cancelled"
    expired = "expired"
    replaced = "replaced"

    @property
    def ended(self) -> bool:
        """Whether nothing can happen to the seal any more."""
        return not any(state is self for state, _ in TABLE)


SENTENCES = {  # message ids: what a reader is told of a seal in this state
    State.applied: "The seal %(id)s has been applied for and not yet approved",
    State.rejected: "The application for the seal %(id)s was rejected",
    State.approved: "The seal %(id)s is approved and not yet made",
    State.made: "The seal %(id)s is made and not yet filed",
    State.filed: "The seal %(id)s is filed and not yet in use",
    State.active: "The seal %(id)s is in use",
    State.suspended: "The seal %(id)s is suspended",
    State.cancelled: "The seal %(id)s is cancelled",
    State.expired: "The seal %(id)s has expired",
    State.replaced: "The seal %(id)s has been replaced",
}


class Operation(Enum):
    """What can be done to a seal."""

    approve = "approve"
    reject = "reject"
    make = "make"
    file = "file"
    activate = "activate"
    suspend = "suspend"
    resume = "resume"
    cancel = "cancel"
    expire = "expire"
    replace = "replace"


TABLE: dict[tuple[State, Operation], State] = {
    (State.applied, Operation.approve): State.approved,
    (State.applied, Operation.reject): State.rejected,
    (State.approved, Operation.make): State.made,
    (State.approved, Operation.cancel): State.cancelled,
    (State.made, Operation.file): State.filed,
    (State.made, Operation.cancel): State.cancelled,
    (State.filed, Operation.activate): State.active,
    (State.filed, Operation.cancel): State.cancelled,
    (State.active, Operation.suspend): State.suspended,
    (State.active, Operation.cancel): State.cancelled,
    (State.active, Operation.expire): State.expired,
    (State.active, Operation.replace): State.replaced,
    (State.suspended, Operation.resume): State.active,
    (State.suspended, Operation.cancel): State.cancelled,
    (State.suspended, Operation.expire): State.expired,
    (State.suspended, Operation.replace): State.replaced,
}


class Kind(StrEnum):
    """What the seal stands for."""

    statutory = "statutory"  # the body's own name; one for each body
    business = "business"  # a special purpose, named by its line


class Centre(StrEnum):
    """The device in the middle. The national emblem is never drawn."""

    star = "star"
    neutral = "neutral"


@dataclass(frozen=True)
class Agency:
    """A body that owns seals, by its unified social credit code."""

    code: str
    name: str
    name_en: str
    place: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9A-HJ-NPQRTUWXY]{18}", self.code) or not self.name.strip():
            raise BadAgency("%(code)s %(name)s", code=self.code, name=self.name)


@dataclass(frozen=True)
class Design:
    """What stands on a round seal, and how large it is."""

    name: str
    code13: str
    line: str = DEFAULT_LINE
    diameter_mm: int = DEFAULT_MM
    centre: Centre = Centre.star

    def __post_init__(self) -> None:
        if not SHORTEST_NAME <= len(self.name) <= LONGEST_NAME or " " in self.name:
            raise BadSeal("A name on the arc has 4 to 30 characters and no spaces: %(name)s", name=self.name)
        if not (len(self.code13) == 13 and self.code13.isascii() and self.code13.isdigit()):
            raise BadSeal("A seal's code has 13 digits: %(code)s", code=self.code13)
        if not SMALLEST_MM <= self.diameter_mm <= LARGEST_MM:
            raise BadSeal("A round seal measures 38 to 60 mm, not %(mm)s", mm=self.diameter_mm)
        if len(self.line) > 12:
            raise BadSeal("The line below the star has at most 12 characters: %(line)s", line=self.line)


@dataclass(frozen=True)
class Artwork:
    """The drawn seal: a picture for screens, and the content of a PDF form XObject `units` wide and high."""

    svg: str
    form: bytes
    units: int


@dataclass(frozen=True)
class Seal:
    """One e-seal of one agency."""

    id: str
    agency: str
    place: str
    kind: Kind
    design: Design
    state: State
    applied_by: str
    applied_at: datetime
    key_name: str = ""
    certificate: str = ""  # serial number, as certs.store keeps it
    valid_until: datetime | None = None
    reason: str = ""
    algorithm: str = "P-256"  # of its key, as `certs.schemes` names it
    sensitive: bool = False  # each use needs its custodian, who sees what is sealed

    def after(self, operation: Operation) -> "Seal":
        """The seal after a step of its life. Raises SealStepRefused when the table does not hold it."""
        state = TABLE.get((self.state, operation))
        if state is None:
            raise SealStepRefused(SENTENCES[self.state], id=self.id)
        return replace(self, state=state)

    def in_force(self, now: datetime) -> None:
        """Raise SealNotInForce unless the seal may be used now."""
        if self.state is not State.active:
            raise SealNotInForce(SENTENCES[self.state], id=self.id)
        if self.valid_until is None or now >= self.valid_until:
            raise SealNotInForce("The certificate of the seal %(id)s has ended", id=self.id)
