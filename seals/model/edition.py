"""Editions of a sealed document: what is added to it for later, and the work that this is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from seals.model.paper import Layout, Level

RENEW_BEFORE = timedelta(days=90)  # an archive stamp is renewed so long before its unit's certificate ends
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)  # between two tries


@dataclass(frozen=True)
class Edition:
    """One file with evidence in revisions after the sealed one. `sealed` names the document: the digest of that revision."""

    sealed: bytes
    number: int  # from 1; the sealed file itself has none
    digest: str  # of the whole file
    level: Level
    at: datetime
    until: datetime  # the end of the certificate of the time-stamp unit whose stamp is the last one in it
    layout: Layout = Layout.archive

    def renewed_at(self) -> datetime | None:
        """When a new stamp is due; never without a stamp."""
        if self.level is not Level.archive:
            return None
        return self.until - min(RENEW_BEFORE, (self.until - self.at) / 2)


@dataclass(frozen=True)
class Lift:
    """A document whose level is lower than wanted, or whose last stamp will age: what is owed to it, and how it went so far.

    `named` are files that were about to be kept: a crash after that leaves a file which is taken up, not a stranger's.
    """

    use: str
    sealed: bytes
    due: datetime | None  # nothing: for ever as it is
    tries: int = 0  # in vain, since the last success
    why: str = ""  # the last one was in vain
    named: tuple[str, ...] = ()

    def next_try(self, now: datetime) -> datetime:
        """When to try again after a failure: soon at first, then less and less often."""
        return now + min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(self.tries, 10)))
