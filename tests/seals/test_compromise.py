"""A lost key: in the order in which each step harms least, once or again after a crash, and never for a moment that cannot be."""

from datetime import timedelta

import pytest

from certs import revoke
from certs import store as certificates
from certs.model import Reason
from hub import inbox
from seals import compromise, lifecycle, store, use
from seals.compromise import LETTER, BadMoment, NotCompromised
from seals.model import SealNotInForce, SealUnknown, State
from tests.seals.conftest import CALLER, Office

HOUR = timedelta(hours=1)


def lost(office: Office, **changes: object) -> compromise.Compromise:
    given = {"since": office.now - HOUR, "reason": "Stolen", "by": "operator", "now": office.now} | changes
    return compromise.compromise(office.house, office.seal.id, **given)  # type: ignore[arg-type]


def used(office: Office, record: bytes, after: timedelta) -> str:
    return use.reserve(
        office.house, office.seal.id, purpose="test", record_digest=record, caller=CALLER, now=office.now + after
    ).id


def test_a_lost_key_ends_the_seal_and_its_certificate(office_on: Office) -> None:
    found = lost(office_on)
    with office_on.house.database.read() as db:
        end = certificates.certificate(db, office_on.seal.certificate).revocation
        (letter,) = inbox.read(db, LETTER)
    assert found.seal.state is State.cancelled
    assert end
    assert (end.reason, end.invalid_from) == (Reason.key_compromise, office_on.now - HOUR)
    assert letter.body == {"seal": office_on.seal.id, "since": (office_on.now - HOUR).isoformat(), "reason": "Stolen"}
    with pytest.raises(SealNotInForce):
        used(office_on, b"more", timedelta())


def test_it_names_every_use_since_then_and_none_before(office: Office) -> None:
    used(office, b"before", HOUR)
    late = used(office, b"after", 3 * HOUR)
    given_up = used(office, b"void", 3 * HOUR)
    with office.house.database.write() as db:
        use.void(db, given_up, reason="test", by="test", now=office.now + 3 * HOUR)
    since, now = office.now + 2 * HOUR, office.now + 4 * HOUR
    drill = compromise.rehearse(office.house, office.seal.id, since=since, now=now)
    with office.house.database.read() as db:
        assert store.seal(db, office.seal.id).state is State.active
        assert not inbox.read(db, LETTER)
    assert [one.id for one in drill.fallen] == [late]
    assert [one.id for one in lost(office, since=since, now=now).fallen] == [late]


@pytest.mark.parametrize("done", ["suspended", "revoked", "cancelled", "all"])
def test_a_second_call_completes_the_first(office: Office, done: str) -> None:
    house, seal = office.house, office.seal
    since = office.now - HOUR
    lifecycle.suspend(house, seal.id, reason="Stolen", by="operator", now=office.now)
    if done != "suspended":
        revoke.revoke(house, seal.certificate, Reason.key_compromise, "operator", office.now, since)
    if done == "cancelled":
        lifecycle.cancel(
            house,
            seal.id,
            cause=Reason.key_compromise,
            reason="Stolen",
            by="operator",
            now=office.now,
            invalid_from=since,
        )
    if done == "all":
        lost(office)
    assert lost(office).seal.state is State.cancelled


def test_a_moment_that_has_not_come_is_refused(office: Office) -> None:
    with pytest.raises(BadMoment):
        lost(office, since=office.now + HOUR)


def test_another_moment_after_the_first_is_refused(office: Office) -> None:
    lost(office)
    with pytest.raises(NotCompromised):
        lost(office, since=office.now - 2 * HOUR)


def test_a_certificate_that_was_revoked_for_another_reason_stays_so(office: Office) -> None:
    lifecycle.cancel(office.house, office.seal.id, cause=Reason.superseded, reason="x", by="operator", now=office.now)
    with pytest.raises(NotCompromised):
        lost(office)


def test_a_seal_that_was_never_made_or_is_not_there_is_refused(office: Office) -> None:
    with pytest.raises(SealUnknown):
        compromise.compromise(office.house, "none", since=office.now, reason="x", by="operator", now=office.now)
