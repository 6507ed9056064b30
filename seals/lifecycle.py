"""The life of a seal: apply, approve, make, file, activate; suspend, resume, cancel, replace, expire. Each step is in the ledger.

Whoever applies does not approve, and who did either does not make (e-seal measures of 2025). Making is in `seals.make`.
"""

import secrets
from dataclasses import replace as changed
from datetime import datetime
from typing import TYPE_CHECKING

from certs import revoke, schemes
from certs.model import AlreadyRevoked, Reason
from hub import ledger
from seals import grants, store
from seals.artwork import draw
from seals.make import make
from seals.model import (
    APPLY,
    Agency,
    BadStep,
    Design,
    Kind,
    Operation,
    Seal,
    SealGrant,
    SealUnknown,
    State,
)
from seals.step import SHORT_PATH, step

if TYPE_CHECKING:
    from hub.house import House

__all__ = ["activate", "apply", "approve", "cancel", "expire", "file", "make", "make_seal", "reject", "replace"]
__all__ += ["resume", "suspend"]


def apply(
    house: "House",
    agency: str,
    design: Design,
    *,
    kind: Kind = Kind.business,
    algorithm: str = schemes.P256.algorithm,
    by: str,
    now: datetime,
    reason: str = "",
    document: str = "",
) -> Seal:
    """Ask for a seal. Its picture is drawn at once, so that a missing character is found before anyone decides."""
    if reason.strip() == SHORT_PATH:  # else whoever applies with these words may approve and make it too
        raise BadStep("Give another reason: these words are how the installation marks its own seals")
    return _applied(house, agency, design, kind, algorithm, by=by, now=now, reason=reason, document=document)


def _applied(
    house: "House",
    agency: str,
    design: Design,
    kind: Kind,
    algorithm: str,
    *,
    by: str,
    now: datetime,
    reason: str,
    document: str = "",
) -> Seal:
    schemes.of(algorithm)
    artwork = draw(design)
    with house.database.write() as db:
        owner = store.agency(db, agency)
        seal = Seal(secrets.token_hex(6), owner.code, owner.place, kind, design, State.applied, by, now)
        seal = changed(seal, algorithm=algorithm)
        store.add(db, seal, artwork)
        store.add_step(db, seal.id, APPLY, by=by, at=now, reason=reason, document=document)
        facts = {"agency": agency, "kind": kind.value, "code13": design.code13, "algorithm": algorithm}
        ledger.wrote(db, "seal.applied", seal.id, by=by, at=now, place=seal.place, facts=facts)
    return seal


def approve(house: "House", seal_id: str, *, by: str, now: datetime, reason: str = "", document: str = "") -> Seal:
    """Agree to an application. Raises SamePerson for the applicant."""
    return step(house, seal_id, Operation.approve, by=by, now=now, reason=reason, document=document)


def reject(house: "House", seal_id: str, *, reason: str, by: str, now: datetime, document: str = "") -> Seal:
    """Turn an application down."""
    return step(house, seal_id, Operation.reject, by=by, now=now, reason=reason, document=document)


def file(
    house: "House", seal_id: str, *, number: str, by: str, now: datetime, reason: str = "", document: str = ""
) -> Seal:
    """Note under which number the authority that keeps seals on record has filed the seal. Raises BadStep without one."""
    if not 1 <= len(number.strip()) <= 80:
        raise BadStep("Give the number under which the seal is filed, with at most 80 characters")
    values = {"filing": number.strip()}
    return step(house, seal_id, Operation.file, values, by=by, now=now, reason=reason, document=document)


def activate(house: "House", seal_id: str, *, by: str, now: datetime, reason: str = "", document: str = "") -> Seal:
    """Hand a filed seal over for use."""
    return step(house, seal_id, Operation.activate, by=by, now=now, reason=reason, document=document)


def suspend(house: "House", seal_id: str, *, reason: str, by: str, now: datetime, document: str = "") -> Seal:
    """Stop every use for the time being. What it has sealed stays valid, and so does its certificate."""
    return step(house, seal_id, Operation.suspend, by=by, now=now, reason=reason, document=document)


def resume(house: "House", seal_id: str, *, reason: str, by: str, now: datetime, document: str = "") -> Seal:
    """Let a suspended seal be used again."""
    return step(house, seal_id, Operation.resume, by=by, now=now, reason=reason, document=document)


def cancel(
    house: "House",
    seal_id: str,
    *,
    cause: Reason,
    reason: str,
    by: str,
    now: datetime,
    invalid_from: datetime | None = None,
    document: str = "",
) -> Seal:
    """End a seal for ever and revoke its certificate. Documents time-stamped before that (or `invalid_from`) stay valid.

    A second call completes what a crash left undone.
    """
    with house.database.read() as db:
        seal = store.seal(db, seal_id)
    if seal.state is not State.cancelled:
        seal = step(house, seal_id, Operation.cancel, by=by, now=now, reason=reason, document=document)
    _revoke(house, seal, cause, by, now, invalid_from)
    return seal


def replace(house: "House", seal_id: str, successor_id: str, *, by: str, now: datetime, document: str = "") -> Seal:
    """Let another active seal of the same agency take over; the old one's certificate is revoked as superseded."""
    with house.database.read() as db:
        seal, successor = store.seal(db, seal_id), store.seal(db, successor_id)
    successor.in_force(now)
    if successor.agency != seal.agency or successor.id == seal.id:
        raise SealUnknown("The agency %(code)s has no other seal %(id)s", code=seal.agency, id=successor_id)
    if seal.state is not State.replaced:
        seal = step(house, seal_id, Operation.replace, by=by, now=now, reason=successor_id, document=document)
    _revoke(house, seal, Reason.superseded, by, now)
    return seal


def expire(house: "House", now: datetime) -> int:
    """End every seal whose certificate has ended, and tell how many. For the ticker."""
    with house.database.read() as db:
        ended = store.ended_by(db, now)
    for seal in ended:
        step(house, seal.id, Operation.expire, by="clock", now=now)
    return len(ended)


def make_seal(
    house: "House",
    agency: Agency,
    *,
    by: str,
    now: datetime,
    design: Design | None = None,
    code13: str = "",
    kind: Kind = Kind.business,
    purposes: tuple[str, ...] = (SealGrant.ANY,),
    algorithm: str = schemes.P256.algorithm,
) -> Seal:
    """From application to use in one call, and leave for the agency's own programs: for `yinxin init` and the demo.

    The one path on which applicant, approver and maker may be the same; ledger and register show it as such.
    """
    with house.database.write() as db:
        store.keep_agency(db, agency)
    wanted = design or Design(agency.name, code13)
    seal = _applied(house, agency.code, wanted, kind, algorithm, by=by, now=now, reason=SHORT_PATH)
    step(house, seal.id, Operation.approve, by=by, now=now, reason=SHORT_PATH)
    make(house, seal.id, by=by, now=now)
    file(house, seal.id, number=wanted.code13, by=by, now=now)
    seal = activate(house, seal.id, by=by, now=now)
    grants.grant(house, seal.id, agency.code, purposes=purposes, by=by, now=now)
    return seal


def _revoke(
    house: "House", seal: Seal, cause: Reason, by: str, now: datetime, invalid_from: datetime | None = None
) -> None:
    """Revoke the seal's certificate, if it has one that still stands."""
    if not seal.certificate:
        return
    try:
        revoke.revoke(house, seal.certificate, cause, by, now, invalid_from)
    except AlreadyRevoked:
        return
