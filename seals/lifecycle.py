"""The life of a seal: apply, approve, make, file, activate; suspend, resume, cancel, replace, expire. Each step is in the ledger.

Whoever applies does not approve (e-seal measures of 2025). Making is where the key and the certificate come from.
"""

import secrets
from collections.abc import Mapping
from dataclasses import replace as changed
from datetime import datetime
from typing import TYPE_CHECKING, Any

from certs import authority, revoke
from certs import store as certificates
from certs.model import AlreadyRevoked, Certificate, LegalPerson, Reason
from hub import ledger
from seals import grants, store
from seals.artwork import draw
from seals.model import (
    Agency,
    Design,
    Kind,
    Operation,
    SamePerson,
    Seal,
    SealGrant,
    SealStepRefused,
    SealUnknown,
    State,
)

if TYPE_CHECKING:
    from hub.house import House


def apply(house: "House", agency: str, design: Design, *, kind: Kind = Kind.business, by: str, now: datetime) -> Seal:
    """Ask for a seal. Its picture is drawn at once, so that a missing character is found before anyone decides."""
    artwork = draw(design)
    with house.database.write() as db:
        owner = store.agency(db, agency)
        seal = Seal(secrets.token_hex(6), owner.code, owner.place, kind, design, State.applied, by, now)
        store.add(db, seal, artwork)
        facts = {"agency": agency, "kind": kind.value, "code13": design.code13}
        ledger.wrote(db, "seal.applied", seal.id, by=by, at=now, place=seal.place, facts=facts)
    return seal


def approve(house: "House", seal_id: str, *, by: str, now: datetime) -> Seal:
    """Agree to an application. Raises SamePerson for the applicant."""
    with house.database.read() as db:
        if store.seal(db, seal_id).applied_by == by:
            raise SamePerson("%(by)s applied for this seal", by=by)
    return _step(house, seal_id, Operation.approve, by=by, now=now)


def reject(house: "House", seal_id: str, *, reason: str, by: str, now: datetime) -> Seal:
    """Turn an application down."""
    return _step(house, seal_id, Operation.reject, by=by, now=now, reason=reason)


def make(house: "House", seal_id: str, *, by: str, now: datetime) -> Seal:
    """Give an approved seal its key and certificate. After a crash in between, a second call takes what is there."""
    with house.database.read() as db:
        seal = store.seal(db, seal_id)
        seal.after(Operation.make)
        owner = store.agency(db, seal.agency)
    certificate = _certificate(house, seal, owner, by, now)
    made = {"key_name": certificate.key, "certificate": certificate.serial, "valid_until": certificate.not_after}
    return _step(house, seal_id, Operation.make, made, by=by, now=now)


def file(house: "House", seal_id: str, *, by: str, now: datetime) -> Seal:
    """Note that the seal has been filed with the authority that keeps seals on record."""
    return _step(house, seal_id, Operation.file, by=by, now=now)


def activate(house: "House", seal_id: str, *, by: str, now: datetime) -> Seal:
    """Hand a filed seal over for use."""
    return _step(house, seal_id, Operation.activate, by=by, now=now)


def suspend(house: "House", seal_id: str, *, reason: str, by: str, now: datetime) -> Seal:
    """Stop every use for the time being. What it has sealed stays valid, and so does its certificate."""
    return _step(house, seal_id, Operation.suspend, by=by, now=now, reason=reason)


def resume(house: "House", seal_id: str, *, reason: str, by: str, now: datetime) -> Seal:
    """Let a suspended seal be used again."""
    return _step(house, seal_id, Operation.resume, by=by, now=now, reason=reason)


def cancel(
    house: "House",
    seal_id: str,
    *,
    cause: Reason,
    reason: str,
    by: str,
    now: datetime,
    invalid_from: datetime | None = None,
) -> Seal:
    """End a seal for ever and revoke its certificate. Documents time-stamped before that (or `invalid_from`) stay valid.

    A second call completes what a crash left undone.
    """
    with house.database.read() as db:
        seal = store.seal(db, seal_id)
    if seal.state is not State.cancelled:
        seal = _step(house, seal_id, Operation.cancel, by=by, now=now, reason=reason)
    _revoke(house, seal, cause, by, now, invalid_from)
    return seal


def replace(house: "House", seal_id: str, successor_id: str, *, by: str, now: datetime) -> Seal:
    """Let another active seal of the same agency take over; the old one's certificate is revoked as superseded."""
    with house.database.read() as db:
        seal, successor = store.seal(db, seal_id), store.seal(db, successor_id)
    successor.in_force(now)
    if successor.agency != seal.agency or successor.id == seal.id:
        raise SealUnknown("The agency %(code)s has no other seal %(id)s", code=seal.agency, id=successor_id)
    if seal.state is not State.replaced:
        seal = _step(house, seal_id, Operation.replace, by=by, now=now, reason=successor_id)
    _revoke(house, seal, Reason.superseded, by, now)
    return seal


def expire(house: "House", now: datetime) -> int:
    """End every seal whose certificate has ended, and tell how many. For the ticker."""
    with house.database.read() as db:
        ended = store.ended_by(db, now)
    for seal in ended:
        _step(house, seal.id, Operation.expire, by="clock", now=now)
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
) -> Seal:
    """From application to use in one call, and leave for the agency's own programs: for `yinxin init` and the demo.

    The one path on which applicant and approver may be the same; the ledger shows it as such.
    """
    with house.database.write() as db:
        store.keep_agency(db, agency)
    seal = apply(house, agency.code, design or Design(agency.name, code13), kind=kind, by=by, now=now)
    _step(house, seal.id, Operation.approve, by=by, now=now, reason="short path")
    make(house, seal.id, by=by, now=now)
    file(house, seal.id, by=by, now=now)
    seal = activate(house, seal.id, by=by, now=now)
    grants.grant(house, seal.id, agency.code, purposes=purposes, by=by, now=now)
    return seal


def _step(
    house: "House",
    seal_id: str,
    operation: Operation,
    values: Mapping[str, Any] | None = None,
    *,
    by: str,
    now: datetime,
    reason: str = "",
) -> Seal:
    """One step of the table, with its line in the ledger, in one commit."""
    with house.database.write() as db:
        before = store.seal(db, seal_id)
        seal = changed(before.after(operation), reason=reason, **(values or {}))
        if not store.change(db, seal, before.state):
            raise SealStepRefused("Someone else changed the seal %(id)s just now", id=seal_id)
        facts = {"state": seal.state.value, "reason": reason}
        if seal.certificate:
            facts["certificate"] = seal.certificate
        ledger.wrote(db, f"seal.{operation.value}", seal.id, by=by, at=now, place=seal.place, facts=facts)
    return seal


def _certificate(house: "House", seal: Seal, owner: Agency, by: str, now: datetime) -> Certificate:
    """The certificate for the seal's own key; the one that a crash left without a seal, if there is one."""
    key = f"seal-{seal.id}"
    house.keys.create(key, purpose="seal")
    with house.database.read() as db:
        left = [found for found in certificates.certificates(db, profile="e-seal", code=owner.code) if found.key == key]
    if left and left[0].valid_at(now):
        return left[0]
    subject = LegalPerson(owner.code, owner.name)
    public = house.keys.public(key)
    return authority.certify(house, "e-seal", subject, public, now, key=key, by=by)  # type: ignore[arg-type]  # P-256


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
