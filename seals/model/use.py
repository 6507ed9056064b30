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
class Asker:
    """Who wants to use a seal: a program, the body it belongs to, an officer, and where in the tree that is."""

    client: str = ""
    agency: str = ""
    person: str = ""
    place: str = ""

    @property
    def names(self) -> frozenset[str]:
        """By which names a grant may name the program or the body."""
        return frozenset(name for name in (self.client, self.agency) if name)


@dataclass(frozen=True)
class SealGrant:
    """Leave to use a seal: who (a program, a body, an officer), for what, from where, how long and how often.

    A grant that was handed on (`parent`) works only while all above it do, and its uses count for each of them.
    """

    ANY: ClassVar[str] = "*"
    UNSEEN: ClassVar[str] = "hash:"  # purposes of digests, whose documents stay with their department

    id: str
    seal: str
    grantee: str  # a client's id or an agency's code; nothing: the officer alone is named
    purposes: tuple[str, ...]
    since: datetime
    until: datetime | None
    per_hour: int | None
    per_day: int | None
    granted_by: str
    revoked_at: datetime | None = None
    kinds: tuple[str, ...] = (ANY,)  # of document
    officer: str = ""  # a person's internal number
    region: str = ""  # a place of the tree: only from there and below
    parent: str = ""
    may_delegate: bool = False

    def works_at(self, now: datetime) -> bool:
        """Whether it is in force by itself."""
        return self.revoked_at is None and self.since <= now and (self.until is None or now < self.until)

    def names(self, asker: Asker) -> bool:
        """Whether it names this asker, and he asks from its region."""
        named = (not self.grantee or self.grantee in asker.names) and (not self.officer or self.officer == asker.person)
        return named and bool(self.grantee or self.officer) and _within(asker.place, self.region)

    def covers(self, purpose: str, kind: str, now: datetime) -> bool:
        """Whether it is leave for this purpose and kind of document now. A purpose that has no kind beside it is its own."""
        return self.works_at(now) and _among(purpose, self.purposes) and _among(kind or purpose, self.kinds)

    def bounds(self, child: "SealGrant") -> bool:
        """Whether another grant gives nothing that this one does not."""
        ends = self.until is None or (child.until is not None and child.until <= self.until)
        purposes = all(_among(each, self.purposes) for each in child.purposes)
        kinds = all(_among(each, self.kinds) for each in child.kinds)
        return ends and purposes and kinds and _within(child.region, self.region)

    def limits(self) -> list[tuple[timedelta, int]]:
        """Each limit as (span of time, number of uses)."""
        spans = ((timedelta(hours=1), self.per_hour), (timedelta(days=1), self.per_day))
        return [(span, limit) for span, limit in spans if limit is not None]


def line(grant: SealGrant, grants: dict[str, SealGrant]) -> list[SealGrant]:
    """A grant and those above it, nearest first."""
    found = [grant]
    while (above := grants.get(found[-1].parent)) and above not in found:
        found.append(above)
    return found


def below(grant: SealGrant, grants: dict[str, SealGrant]) -> list[SealGrant]:
    """A grant and all that were handed on from it."""
    return [each for each in grants.values() if grant in line(each, grants)]


def _among(name: str, names: tuple[str, ...]) -> bool:
    """Whether names hold one, or all. What is sealed unseen must be named itself: all means all that we can read."""
    return name in names or (SealGrant.ANY in names and not name.startswith(SealGrant.UNSEEN))


def _within(place: str, region: str) -> bool:
    return not region or place == region or place.startswith(f"{region}/")


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
