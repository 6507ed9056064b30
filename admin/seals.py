"""Who confirms the uses of a seal: one officer asks, another one decides, and then each use needs a custodian's key."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from admin import approvals
from admin.model.approval import Approval
from admin.store import operators
from hub import ledger
from hub.callers import Caller
from hub.house import House
from hub.problems import BadRequest
from seals import store
from seals.model import Seal, SealStepRefused
from seals.model.seal import SENTENCES

CUSTODY = "seal-custody"


def ask_custody(
    db: Connection, seal_id: str, *, sensitive: bool, people: list[str], reason: str, by: Caller, now: datetime
) -> Approval:
    """Ask a second person that a seal becomes sensitive, or is so no more, and who its custodians are."""
    seal = _standing(db, seal_id, by.place)
    known = {one.person: one.label for one in operators.all_operators(db, by.place) if one.person}
    if sensitive and not people:
        raise BadRequest("A sensitive seal has at least one custodian")
    if not set(people) <= set(known):
        raise BadRequest("A custodian is an operator of this place")
    agency = store.agency(db, seal.agency)
    body: dict[str, Any] = {
        "name": f"{agency.name} {seal.design.line}".strip(),
        "name_en": f"{agency.name_en} {seal.design.line}".strip(),
        "sensitive": sensitive,
        "custodians": [known[person] for person in people],
        "people": people,
    }
    return approvals.ask(db, CUSTODY, seal_id, body, place=seal.place, reason=reason, by=by, now=now)


def carry(_: House, db: Connection, found: Approval, by: Caller, now: datetime) -> None:
    """Set what was asked, in the commit of the decision."""
    seal = _standing(db, found.subject, found.place)
    people = list(found.body["people"])
    if not store.keep_sensitive(db, seal.id, sensitive=bool(found.body["sensitive"])):
        raise SealStepRefused("Someone else changed the seal %(id)s just now", id=seal.id)
    store.keep_custodians(db, seal.id, people, by=by.label, now=now)
    facts = {"sensitive": bool(found.body["sensitive"]), "custodians": people, "approval": found.id}
    ledger.wrote(db, "seal.custody", seal.id, by=by.label, at=now, place=seal.place, facts=facts)


def _standing(db: Connection, seal_id: str, scope: str) -> Seal:
    seal = store.seal(db, seal_id, scope)
    if seal.state.ended:
        raise SealStepRefused(SENTENCES[seal.state], id=seal.id)
    return seal


approvals.carries(CUSTODY, carry)
