"""Mandates at the counter: an elderly visitor without a telephone lets a relative act; a parent comes for a child."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

import app as front
from admin import counter
from admin.model.visit import Arrival, Document
from deploy.demo.register.site import create_app as create_register
from hub import clock, ledger
from hub.house import House
from idp.acting import mandates, offers, wards
from idp.model.mandate import PERSON, NoMandate
from idp.model.realname import NeedsGuardian
from idp.store import people
from tests.admin.test_counter import FORM, OFFICER, arrive
from tests.admin.test_desk import signed_in
from tests.hub.test_web import token_in
from tests.idp.citizen import JIA, OUYANG
from tests.idp.households import CHILD, YAN, grown

ARRIVAL = Arrival(*JIA, Document.citizen, "wants help")


@pytest.fixture
def at(house: House, tmp_path: Path) -> House:
    made = create_register(tmp_path / "register", house.settings.register_url, slow_seconds=0)
    house.fetch.serve_here(house.settings.register_url, made)
    return house


@pytest.fixture
def site(at: House) -> Flask:
    made = front.create_app(at.settings, house=at)
    made.testing = True
    return made


@pytest.fixture
def officer(site: Flask, at: House, now: datetime) -> FlaskClient:
    return signed_in(site, at, "console", OFFICER, now)


def test_a_visitor_without_an_account_lets_a_relative_act(at: House, now: datetime) -> None:
    visit = counter.open_visit(at, ARRIVAL, by=OFFICER, now=now)
    relative = grown(at, OUYANG)
    offer = offers.make(at, visit.person, offers.Wanted(*OUYANG), now=now, visit=visit.id, by=OFFICER.label)
    with at.database.read() as db:
        told = ledger.events(db, kind="mandate.offered")[0]
    assert (told.by, told.facts["visit"]) == (OFFICER.label, visit.id)
    offers.accept(at, relative, offer.id, now=now)
    with at.database.read() as db:
        ((_, whom),) = mandates.of(at, db, relative, now)
    assert (whom.id, whom.name) == (f"{PERSON}{visit.person}", JIA[0])


def test_a_parent_comes_for_his_child(at: House, now: datetime) -> None:
    parent = grown(at, JIA)
    mandate = wards.add_child(at, parent, *CHILD, now=now)
    visit = counter.open_visit(at, replace(ARRIVAL, company=CHILD[1]), by=OFFICER, now=now)
    assert (visit.person, visit.acting_for) == (parent, mandate.principal)
    assert counter.visitor(visit).holder_keys == (at.vault.blind("holder", f"111:{CHILD[1]}"),)


@pytest.mark.parametrize("number", [CHILD[1], YAN[1]])
def test_nobody_comes_for_somebody_without_a_mandate(at: House, now: datetime, number: str) -> None:
    grown(at, YAN)
    with pytest.raises(NoMandate):
        counter.open_visit(at, replace(ARRIVAL, company=number), by=OFFICER, now=now)


def test_a_child_is_not_a_visitor_of_its_own(at: House, now: datetime) -> None:
    with pytest.raises(NeedsGuardian):
        counter.open_visit(at, Arrival(*CHILD, Document.citizen, "wants help"), by=OFFICER, now=now)


def test_the_end_of_the_mandate_ends_the_visit(at: House, now: datetime) -> None:
    mandate = wards.add_child(at, grown(at, JIA), *CHILD, now=now)
    visit = counter.open_visit(at, replace(ARRIVAL, company=CHILD[1]), by=OFFICER, now=now)
    with at.database.write() as db:
        mandates.end(db, mandate, "test", now)
    with pytest.raises(NoMandate):
        counter.visit_of(at, visit.id, by=OFFICER, now=now)


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_the_pages_of_it(officer: FlaskClient, at: House, language: str) -> None:
    here = arrive(officer, **FORM).location
    page = officer.get(f"{here}/mandates?lang={language}")
    assert page.status_code == 200
    form = {"csrf": token_in(page.text), "name": OUYANG[0], "number": OUYANG[1], "scope": "all"}
    assert officer.post(f"{here}/mandates", data=form).location == f"{here}/mandates?done=offered"
    wrong = officer.post(f"{here}/mandates", data=form | {"number": "1"})
    assert wrong.status_code == 422
    assert 'href="#number"' in wrong.text
    child = {"csrf": token_in(page.text), "child_name": CHILD[0], "child_number": CHILD[1]}
    assert officer.post(f"{here}/mandates/child", data=child).location == f"{here}/mandates?done=added"
    relative = grown(at, OUYANG)
    with at.database.read() as db:
        ((offer, _),) = offers.to(at, db, relative, clock.now())
    mandate = offers.accept(at, relative, offer.id, now=clock.now())
    assert OUYANG[0] in officer.get(f"{here}/mandates").text
    ended = officer.post(f"{here}/mandates/{mandate.id}/end", data={"csrf": token_in(page.text)})
    assert ended.location == f"{here}/mandates?done=ended"
    with at.database.read() as db:
        assert mandates.of(at, db, relative, clock.now()) == []
        assert people.person(db, relative) is not None
    assert officer.post(f"{here}/mandates/nonsense/end", data={"csrf": token_in(page.text)}).status_code == 422
