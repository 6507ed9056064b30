"""Who may use a seal, and each single use of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from seals.model.problems import UseSpent


class UseState(StrEnum):
    """A use is reserved before anything is signed, and ends as sealed or void."""

    reserved = "reserved"
    sealed = "sealed"
    void = "void"


@dataclass(frozen=True)
class SealGrant:
    """Leave to use a seal: who (a client id or an agency's code), for which purposes, how long and how often."""

    ANY: ClassVar[str] = "*"

    id: str
    seal: str
    grantee: str
    purposes: tuple[str, ...]
    since: datetime
    until: datetime | None
    per_hour: int | None
    per_day: int | None
    granted_by: str
    revoked_at: datetime | None = None

    def covers(self, purpose: str, grantees: frozenset[str], now: datetime) -> bool:
        """Whether one of `grantees` may use the seal for `purpose` now."""
        in_time = self.since <= now and (self.until is None or now < self.until)
        named = purpose in self.purposes or self.ANY in self.purposes
        return self.revoked_at is None and in_time and named and self.grantee in grantees

    def limits(self) -> list[tuple[timedelta, int]]:
        """Each limit as (span of time, number of uses)."""
        spans = ((timedelta(hours=1), self.per_hour), (timedelta(days=1), self.per_day))
        return [(span, limit) for span, limit in spans if limit is not None]


@dataclass(frozen=True)
class SealUse:
    """One reserved sealing of one record. It may sign again after a crash; once `sealed` or `void` it signs no more."""

    id: str
    seal: str
    grant: str
    purpose: str
    record_digest: bytes
    client: str
    by: str
    at: datetime
    state: UseState = UseState.reserved
    certificate: str = ""
    sealed_digest: bytes | None = None
    level: str = ""
    ended_at: datetime | None = None
    reason: str = ""
    wanted: str = "B-T"  # the level that the file shall have; a lower one is lifted when its evidence can be had
    kind: str = ""  # of the document, where the purpose does not say it
    person: str = ""  # the officer who sealed, by his internal number
    asked: str = ""  # the confirmation by which a custodian agreed to it

    def open(self) -> None:
        """Raise UseSpent unless this use may still sign."""
        if self.state is not UseState.reserved:
            raise UseSpent("The use %(id)s has ended already", id=self.id)
