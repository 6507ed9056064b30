"""The key of a seal is in other hands: what to do, in one act, and in the order in which each step harms least.

First nobody can use the seal any more; then the certificate is revoked with the moment from which the key was out of control, so
that every verifier refuses what was sealed from then on; then the seal ends. What was sealed and time-stamped before that moment
stays valid. A second call completes what a crash left undone.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from certs import authority
from certs import store as certificates
from certs.model import ISSUING, AlreadyRevoked, Reason
from certs.revoke import revoke
from hub import inbox, ledger
from hub.problems import BadRequest, Problem
from seals import store
from seals.lifecycle import cancel, suspend
from seals.model import Seal, SealUse, State

if TYPE_CHECKING:
    from hub.house import House

LETTER = "seal.compromised"  # to the rooms above: what they made with the seal from then on falls
ENDS = (State.active, State.suspended, State.cancelled)


class BadMoment(BadRequest):
    """The moment from which a key was out of control lies in the past, and within the seal's life."""

    title = "The key cannot have been in other hands from this moment on"
    advice = "Give a moment that has passed, in UTC, such as 2026-11-23T08:00:00Z."


class NotCompromised(Problem):
    """A seal that never was in use, or whose certificate was revoked for another reason, has no such end."""

    status = 409
    title = "This seal cannot be ended for a lost key"
    advice = "Only a seal in use or suspended can. If its certificate was revoked before, ask the trust service."


@dataclass(frozen=True)
class Compromise:
    """What a lost key leaves behind: the seal, since when, and every use from then on; what they sealed is to be made anew."""

    seal: Seal
    since: datetime
    fallen: tuple[SealUse, ...]


def compromise(house: "House", seal_id: str, *, since: datetime, reason: str, by: str, now: datetime) -> Compromise:
    """End a seal whose key is in other hands since a moment. Raises SealUnknown, BadMoment, NotCompromised."""
    seal = _fit(house, seal_id, since, now)
    if seal.state is State.active:
        suspend(house, seal_id, reason=reason, by=by, now=now)
    with suppress(AlreadyRevoked):  # by a first call that did not come to its end: `_fit` has compared it
        revoke(house, seal.certificate, Reason.key_compromise, by, now, since)
    ended = cancel(house, seal_id, cause=Reason.key_compromise, reason=reason, by=by, now=now, invalid_from=since)
    with house.database.write() as db:
        fallen = tuple(store.uses_since(db, seal_id, since))
        inbox.put(db, LETTER, {"seal": seal_id, "since": since.isoformat(), "reason": reason}, now)
        facts = {"since": since.isoformat(), "reason": reason, "uses": len(fallen)}
        ledger.wrote(db, LETTER, seal_id, by=by, at=now, place=ended.place, facts=facts)
    return Compromise(ended, since, fallen)


def rehearse(house: "House", seal_id: str, *, since: datetime, now: datetime) -> Compromise:
    """What would fall, and whether all is at hand that it takes. Nothing is changed. Raises as `compromise`, NoAuthority."""
    seal = _fit(house, seal_id, since, now)
    authority.in_office(house, ISSUING, now)  # who signs the list that tells it
    with house.database.read() as db:
        return Compromise(seal, since, tuple(store.uses_since(db, seal_id, since)))


def _fit(house: "House", seal_id: str, since: datetime, now: datetime) -> Seal:
    with house.database.read() as db:
        seal = store.seal(db, seal_id)
        if seal.state not in ENDS or not seal.certificate:
            raise NotCompromised("The seal %(id)s is %(state)s", id=seal_id, state=seal.state.value)
        ended = certificates.certificate(db, seal.certificate).revocation
    if since > now:
        raise BadMoment("%(at)s lies in the future", at=since.isoformat())
    if ended is not None and (ended.reason, ended.invalid_from) != (Reason.key_compromise, since):
        raise NotCompromised("Its certificate was revoked at %(at)s already", at=ended.at.isoformat())
    return seal
