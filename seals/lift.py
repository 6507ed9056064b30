"""Giving sealed documents what they lack: revocation data and an archive time-stamp, in a further edition.

When a document was sealed, evidence may have been out of reach; then its level is lower, and here it is lifted. The sealed
revision stays as it is, so the document keeps its identity, and its holder's file stays good. An archive stamp is renewed before
the certificate of its unit ends.
"""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from hub import ledger
from hub.blobs import BlobDamaged, BlobMissing
from seals import material, sealing_archive, store
from seals.material import Fresh
from seals.model import Level, SealUse
from seals.model.edition import Edition, Lift
from seals.store import editions

if TYPE_CHECKING:
    from hub.house import House

log = structlog.get_logger("seals")
LEASE = timedelta(minutes=2)  # a lift takes milliseconds; whoever is silent for so long is dead
AGAIN = timedelta(days=1)  # to the next look, when no unit has a certificate that lasts longer


class _NotYet(Exception):
    """The evidence cannot be had now; nothing else can be lifted either."""


class _Overtaken(Exception):
    """Somebody else took this piece of work, because it lay still for too long."""


def lift(house: "House", now: datetime, limit: int = 200) -> int:
    """Lift what is due, at most `limit`, and tell how many documents got a new edition. For the ticker.

    Missing evidence ends the round: what is due stays due, and less and less often is tried again.
    """
    with house.database.read() as db:
        due = editions.due(db, now, limit)
    done = 0
    for each in due:
        mine = _claimed(house, each, now)
        if mine is None:
            continue
        try:
            done += _lifted(house, mine, now)
        except _NotYet as missing:
            _later(house, mine, str(missing), now)
            break
        except Exception as error:  # noqa: BLE001  one document must not stop the others
            _later(house, mine, type(error).__name__, now)
    return done


def _claimed(house: "House", due: Lift, now: datetime) -> Lift | None:
    """Take one piece of work, so that nobody else does it meanwhile."""
    mine = replace(due, due=now + LEASE)
    with house.database.write() as db:
        return mine if editions.change(db, due, mine) else None


def _lifted(house: "House", mine: Lift, now: datetime) -> bool:
    with house.database.read() as db:
        use = store.use(db, mine.use)
        before = editions.editions(db, mine.sealed)
    fresh = material.fresh(house, use.certificate, now)
    if fresh.missing:
        raise _NotYet(", ".join(fresh.missing))
    last = before[-1] if before else None
    if last is not None and last.level is Level.archive and fresh.until <= last.until:
        log.warning("seal.no-newer-unit", use=use.id, until=last.until.isoformat())
        return _postponed(house, mine, now + AGAIN)
    whole = _without_stamp(use) and last is None
    edition = Edition(mine.sealed, len(before) + 1, "", Level.long_term if whole else Level.archive, now, fresh.until)
    mine, digest = _kept(house, mine, before) or _made(house, mine, last, fresh, edition.level, now)
    return _entered(house, mine, replace(edition, digest=digest), use, now)


def _without_stamp(use: SealUse) -> bool:
    """Whether revocation data alone are wanted: a time-stamp on the seal there is."""
    return use.wanted == Level.long_term and use.level != Level.bare


def _kept(house: "House", mine: Lift, before: list[Edition]) -> tuple[Lift, str] | None:
    """A file that was kept before a crash, and not entered."""
    entered = [mine.named.index(edition.digest) for edition in before if edition.digest in mine.named]
    for digest in mine.named[max(entered, default=-1) + 1 :]:
        try:
            house.blobs.get(digest)
        except (BlobMissing, BlobDamaged):  # the crash came before the file was whole on disk
            continue
        return mine, digest
    return None


def _made(
    house: "House", mine: Lift, last: Edition | None, fresh: Fresh, level: Level, now: datetime
) -> tuple[Lift, str]:
    """A new file: named, then kept, so that no file is nobody's."""
    pdf = house.blobs.get(last.digest if last else mine.sealed.hex())
    made = sealing_archive.with_evidence(pdf, fresh.evidence)
    if level is Level.archive:
        made = sealing_archive.with_archive_stamp(made, partial(_stamp, fresh))
    digest = hashlib.sha256(made).hexdigest()
    named = replace(mine, named=(*mine.named, digest), due=now + LEASE)
    with house.database.write() as db:
        if not editions.change(db, mine, named):
            raise _Overtaken(mine.use)
    house.blobs.put(made)
    return named, digest


def _stamp(fresh: Fresh, imprint: bytes) -> bytes:
    try:
        return fresh.stamp(imprint)
    except Exception as error:
        raise _NotYet("time-stamp") from error


def _entered(house: "House", mine: Lift, edition: Edition, use: SealUse, now: datetime) -> bool:
    """From here the edition exists: its row, what is owed next, and a line in the ledger, in one commit."""
    facts = {"use": use.id, "sealed": edition.sealed.hex(), "edition": edition.digest, "level": edition.level.value}
    with house.database.write() as db:
        if not editions.change(db, mine, replace(mine, due=edition.renewed_at(), tries=0, why="")):
            raise _Overtaken(mine.use)
        editions.keep(db, edition)
        place = store.seal(db, use.seal).place
        ledger.wrote(db, "seal.edition", use.seal, by="clock", at=now, place=place, facts=facts)
    return True


def _postponed(house: "House", mine: Lift, due: datetime) -> bool:
    with house.database.write() as db:
        editions.change(db, mine, replace(mine, due=due))
    return False


def _later(house: "House", mine: Lift, why: str, now: datetime) -> None:
    log.warning("seal.not-lifted", use=mine.use, why=why, tries=mine.tries + 1)
    with house.database.write() as db:  # the names that were given meanwhile stay
        current = editions.lift_of(db, mine.use)
        if current.due == mine.due:
            tried = replace(current, due=mine.next_try(now), tries=mine.tries + 1, why=why)
            editions.change(db, current, tried)
