"""Demo people: made by the real path, with passwords of their own, and only in a demo."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from hub import clock
from hub.house import House
from hub.problems import NotAllowed
from idp import demo
from idp.acting import mandates
from idp.login import sign_in
from idp.model.person import Level
from idp.store import people
from tests.idp.citizen import COMPANY


def test_each_can_sign_in_and_has_a_proved_name(house: House, register: FlaskClient) -> None:
    made = demo.demo_people(house, clock.now())
    assert len({one["password"] for one in made}) == len(made)
    for one in made:
        passed = sign_in.with_password(house, one["account"], one["password"], net="home", now=clock.now())
        assert passed.person.level is Level.present
        with house.database.read() as db:
            acts_for = [principal.id for _, principal in mandates.of(house, db, passed.person.id, clock.now())]
            assert people.profile(db, house.vault, passed.person.id).name in one["who"]
        assert acts_for == ([COMPANY[1]] if "company" in one["who"] else [])


def test_without_the_register_the_accounts_are_there(house: House, register: FlaskClient) -> None:
    register.post("/faults", data={"fault": "down"})
    for one in demo.demo_people(house, clock.now()):
        passed = sign_in.with_password(house, one["account"], one["password"], net="home", now=clock.now())
        assert passed.person.level is Level.stated


def test_a_second_call_shows_no_password_and_changes_none(house: House, register: FlaskClient) -> None:
    first = demo.demo_people(house, clock.now())
    second = demo.demo_people(house, clock.now())
    assert [one["password"] for one in second] == ["(as shown at the first start)"] * 2
    sign_in.with_password(house, first[0]["account"], first[0]["password"], net="home", now=clock.now())


def test_an_installation_in_earnest_has_none(house: House) -> None:
    earnest = replace(house, settings=house.settings.model_copy(update={"profile": "production"}))
    with pytest.raises(NotAllowed):
        demo.demo_people(earnest, clock.now())
