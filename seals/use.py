"""Using a seal: everything is checked and written down before anything is signed."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hub import asked as asked_question
from hub import ledger
from seals import store
from seals.model import (
    Asker,
    Level,
    LimitReached,
    NeedsCustodian,
    NoGrant,
    Seal,
    Sealed,
    SealGrant,
    SealUse,
    UseSpent,
    UseState,
    below,
    line,
)
from seals.store import editions

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.callers import Caller
    from hub.house import House


def reserve(
    house: "House",
    seal_id: str,
    *,
    purpose: str,
    record_digest: bytes,
    caller: "Caller",
    now: datetime,
    kind: str = "",
    asked: str = "",
    wanted: Level = Level.timed,
) -> SealUse:
    """Reserve one use of a seal for one record: the seal is in force, the caller has a grant, its limits hold.

    `kind` is that of the document where the purpose does not say it; `asked` the confirmation of a custodian; `wanted` the
    level that the file shall have.

    Asking again for the same record, purpose, client and officer gives the same use, so that work can go on after a crash;
    once it has sealed, UseSpent. Raises SealNotInForce, NoGrant, LimitReached; of a sensitive seal NeedsCustodian, NotConfirmed.
    """
    with house.database.write() as db:
        seal = store.seal(db, seal_id)
        seal.in_force(now)
        grants = store.grants(db, seal_id, locked=True)
        before = store.use_of(db, seal_id, record_digest)
        if before is not None:
            return _same(before, purpose, caller)
        if seal.sensitive:
            _confirmed(db, seal, asked, record_digest, now)
        use = SealUse(
            id=secrets.token_hex(12),
            seal=seal.id,
            grant=_allowed(db, seal, grants, purpose, kind, caller, now).id,
            purpose=purpose,
            record_digest=record_digest,
            client=caller.client or "",
            by=caller.label,
            at=now,
            certificate=seal.certificate,
            wanted=wanted.value,
            kind=kind,
            person=caller.person or "",
            asked=asked,
        )
        store.add_use(db, use)
        facts = {"use": use.id, "purpose": purpose, "record": record_digest.hex(), "certificate": seal.certificate}
        ledger.wrote(db, "seal.used", seal.id, by=use.by, at=now, place=seal.place, facts=facts)
    return use


def finish(db: "Connection", sealed: Sealed, now: datetime) -> SealUse:
    """Note what a use sealed, in the commit that keeps the document. Raises UseSpent if the use has ended already.

    What the document lacks of the level that was wanted is owed to it from now on (`seals.lift`).
    """
    use = store.use(db, sealed.use)
    ended = replace(use, state=UseState.sealed, sealed_digest=sealed.digest, level=sealed.level.value, ended_at=now)
    store.end_use(db, ended)
    if not sealed.level.reaches(Level(use.wanted)):
        editions.owe(db, use.id, sealed.digest, now)
    if sealed.missing:
        facts = {"use": use.id, "level": ended.level, "missing": list(sealed.missing)}
        place = store.seal(db, use.seal).place
        ledger.wrote(db, "seal.level-lowered", use.seal, by=use.by, at=now, place=place, facts=facts)
    return ended


def void(db: "Connection", use_id: str, *, reason: str, by: str, now: datetime) -> SealUse:
    """End a reserved use whose document will never be kept. Raises UseSpent if it has ended already."""
    use = replace(store.use(db, use_id), state=UseState.void, reason=reason, ended_at=now)
    store.end_use(db, use)
    place = store.seal(db, use.seal).place
    ledger.wrote(db, "seal.use-voided", use.seal, by=by, at=now, place=place, facts={"use": use.id, "reason": reason})
    return use


def void_reserved(
    db: "Connection", agency: str, record_digest: bytes, *, reason: str, by: str, now: datetime
) -> list[SealUse]:
    """End every use that is still reserved of an agency's seals for a record that will not be sealed with them."""
    found = [store.use_of(db, seal.id, record_digest) for seal in store.seals(db, agency=agency)]
    reserved = [use for use in found if use is not None and use.state is UseState.reserved]
    return [void(db, use.id, reason=reason, by=by, now=now) for use in reserved]


def confirmation(seal_id: str) -> str:
    """Under which purpose a custodian is asked (`hub.asked`) to confirm a use of this seal; the digest is the record's."""
    return f"seal:{seal_id}"


def _confirmed(db: "Connection", seal: Seal, asked_id: str, record_digest: bytes, now: datetime) -> None:
    """Take the custodian's confirmation of this one use. Raises NeedsCustodian, NotConfirmed."""
    if not asked_id:
        raise NeedsCustodian("Each use of the seal %(seal)s is confirmed by a custodian", seal=seal.id)
    taken = asked_question.take(db, asked_id, purpose=confirmation(seal.id), digest=record_digest, now=now)
    if taken.person not in store.custodians(db, seal.id):
        raise NeedsCustodian("Whoever confirmed is no custodian of the seal %(seal)s", seal=seal.id)


def _same(before: SealUse, purpose: str, caller: "Caller") -> SealUse:
    same = (before.purpose, before.client, before.person) == (purpose, caller.client or "", caller.person or "")
    if before.state is not UseState.reserved or not same:
        raise UseSpent("This record has been sealed or reserved by the use %(id)s", id=before.id)
    return before


def _allowed(
    db: "Connection", seal: Seal, grants: list[SealGrant], purpose: str, kind: str, caller: "Caller", now: datetime
) -> SealGrant:
    """The first grant that covers this use and still has room. Raises NoGrant, LimitReached."""
    known = {grant.id: grant for grant in grants}
    asker = asker_of(caller)
    covering = [
        grant
        for grant in grants
        if grant.names(asker) and all(above.covers(purpose, kind, now) for above in line(grant, known))
    ]
    if not covering:
        raise NoGrant("No grant of the seal %(seal)s covers %(purpose)s", seal=seal.id, purpose=purpose)
    for grant in covering:
        if all(left > 0 for _, left in room(db, grant, known, now)):
            return grant
    raise LimitReached("The seal %(seal)s may be used again later", seal=seal.id)


def room(db: "Connection", grant: SealGrant, known: dict[str, SealGrant], now: datetime) -> list[tuple[timedelta, int]]:
    """How many uses are left in each span for which this grant, or one above it, has a limit."""
    found = []
    for above in line(grant, known):
        counted = [each.id for each in below(above, known)] if above.limits() else []
        found += [(span, limit - store.count_uses(db, counted, now - span)) for span, limit in above.limits()]
    return found


def asker_of(caller: "Caller") -> Asker:
    """Who a caller is to the grants."""
    return Asker(caller.client or "", caller.agency or "", caller.person or "", caller.place)
