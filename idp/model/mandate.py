"""Who may act for an organisation, in what, and how long."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from hub.problems import Problem

EVERYTHING = ("*",)


class Role(StrEnum):
    """By what right somebody acts. Managers and agents have theirs from someone above."""

    legal_representative = "legal-representative"
    manager = "manager"
    agent = "agent"


class NoMandate(Problem):
    """This person may not act for this organisation (any more)."""

    status: ClassVar[int] = 403
    title: ClassVar[str] = "You may not act for this organisation"
    advice: ClassVar[str] = "Choose another one, or act for yourself."


@dataclass(frozen=True)
class Mandate:
    """One person's right to act for one organisation."""

    id: str
    organization: str
    person: str
    role: Role
    since: datetime
    matters: tuple[str, ...] = EVERYTHING
    until: datetime | None = None
    granted_by: str | None = None  # the mandate above; None: the register says so
    ended: datetime | None = None
    why_ended: str = ""

    def valid_at(self, now: datetime) -> bool:
        """Whether it can be used."""
        return (
            self.since <= now and (self.until is None or now < self.until) and (self.ended is None or now < self.ended)
        )

    def covers(self, matter: str) -> bool:
        """Whether it is for this matter."""
        return self.matters == EVERYTHING or matter in self.matters

    def ended_at(self, now: datetime, why: str) -> "Mandate":
        """The mandate, over."""
        return replace(self, ended=now, why_ended=why)
