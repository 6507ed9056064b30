"""Two persons: one asks, another one decides. What is carried out is what was asked, in the commit of the decision."""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from admin.model.approval import Approval, NotOpen, NotProved, OtherText, OwnRequest, State
from admin.store import approvals as store
from hub import ledger
from hub.callers import Caller
from hub.house import House
from hub.problems import BadRequest
from idp.model.person import Level
from idp.store import people

Carry = Callable[[House, Connection, Approval, Caller, datetime], None]
CARRIES: dict[str, Carry] = {}  # by kind; each verb that takes two names its second half, once per process


def carries(kind: str, carry: Carry) -> None:
    """Name what is done, inside the transaction of the decision, when a request of this kind is approved.

    It must not sign or call out; work of that sort is left as a job or a delivery.
    """
    CARRIES[kind] = carry


def ask(
    db: Connection, kind: str, subject: str, body: dict[str, Any], *, place: str, reason: str, by: Caller, now: datetime
) -> Approval:
    """Ask for a second person, in the transaction of what leads there."""
    if not by.person:
        raise OwnRequest("Only a person can ask: a second one has to decide")
    _is_somebody(db, by.person)
    if not 1 <= len(reason.strip()) <= 500:
        raise BadRequest("Give a reason of 1 to 500 characters")
    made = Approval(secrets.token_hex(8), kind, subject, place, body, reason.strip(), by.person, now)
    store.add(db, made)
    facts = {"approval": made.id, "kind": kind, "digest": made.digest}
    ledger.wrote(db, "approval.asked", subject, by=by.label, at=now, place=place, facts=facts)
    return made


def decide(house: House, id: str, *, approve: bool, digest: str, words: str, by: Caller, now: datetime) -> Approval:
    """Approve or refuse what somebody else asked; an approval carries it out in the same commit.

    `digest` is that of the request as it was shown. Raises NoApproval, OwnRequest, NotOpen, OtherText; BadRequest without words
    for a refusal.
    """
    if not approve and not words.strip():
        raise BadRequest("Give a reason of 1 to 500 characters")
    with house.database.write() as db:
        found = store.approval(db, id, by.place)
        if by.person in (None, found.asked_by):
            raise OwnRequest("The request %(id)s", id=id)
        if not found.open_at(now):
            raise NotOpen("The request %(id)s", id=id)
        if found.digest != digest:
            raise OtherText("The request %(id)s", id=id)
        for one in (by.person or "", found.asked_by):
            _is_somebody(db, one)
        state = State.approved if approve else State.refused
        if not store.end(db, id, state, by=by.person or "", words=words.strip()[:500], at=now):
            raise NotOpen("The request %(id)s", id=id)
        facts = {"approval": id, "kind": found.kind, "digest": digest}
        ledger.wrote(db, f"approval.{state}", found.subject, by=by.label, at=now, place=found.place, facts=facts)
        if approve:
            CARRIES[found.kind](house, db, found, by, now)
        return store.approval(db, id)


def withdraw(house: House, id: str, *, by: Caller, now: datetime) -> None:
    """Take one's own request back. Raises NoApproval, NotOpen."""
    with house.database.write() as db:
        found = store.approval(db, id, by.place)
        if by.person != found.asked_by or not store.end(db, id, State.withdrawn, by=by.person, words="", at=now):
            raise NotOpen("The request %(id)s", id=id)
        facts = {"approval": id, "kind": found.kind}
        ledger.wrote(db, "approval.withdrawn", found.subject, by=by.label, at=now, place=found.place, facts=facts)


def call_off(db: Connection, person: str, *, by: Caller, now: datetime) -> None:
    """Take back what somebody has asked who is not to ask any more; whoever needs it still asks himself."""
    for one in store.asked_by(db, person):
        store.end(db, one.id, State.withdrawn, by=by.person or "", words="", at=now)
        facts = {"approval": one.id, "kind": one.kind}
        ledger.wrote(db, "approval.withdrawn", one.subject, by=by.label, at=now, place=one.place, facts=facts)


def expire(house: House, now: datetime) -> int:
    """End what has waited too long; say how many."""
    with house.database.write() as db:
        old = [one for one in store.all_approvals(db, state=State.open, limit=1000) if not one.open_at(now)]
        for one in old:
            store.end(db, one.id, State.expired, by="", words="", at=now)
            facts = {"approval": one.id, "kind": one.kind}
            ledger.wrote(db, "approval.expired", one.subject, by="ticker", at=now, place=one.place, facts=facts)
    return len(old)


def _is_somebody(db: Connection, person: str) -> None:
    """An account of which a register has said whose it is. A number belongs to one account, so two accounts are two people.

    Raises NotProved.
    """
    found = people.person(db, person)
    if found is None or not found.usable or found.holder_key is None or found.level < Level.present:
        raise NotProved("The account has no real name proved at level 3")
