"""Two questions that owners and users of seals ask: who could sign this, and what can I seal?"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hub.tree import ROOT
from seals import store
from seals.model import Asker, Seal, SealGrant, SealNotInForce, line
from seals.use import room

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True)
class Leave:
    """A grant as it works now: for which seal, and how many uses are left in each span that has a limit."""

    seal: Seal
    grant: SealGrant
    left: tuple[tuple[timedelta, int], ...]

    @property
    def spent(self) -> bool:
        """Whether it must wait for its limit."""
        return any(number < 1 for _, number in self.left)


def could_sign(
    db: "Connection", seal_id: str, purpose: str, kind: str, now: datetime, scope: str = ROOT
) -> list[Leave]:
    """Every grant by which somebody could seal such a document with this seal now; none if the seal is not in force."""
    seal = store.seal(db, seal_id, scope)
    known = {each.id: each for each in store.grants(db, seal_id)}
    found = [grant for grant in known.values() if all(above.covers(purpose, kind, now) for above in line(grant, known))]
    return [_leave(db, seal, grant, known, now) for grant in found] if _in_force(seal, now) else []


def can_seal(db: "Connection", asker: Asker, now: datetime, scope: str = ROOT) -> list[Leave]:
    """Every grant that names this asker and works now, of seals in force, by seal."""
    found = []
    for mine in store.grants_to(db, scope, asker.names, asker.person):
        seal = store.seal(db, mine.seal)
        known = {each.id: each for each in store.grants(db, mine.seal)}
        works = mine.names(asker) and all(above.works_at(now) for above in line(mine, known))
        if works and _in_force(seal, now):
            found.append(_leave(db, seal, mine, known, now))
    return found


def _leave(db: "Connection", seal: Seal, grant: SealGrant, known: dict[str, SealGrant], now: datetime) -> Leave:
    """With the fewest uses that are left in each span, be it by its own limit or by one above it."""
    left: dict[timedelta, int] = {}
    for span, number in room(db, grant, known, now):
        left[span] = max(0, min(number, left.get(span, number)))
    return Leave(seal, grant, tuple(sorted(left.items())))


def _in_force(seal: Seal, now: datetime) -> bool:
    try:
        seal.in_force(now)
    except SealNotInForce:
        return False
    return True
