"""The public status: samples of each part, honest about what was not measured."""

from datetime import date, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from admin import status
from admin.model.status import DAYS, NEEDS, Day, History, Part, last_days, works
from admin.store import status as store
from admin.workdays import day_of
from hub import health
from hub.house import House
from hub.problems import Unavailable

TODAY = date(2026, 11, 22)


def parts(house: House, now: datetime) -> dict[Part, History]:
    return {one.part: one for one in status.history(house, now)}


def fine(house: House, now: datetime) -> None:
    """A need that is met."""


def broken(house: House, now: datetime) -> None:
    raise Unavailable("out of order")


@pytest.mark.parametrize("part", list(Part))
def test_a_part_works_while_all_it_rests_on_does(part: Part) -> None:
    good = {name: "ok" for names in NEEDS.values() for name in names}
    assert works(part, good)
    for need in NEEDS[part]:
        assert not works(part, good | {need: "failed"})


def test_a_minute_is_one_sample_and_a_turn_is_noted_once(
    house_on: House, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "CHECKS", health.CHECKS.copy())
    monkeypatch.setitem(health.CHECKS, "periodic work", fine)
    status.sample(house_on, now)
    monkeypatch.setitem(health.CHECKS, "keys", broken)
    for minute in (1, 2):
        status.sample(house_on, now + timedelta(minutes=minute))
    found = parts(house_on, now + timedelta(minutes=2))
    assert not found[Part.sign_in].good_now
    assert not found[Part.licenses].good_now
    assert found[Part.portal].good_now
    assert (found[Part.sign_in].percent, found[Part.sign_in].measured) == (33.33, 3)
    assert found[Part.portal].percent == 100.0
    monkeypatch.delitem(health.CHECKS, "keys")
    status.sample(house_on, now + timedelta(minutes=3))
    with house_on.database.read() as db:
        turns = [(one.part, one.good) for one in store.turns(db)]
    assert turns == [(Part.licenses, True), (Part.sign_in, True), (Part.licenses, False), (Part.sign_in, False)]


def test_what_was_not_measured_is_neither_good_nor_bad(house: House, now: datetime) -> None:
    assert all(one.percent is None and one.measured == 0 for one in status.history(house, now))
    status.sample(house, now - timedelta(days=2))
    portal = parts(house, now)[Part.portal]
    assert [day.state for day in portal.days[-3:]] == ["good", "none", "none"]
    assert (portal.percent, portal.measured) == (100.0, 1)


def test_ninety_days_are_kept_and_no_more(house: House, now: datetime) -> None:
    for back in (DAYS, DAYS - 1, 0):
        status.sample(house, now - timedelta(days=back))
    with house.database.read() as db:
        kept = store.days(db, day_of(now) - timedelta(days=400))[Part.portal]
    assert sorted(kept) == [day_of(now) - timedelta(days=DAYS - 1), day_of(now)]
    assert len(last_days(TODAY)) == DAYS


def test_a_hundred_percent_means_every_sample() -> None:
    nearly = History(Part.portal, True, (Day(TODAY, good=129_599, bad=1),))
    assert nearly.percent == 99.99


def test_the_page_says_what_is_down_and_still_opens(
    client: FlaskClient, house: House, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    monkeypatch.setattr(health, "CHECKS", health.CHECKS.copy())
    monkeypatch.setitem(health.CHECKS, "periodic work", fine)
    status.sample(house, now)
    english = {"Accept-Language": "en"}
    text = client.get("/status", headers=english).text
    assert "All parts work" in text
    assert "No disturbance was recorded in 90 days" in text
    monkeypatch.setitem(health.CHECKS, "keys", broken)
    text = client.get("/status", headers=english).text
    assert "Something does not work at the moment" in text
    assert "out of order" not in text
    monkeypatch.setitem(health.CHECKS, "database", broken)
    text = client.get("/status", headers=english).text
    assert "The record cannot be read at the moment." in text
    assert "No disturbance" not in text


@pytest.mark.parametrize("page", ["/", "/services", "/departments", "/kinds", "/status"])
def test_an_installation_without_services_has_its_empty_pages(client: FlaskClient, page: str) -> None:
    assert client.get(page).status_code == 200
