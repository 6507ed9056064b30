"""Sealing an uploaded document, once. After a crash the same path is walked again, with the same use of the seal.

The order of steps is the promise: the seal's use is reserved before anything is signed; the row names the file before the file is
there; the end of the use, the state and the ledger line are one commit.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from hub import asked as questions
from hub import ledger
from hub.blobs import BlobDamaged, BlobMissing
from hub.callers import Caller
from hub.house import House
from hub.problems import Problem
from seals import cage, material, sealing, store, use
from seals.model import Level, Sealed, UseSpent, UseState
from seals.model.document import Document, DocumentBusy, State
from seals.store import documents as rows

log = structlog.get_logger("seals")
LEASE = timedelta(seconds=60)  # a seal takes 0.2 s; whoever is silent for a minute is dead or stalled


def seal(house: House, id: str, *, caller: Caller, now: datetime) -> Document:
    """Seal a document, once; asked again, it is the same sealed document. Raises what reserving a use refuses, DocumentBusy."""
    with house.database.write() as db:
        taken = rows.begin_sealing(db, id, now, LEASE)
        known = rows.document(db, id)
    if taken is None:
        if known.state is State.sealed:
            return known
        raise DocumentBusy("The document %(id)s", id=id, extras={"retry_after": 2})
    try:
        sealed = _kept(house, taken, now) or _made(house, taken, caller, now)
        return _released(house, taken, sealed, caller, now)
    except Problem as problem:
        _back(house, taken, problem, caller, now)
        raise


def resume(house: House, now: datetime, limit: int = 100) -> list[str]:
    """Finish what crashed or stalled processes left, and seal what a custodian has confirmed; gives the ids that ended."""
    with house.database.read() as db:
        stalled = rows.stalled_documents(db, now, LEASE, limit)
        waiting = [one.id for one in rows.waiting_documents(db, limit) if _answered(db, one, now)]
    ended = []
    for id in (*stalled, *waiting):
        try:
            with house.database.read() as db:
                document = rows.document(db, id)
            if seal(house, id, caller=_caller(document), now=now).state is State.sealed:
                ended.append(id)
        except Exception as error:  # noqa: BLE001  one that cannot be finished must not hold up the others
            log.warning("document.resume-failed", document=id, problem=type(error).__name__)
    return ended


# -- the steps


def _made(house: House, document: Document, caller: Caller, now: datetime) -> Sealed:
    """Reserve, lay out, sign, keep the file. No transaction is open while reading and signing."""
    pdf = house.blobs.get(document.original)
    with house.database.read() as db:
        what = store.seal(db, document.seal)
        confirmed = _answered(db, document, now)
    tool, evidence = material.for_seal(house, what, now)
    reserved = use.reserve(
        house,
        what.id,
        purpose=f"document:{document.kind}",
        kind=document.kind,
        record_digest=document.record,
        caller=caller,
        asked=confirmed,
        now=now,
    )
    sealed = sealing.seal_once(cage.CAGE.prepare(pdf, tool, reserved, document.spot, evidence))
    named = _named(document, sealed)
    with house.database.write() as db:  # the row names the file before the file is there: no file without row
        if not rows.name_sealed(db, named):
            raise DocumentBusy("The document %(id)s", id=document.id, extras={"retry_after": 2})
    house.blobs.put(sealed.pdf)
    return sealed


def _kept(house: House, document: Document, now: datetime) -> Sealed | None:
    """The sealed file that a crashed process had kept already: the same bytes come out."""
    if not document.sealed:
        return None
    try:
        pdf = house.blobs.get(document.sealed)
    except (BlobMissing, BlobDamaged):  # the crash came before the file was whole on disk
        return None
    level, digest = Level(document.level), bytes.fromhex(document.sealed)
    return Sealed(document.use, pdf, digest, level, document.missing, now)


def _released(house: House, document: Document, sealed: Sealed, caller: Caller, now: datetime) -> Document:
    done = replace(_named(document, sealed), state=State.sealed, ended=now, reason="")
    with house.database.write() as db:
        # The point of no return: after this commit the sealed document exists. A crash before it leaves the reserved use and
        # its file, which nobody was given; `resume` takes both from there.
        if not rows.end_sealing(db, done):
            raise DocumentBusy("The document %(id)s", id=document.id, extras={"retry_after": 2})
        use.finish(db, sealed, now)
        facts = {
            "seal": done.seal,
            "kind": done.kind,
            "use": done.use,
            "original": done.original,
            "sealed": done.sealed,
        }
        ledger.wrote(db, "document.sealed", done.id, by=caller.label, at=now, place=done.place, facts=facts)
    log.info("document.sealed", document=done.id, level=done.level)
    return done


def _back(house: House, document: Document, problem: Problem, caller: Caller, now: datetime) -> None:
    """What could not be sealed waits for another attempt; what was reserved of the seal for it is given back.

    A fault of ours or of a service leaves it as it is, and `resume` goes on with it.
    """
    if isinstance(problem, DocumentBusy | UseSpent):
        return
    with house.database.write() as db:
        reserved = store.use_of(db, document.seal, document.record)
        if problem.status >= 500 and reserved is not None:
            return
        waits = State.asked if document.asked and not _answered(db, document, now) else State.uploaded
        again = replace(document, state=waits, reason=problem.code, sealed="", use="")
        if rows.end_sealing(db, again) and reserved is not None and reserved.state is UseState.reserved:
            use.void(db, reserved.id, reason=problem.code, by=caller.label, now=now)


def _named(document: Document, sealed: Sealed) -> Document:
    about = {"use": sealed.use, "sealed": sealed.digest.hex(), "level": sealed.level.value, "missing": sealed.missing}
    return replace(document, **about)  # type: ignore[arg-type]


def _answered(db: Connection, document: Document, now: datetime) -> str:
    """The first question about this document that its custodian has answered, or nothing."""
    for id in document.asked:
        one = questions.one(db, id)
        if one and one.answered and not one.taken and one.digest == document.record and now < one.until:
            return id
    return ""


def _caller(document: Document) -> Caller:
    asker = document.asker
    return Caller(
        client=document.client or None,
        person=document.person or None,
        agency=asker.get("agency") or None,
        place=asker.get("place", document.place),
    )
