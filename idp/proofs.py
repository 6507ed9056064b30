"""Evidence of who somebody is: kept once, its digest in the ledger, so that a changed row is found.

What is kept says by what means, by whom, from what source, under which transaction of a register, when and how surely. Never a
picture, never a raw answer: its digest at most.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from hub import ledger
from hub.house import House
from idp.model.realname import Evidence
from idp.registers import Answer
from idp.store import proofs as store

KEPT = "evidence.kept"


@dataclass(frozen=True)
class Fault:
    """A row that does not agree with the ledger. `what`: changed, unnoted (the ledger knows nothing of it), gone."""

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
    with house.database.read() as db:
        rows = {(one.register, one.transaction): one for one in store.all_evidence(db)}
        events = [one for one in ledger.events(db, kind=KEPT, limit=1_000_000_000) if one.kind == KEPT]
    noted = {(one.facts["register"], one.facts["transaction"]): one for one in events}
    faults = []
    for key, row in rows.items():
        if key not in noted:
            faults.append(Fault("unnoted", *key, row.person))
        elif noted[key].facts["digest"] != row.digest:
            faults.append(Fault("changed", *key, row.person))
    gone = (
        Fault("gone", *key, event.subject.removeprefix("person:")) for key, event in noted.items() if key not in rows
    )
    return faults + list(gone)
