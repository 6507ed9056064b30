"""Evidence of who somebody is: kept once, its digest in the ledger, so that a changed row is found.

What is kept says by what means, by whom, from what source, under which transaction of a register, when and how surely. Never a
picture, never a raw answer: its digest at most.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from hub import ledger
from hub.house import House
from hub.ledger import Event
from idp.model.realname import Evidence
from idp.registers import Answer
from idp.store import proofs as store

KEPT = "evidence.kept"
PROVED = "person.proved"
EARLIER = "earlier"


@dataclass(frozen=True)
class Fault:
    """A row that does not agree with the ledger. `what`: changed, unnoted (the ledger knows nothing of it), gone.

    No fault, but named: `earlier`, from before the ledger held digests of rows.
    """

    what: str
    register: str
    transaction: str
    person: str


def of(answer: Answer, person: str, method: str, level: int, now: datetime, *, kind: str, agent: str = "") -> Evidence:
    """The evidence that an answer of a register is."""
    return Evidence(
        person=person,
        method=method,
        level=int(level),
        register=answer.register,
        transaction=answer.transaction,
        score_band=answer.text("score_band"),
        answer_digest=answer.digest,
        at=now,
        source=answer.source.value,
        kind=kind,
        agent=agent or f"person:{person}",
    )


def keep(db: Connection, evidence: Evidence) -> None:
    """Keep evidence, and note its digest, in the caller's transaction. Raises WrongStep for an answer that was used before."""
    store.keep_evidence(db, evidence)
    facts = {"register": evidence.register, "transaction": evidence.transaction, "digest": evidence.digest}
    ledger.wrote(
        db,
        KEPT,
        f"person:{evidence.person}",
        by=evidence.agent or f"person:{evidence.person}",
        at=evidence.at,
        facts=facts,
    )


def check(house: House) -> list[Fault]:
    """Compare every row with the ledger, both ways. Whether the ledger itself stands is for `yinxin ledger verify`."""
    return [one for one in compared(house) if one.what != EARLIER]


def compared(house: House) -> list[Fault]:
    """Like `check`, with the rows from before digests were noted: of those the ledger tells person, means, level and answer."""
    with house.database.read() as db:
        rows = {(one.register, one.transaction): one for one in store.all_evidence(db)}
        noted, proved = _lines(db, KEPT), _lines(db, PROVED)
    first = min((one.at for one in noted.values()), default=None)
    faults = []
    for key, row in rows.items():
        if key in noted:
            what = "" if noted[key].facts["digest"] == row.digest else "changed"
        elif key in proved:
            what = EARLIER if _told(proved[key], row) else "changed"
        else:  # of a claimed company no line named the answer; such a row gives nobody a level
            what = EARLIER if row.about and (first is None or row.at < first) else "unnoted"
        faults += [Fault(what, *key, row.person)] if what else []
    gone = (
        Fault("gone", *key, event.subject.removeprefix("person:")) for key, event in noted.items() if key not in rows
    )
    return faults + list(gone)


def _lines(db: Connection, kind: str) -> dict[tuple[str, str], Event]:
    """The lines of a kind by the answer of a register that they name."""
    found = [one for one in ledger.events(db, kind=kind, limit=1_000_000_000) if "transaction" in one.facts]
    return {(one.facts["register"], one.facts["transaction"]): one for one in found if one.kind == kind}


def _told(event: Event, row: Evidence) -> bool:
    told = (event.subject, event.facts["method"], event.facts["level"], event.facts["answer"])
    return told == (f"person:{row.person}", row.method, row.level, row.answer_digest)
