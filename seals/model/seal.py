"""Agencies and their seals: the table of a seal's life, and who may do which step of it."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, StrEnum

from seals.model.design import Design
from seals.model.problems import BadAgency, BadStep, SamePerson, SealNotInForce, SealStepRefused


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


APPLY = "apply"  # the first step of each seal, which no table holds
# Who applied does not approve; who did either does not make (e-seal measures of 2025; GB/T 33481).
APART: dict[Operation, tuple[str, ...]] = {
    Operation.approve: (APPLY,),
    Operation.make: (APPLY, Operation.approve.value),
}
NEEDS_REASON = (Operation.reject, Operation.suspend, Operation.resume, Operation.cancel)


class Kind(StrEnum):
    """What the seal stands for."""

    statutory = "statutory"  # the body's own name; one for each body
    business = "business"  # a special purpose, named by its line


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
    filing: str = ""  # the number under which the authority that keeps seals on record has it

    @property
    def line(self) -> str:
        """The seal on one line of a list."""
        until = f"until {self.valid_until:%Y-%m-%d}" if self.valid_until else "no certificate"
        name = f"{self.design.name} {self.design.line}".rstrip()
        return f"{self.id}  {self.design.code13}  {self.state.value:<9}  {until}  {name}"

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


@dataclass(frozen=True)
class Step:
    """One step of a seal's life: who did it and when, why, and on which document."""

    seal: str
    number: int
    operation: str  # APPLY, or the value of an Operation
    by: str
    at: datetime
    reason: str = ""
    document: str = ""


def keep_apart(operation: Operation, by: str, steps: list[Step]) -> None:
    """Raise SamePerson if whoever takes this step has taken one before that another must have taken."""
    if any(step.operation in APART.get(operation, ()) and step.by == by for step in steps):
        raise SamePerson("%(by)s has done a step of this seal's life before", by=by)


def has_reason(operation: Operation, reason: str) -> None:
    """Raise BadStep if this step needs words that it does not have, or has too many."""
    if (operation in NEEDS_REASON and not reason.strip()) or len(reason) > 500:
        raise BadStep("Give a reason of 1 to 500 characters")


@dataclass(frozen=True)
class Order:
    """A seal that is being made: its key and certificate stand, and the maker has not yet signed the seal."""

    seal: str
    by: str
    at: datetime
    document: str
    key_name: str
    certificate: str
    valid_until: datetime
