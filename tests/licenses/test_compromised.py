"""Licenses of a seal whose key was lost go out of force, also those that were under way; a settled letter is read no more."""

from dataclasses import replace
from datetime import datetime, timedelta

from hub import inbox
from hub.house import House
from licenses import change, compromised, store
from licenses.model import License, Status
from seals import compromise, use
from seals.compromise import LETTER
from tests.verification.desk import CALLER, Desk, open_desk


def lost(desk: Desk) -> None:
    compromise.compromise(
        desk.house, desk.seal.id, since=desk.now - timedelta(minutes=1), reason="Stolen", by="operator", now=desk.now
    )


def status(desk: Desk, license: License) -> Status:
    with desk.house.database.read() as db:
        return store.license(db, license.identifier).status


def open_letters(desk: Desk) -> int:
    with desk.house.database.read() as db:
        return len(inbox.read(db, LETTER))


def test_only_what_was_sealed_since_then_is_suspended(house_on: House, now: datetime) -> None:
    desk = open_desk(house_on, now)
    before = desk.issue("before")
    desk.now += timedelta(hours=1)
    after, ended = desk.issue("after"), desk.issue("ended")
    change.revoke(desk.house, ended.identifier, reason="x", legal_basis="y", decision="z", caller=CALLER, now=desk.now)
    lost(desk)
    assert compromised.suspend_fallen(desk.house, desk.now) == 1
    assert [status(desk, one) for one in (before, after, ended)] == [Status.valid, Status.suspended, Status.revoked]
    assert (compromised.suspend_fallen(desk.house, desk.now), open_letters(desk)) == (0, 0)
    assert {one.number for one in compromised.fallen(desk.house, desk.seal.id, desk.now)} == {
        after.number,
        ended.number,
    }
    with desk.house.database.read() as db:
        (why,) = store.history(db, after.identifier)
    assert (why.reason, why.decision) == ("Stolen", f"seal {desk.seal.id}")


def test_a_letter_waits_for_what_was_under_way(house: House, now: datetime) -> None:
    desk = open_desk(house, now)
    under_way = use.reserve(
        house, desk.seal.id, purpose="business-license", record_digest=b"x", caller=CALLER, now=desk.now
    )
    lost(desk)
    compromised.suspend_fallen(house, desk.now)
    assert open_letters(desk) == 1
    with house.database.write() as db:
        use.void(db, under_way.id, reason="seal stopped", by="test", now=desk.now)
    compromised.suspend_fallen(house, desk.now)
    assert open_letters(desk) == 0


def test_a_letter_does_not_wait_for_ever(house: House, now: datetime) -> None:
    desk = open_desk(house, now)
    use.reserve(house, desk.seal.id, purpose="business-license", record_digest=b"x", caller=CALLER, now=desk.now)
    lost(desk)
    later = replace(desk, now=desk.now + timedelta(days=2))
    compromised.suspend_fallen(house, later.now)
    assert open_letters(desk) == 0
