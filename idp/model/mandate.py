"""Who may act for whom, in what, and how long."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from hub.problems import Problem

EVERYTHING = ("*",)
MANDATE = "urn:yinxin:mandate"  # the type of a mandate among `authorization_details` (RFC 9396 2)
PERSON = "person:"  # begins the id of a principal who is a person


class Role(StrEnum):
    """By what right somebody acts. Managers and agents have theirs from someone above."""

    legal_representative = "legal-representative"
    manager = "manager"
    agent = "agent"
    parent = "parent"  # of a child under fourteen
    guardian = "guardian"  # appointed by a court or by the civil affairs
    family = "family"  # by the principal's own mandate


class NoMandate(Problem):
    """This person may not act for this principal (any more)."""

    status: ClassVar[int] = 403
    title: ClassVar[str] = "You may not act for this organisation"
    advice: ClassVar[str] = "Choose another one, or act for yourself."


@dataclass(frozen=True)
class Principal:
    """For whom somebody acts: an organisation by its unified code, or a person by `person:` and his internal id."""

    id: str
    name: str
    holder_key: str | None
    former_keys: tuple[
        str, ...
    ] = ()  # of numbers that a person had, or has besides: his licenses are found by them too

    @property
    def person(self) -> str | None:
        """The internal id of a principal who is a person."""
        return self.id.removeprefix(PERSON) if self.id.startswith(PERSON) else None

    @property
    def label(self) -> str:
        """How the ledger names it."""
        return self.id if self.person else f"organization:{self.id}"

    @property
    def shown(self) -> str:
        """How pages name it: an organisation with its code, which is public; a person by name alone."""
        return self.name if self.person else f"{self.name} ({self.id})"


@dataclass(frozen=True)
class Mandate:
    """One person's right to act for one principal."""

    id: str
    principal: str  # the id of a `Principal`
    person: str  # who acts
    role: Role
    since: datetime
    matters: tuple[str, ...] = EVERYTHING  # codes of service items
    until: datetime | None = None
    granted_by: str | None = None  # the mandate above; None: a register, a court or the principal himself says so
    ended: datetime | None = None
    why_ended: str = ""
    suspended: datetime | None = None  # until the one who represents the principal now confirms it
    warned: datetime | None = None  # when its coming end was told
    basis: str = ""  # number of the court order, or id of the visit to a counter, by which it was given

    def valid_at(self, now: datetime) -> bool:
        """Whether it can be used."""
        runs = self.since <= now and (self.until is None or now < self.until)
        return runs and self.suspended is None and self.ended is None

    @property
    def named(self) -> bool:
        """Whether it is for named matters alone."""
        return self.matters != EVERYTHING

    def covers(self, matter: str) -> bool:
        """Whether it is for this matter."""
        return not self.named or matter in self.matters

    def ended_at(self, now: datetime, why: str) -> "Mandate":
        """The mandate, over."""
        return replace(self, ended=now, why_ended=why)
