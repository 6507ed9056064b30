"""An organisation that somebody acts for here."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from hub.problems import Problem


class OrganizationState(StrEnum):
    """Whether one may act for it."""

    active = "active"
    suspended = (
        "suspended"  # the register says that its representative or its registration has changed: to be claimed again
    )
    revoked = "revoked"  # its license was taken away
    deregistered = "deregistered"


class NotRepresentative(Problem):
    """The register does not name this person as the legal representative; it does not say who is, nor whether the code exists."""

    status: ClassVar[int] = 403
    title: ClassVar[str] = "You cannot claim this organisation"
    advice: ClassVar[str] = "Only its legal representative can. Check the code, or ask that person to do it."


@dataclass(frozen=True)
class Organization:
    """A company, body or association, by its unified code. Its registration is public knowledge."""

    code: str
    name: str
    holder_key: str
    claimed: datetime
    state: OrganizationState = OrganizationState.active
    registration: str = ""  # which registration the register speaks of; another one has to be claimed again
    checked: datetime | None = None  # when the register was asked last

    @property
    def label(self) -> str:
        """How the ledger names it."""
        return f"organization:{self.code}"
