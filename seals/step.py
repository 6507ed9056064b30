"""One step of a seal's life: by the table, by the right person, in the register and in the ledger, in one commit."""

from collections.abc import Mapping
from dataclasses import replace as changed
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hub import ledger
from seals import store
from seals.model import Operation, Seal, SealStepRefused, has_reason, keep_apart

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.house import House

SHORT_PATH = "short path"  # the reason by which `make_seal` is told from the long way


def step(
    house: "House",
    seal_id: str,
    operation: Operation,
    values: Mapping[str, Any] | None = None,
    *,
    by: str,
    now: datetime,
    reason: str = "",
    document: str = "",
) -> Seal:
    """Take one step. Raises SealStepRefused, SamePerson, BadStep."""
    with house.database.write() as db:
        return taken(db, seal_id, operation, values, by=by, now=now, reason=reason, document=document)


def taken(
    db: "Connection",
    seal_id: str,
    operation: Operation,
    values: Mapping[str, Any] | None = None,
    *,
    by: str,
    now: datetime,
    reason: str = "",
    document: str = "",
) -> Seal:
    """The same within a transaction of which it is a part."""
    has_reason(operation, reason)
    before = store.seal(db, seal_id)
    seal = changed(before.after(operation), reason=reason, **(values or {}))
    if not is_short(db, seal_id):
        keep_apart(operation, by, store.steps(db, seal_id))
    if not store.change(db, seal, before.state):
        raise SealStepRefused("Someone else changed the seal %(id)s just now", id=seal_id)
    if operation is Operation.cancel:
        store.end_order(db, seal_id)  # nothing is made of it any more
    store.add_step(db, seal_id, operation.value, by=by, at=now, reason=reason, document=document)
    more = {"document": document, "certificate": seal.certificate, "filing": seal.filing}
    facts = {"state": seal.state.value, "reason": reason} | {name: value for name, value in more.items() if value}
    ledger.wrote(db, f"seal.{operation.value}", seal.id, by=by, at=now, place=seal.place, facts=facts)
    return seal


def is_short(db: "Connection", seal_id: str) -> bool:
    """Whether the installation itself makes this seal, as the first line of its life says."""
    return any(each.number == 1 and each.reason == SHORT_PATH for each in store.steps(db, seal_id))
