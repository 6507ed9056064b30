"""What is wrong with the trust service is told once, and when it is right again, forgotten."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from certs import alarms, authority, chores, status, store
from certs.alarms import CLOCK, ENDS, QUARANTINED, STALE, UNCHECKED, UNSIGNED, Trouble
from certs.model import ISSUING, ListStale, NoAuthority, Reason, profile
from certs.revoke import revoke
from hub import health, inbox, metrics
from hub.house import House
from tests.certs.conftest import MARKET, in_office
from tests.certs.test_authority import public


def letters(house: House) -> list[dict[str, object]]:
    with house.database.read() as db:
        return [letter.body for letter in inbox.read(db, alarms.LETTER)]


def test_a_healthy_house_has_nothing_to_tell(house: House, now: datetime) -> None:
    chores.keep_fresh(house, now)
    assert alarms.look(house, now) == []
    assert letters(house) == []


def test_it_is_told_once_and_again_when_it_gets_worse_or_comes_back(house: House, now: datetime) -> None:
    status.crl(house, ISSUING, now)
    for hours, told in ((1, 0), (19, 1), (20, 1), (25, 2), (30, 2)):
        alarms.look(house, now + timedelta(hours=hours))
        assert len(letters(house)) == told, hours
    assert [letter["bad"] for letter in letters(house)] == [False, True]
    status.crl(house, ISSUING, now + timedelta(hours=31))
    assert alarms.look(house, now + timedelta(hours=31)) == []
    with house.database.read() as db:
        assert store.alarms(db) == {}
    alarms.look(house, now + timedelta(hours=31 + 25))
    assert len(letters(house)) == 3


def test_operators_can_watch_the_number_of_alarms(house: House, now: datetime) -> None:
    status.crl(house, ISSUING, now)
    alarms.look(house, now + timedelta(hours=25))
    assert b"yinxin_trust_alarms 1.0" in metrics.text(house, now)


def test_two_that_look_at_once_tell_it_once(house_on: House, now: datetime) -> None:
    status.crl(house_on, ISSUING, now)
    late = now + timedelta(hours=25)
    with house_on.database.write() as db:
        assert store.begin_alarm(db, Trouble(STALE, ISSUING, bad=True).key, late)
    alarms.look(house_on, late)
    assert letters(house_on) == []


def test_health_says_that_a_list_is_out_of_date(house: House, now: datetime) -> None:
    status.crl(house, ISSUING, now)
    assert health.CHECKS["lists of revoked certificates"] is alarms.fresh_lists
    alarms.fresh_lists(house, now + timedelta(hours=23))
    with pytest.raises(ListStale):
        alarms.fresh_lists(house, now + timedelta(hours=24))
    chores.keep_fresh(house, now + timedelta(hours=24))
    alarms.fresh_lists(house, now + timedelta(hours=24))


@pytest.mark.parametrize(
    ("post", "before_end", "bad"),
    [("trust-list", 20, False), ("trust-list", 2, True), ("ocsp-signer", 20, False), (ISSUING, 170, False)],
)
def test_whoever_ends_soon_without_a_successor_is_named(
    house: House, now: datetime, post: str, before_end: int, *, bad: bool
) -> None:
    one = in_office(house, post)
    found = alarms.troubles(house, one.not_after - timedelta(days=before_end))
    assert Trouble(ENDS, f"{post} {one.serial}", bad) in found


def test_a_unit_whose_key_ends_before_its_certificate_is_named(house: House, now: datetime) -> None:
    unit = in_office(house, "time-stamp")
    end = unit.not_before + timedelta(days=profile("time-stamp").signing_days or 0)
    assert Trouble(ENDS, f"time-stamp {unit.serial}", bad=False) in alarms.troubles(house, end - timedelta(days=20))


def test_a_successor_ends_the_alarm(house: House, now: datetime) -> None:
    old = in_office(house, "ocsp-signer")
    late = old.not_after - timedelta(days=20)
    chores.keep_fresh(house, late)
    assert in_office(house, "ocsp-signer").serial != old.serial
    assert [one for one in alarms.troubles(house, late) if one.what == ENDS] == []


def test_a_revoked_signer_without_a_successor_is_bad(house: House, now: datetime) -> None:
    unit = in_office(house, "time-stamp")
    revoke(house, unit.serial, Reason.key_compromise, "test", now)
    assert alarms.troubles(house, now) == [Trouble(ENDS, f"time-stamp {unit.serial}", bad=True)]


def test_an_intent_that_nobody_signs_is_named(house: House, now: datetime) -> None:
    draft = authority.prepare(house, "e-seal", MARKET, public(house), now)
    assert alarms.troubles(house, now + timedelta(minutes=9)) == []
    assert alarms.troubles(house, now + timedelta(minutes=11)) == [Trouble(UNSIGNED, draft.serial, bad=False)]
    authority.issue(house, draft, now)
    assert alarms.troubles(house, now + timedelta(minutes=11)) == []


def test_a_key_in_quarantine_is_named(house: House, now: datetime) -> None:
    house.keys.quarantine.put("tsa", "file")
    assert alarms.troubles(house, now) == [Trouble(QUARANTINED, "tsa", bad=True)]


def test_production_without_a_time_source_is_told_so_and_a_demo_is_not(house: House, now: datetime) -> None:
    real = replace(house, settings=house.settings.model_copy(update={"profile": "production"}))
    assert [each.what for each in alarms.troubles(real, now)] == [UNCHECKED]
    assert alarms.troubles(house, now) == []


def test_a_clock_that_nobody_confirms_is_bad(house: House, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.timesource.WAIT", 0.01)
    lost = replace(house, settings=house.settings.model_copy(update={"time_sources": "127.0.0.1:9"}))
    assert [(each.what, each.bad) for each in alarms.troubles(lost, now)] == [(CLOCK, True)]


# -- the outcome of a fault: the signer of lists has ended


def test_the_end_of_an_authority_is_told_and_the_others_go_on(house: House, now: datetime) -> None:
    """Stated outcome: the last list without end stays; nothing new is signed; OCSP says `try later`; the root's list lives."""
    above = in_office(house, ISSUING)
    status.list_of(house, above, above.not_after - timedelta(minutes=30))
    late = above.not_after + timedelta(days=1)
    chores.keep_fresh(house, late)
    found = alarms.troubles(house, late)
    assert [one for one in found if one.what == STALE] == []
    assert Trouble(ENDS, f"{ISSUING} {above.serial}", bad=True) in found
    with pytest.raises(NoAuthority):
        chores.posted(house, late)
