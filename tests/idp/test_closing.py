"""Closing an account: nothing happens in haste, nothing personal is left, and nobody is left alone unawares."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from hub import clock, ledger, notices
from hub.house import House
from hub.vault import wrapped_keys
from idp.account import closing
from idp.consent import consent_text, consents
from idp.model.closing import WAIT, CannotClose
from idp.model.mandate import Mandate, Role
from idp.model.person import Person, Profile, State
from idp.model.receipt import Said
from idp.provider import clients
from idp.store import factors, leaving, people, receipts
from idp.store import mandates as mandate_store
from idp.store.people import person_table
from tests.idp.citizen import JIA, OUYANG, Citizen
from tests.idp.rp import department

LATER = WAIT.total_seconds() + 60


@pytest.fixture
def jia(citizen: Citizen) -> Citizen:
    return citizen.is_proved()


def state(house: House, person: str) -> State:
    with house.database.read() as db:
        found = people.person(db, person)
    assert found
    return found.state


def closes(citizen: Citizen, **fields: str) -> Any:
    return citizen.post("/account/close", sure="yes", **fields)


def test_closing_waits_thirty_days_and_can_be_taken_back(jia: Citizen) -> None:
    person = jia.person
    assert closes(jia).location == "/account/close?done=asked"
    assert jia.signed_in
    assert "This account closes on" in jia.get("/account").text
    with clock.shifted(29 * 86_400):
        assert closing.finish_due(jia.house, clock.now()) == 0
    assert jia.post("/account/close/cancel", form_at="/account/close").location == "/account/close?done=kept"
    with clock.shifted(LATER):
        assert closing.finish_due(jia.house, clock.now()) == 0
    assert state(jia.house, person) is State.active


def test_afterwards_nothing_personal_is_left_and_nobody_signs_in(jia: Citizen) -> None:
    person = jia.person
    closes(jia)
    with clock.shifted(LATER):
        assert closing.finish_due(jia.house, clock.now()) == 1
        assert closing.finish_due(jia.house, clock.now()) == 0
        assert not jia.signed_in
        assert jia.signs_in().status_code == 401
    with jia.house.database.read() as db:
        assert factors.of_person(db, person) == []
        row = db.execute(sa.select(person_table).where(person_table.c.id == person)).one()
        assert (row.state, row.holder_key, row.pseudonym_key, row.profile) == ("closed", None, None, b"")
        assert not db.execute(sa.select(wrapped_keys).where(wrapped_keys.c.owner == person)).all()
        assert people.profile(db, jia.house.vault, person) == Profile("")
        assert notices.of_person(db, person) == []
        kinds = {event.kind for event in ledger.events(db, subject=f"person:{person}")}
    assert {"person.closing", "person.closed"} <= kinds


def test_the_same_person_may_come_again(jia: Citizen) -> None:
    closes(jia)
    assert closing.finish_due(jia.house, clock.now() + WAIT + timedelta(minutes=1)) == 1
    again = Citizen(jia.house, jia.app, jia.register, account=jia.account)
    again.registers()
    assert again.proves(JIA).status_code == 303


def test_services_are_told_and_agreements_end(jia: Citizen) -> None:
    with jia.house.database.write() as db:
        clients.keep(db, department(), by="test", now=clock.now())
        consents.grant(db, jia.person, department(), ["openid"], now=clock.now())
    person = jia.person
    closes(jia)
    with clock.shifted(LATER):
        closing.finish_due(jia.house, clock.now())
    with jia.house.database.read() as db:
        assert consents.all_of(db, person) == []


def test_both_sides_have_a_signed_record_of_the_end_of_an_agreement(jia: Citizen) -> None:
    person, client = jia.person, department()
    with jia.house.database.write() as db:
        clients.keep(db, client, by="test", now=clock.now())
    text = consent_text.text(client, ["openid"], "", "en")
    given = consents.agree(jia.house, person, client, ["openid"], text, now=clock.now())
    closes(jia)
    with clock.shifted(LATER):
        closing.finish_due(jia.house, clock.now())
    with jia.house.database.read() as db:
        last, first = receipts.of_person(db, person, client.id)
        facts = ledger.events(db, kind="consent.withdrawn")[0].facts
    assert (first, last.said, facts["receipt"]) == (given, Said.withdrawn, last.id)


def test_with_a_death_agreements_end_with_their_record(jia: Citizen) -> None:
    person, client = jia.person, department()
    with jia.house.database.write() as db:
        clients.keep(db, client, by="test", now=clock.now())
        consents.grant(db, person, client, ["openid"], now=clock.now())
    assert consents.end_of_the_dead(jia.house, clock.now()) == 0
    with jia.house.database.write() as db:
        people.set_state(db, person, State.deceased, why="record", at=clock.now(), over=State.active)
    assert [consents.end_of_the_dead(jia.house, clock.now()) for _ in range(2)] == [1, 0]
    with jia.house.database.read() as db:
        assert consents.all_of(db, person) == []
        assert [one.said for one in receipts.of_person(db, person, client.id)] == [Said.withdrawn]
        assert not [one for one in notices.of_person(db, person) if one.title == consents.WITHDRAWN]


def test_it_asks_for_a_factor_and_a_clear_yes(jia: Citizen) -> None:
    unsure = jia.post("/account/close")
    assert unsure.status_code == 422
    page = jia.get("/account/close")
    with clock.shifted(16 * 60):
        assert jia.get("/account/close").location.startswith("/login?again=1")
        assert jia.send(page, "/account/close", sure="yes").location.startswith("/login?again=1")
    with jia.house.database.read() as db:
        assert leaving.closing(db, jia.person) is None


def test_an_operator_is_dismissed_first(jia: Citizen) -> None:
    with jia.house.database.write() as db:
        db.execute(person_table.update().where(person_table.c.id == jia.person).values(needs_second_factor=True))
    with pytest.raises(CannotClose):
        closing.close(jia.house, jia.person, knows=True, now=clock.now())


def head(citizen: Citizen, person: str, role: Role, principal: str) -> None:
    with citizen.house.database.write() as db:
        mandate_store.add(db, Mandate(f"m-{person[:6]}-{principal[:9]}", principal, person, role, clock.now()))


def test_the_only_one_who_acts_for_somebody_has_to_say_that_he_knows(jia: Citizen) -> None:
    other = Citizen(jia.house, jia.app, jia.register, account="ou.yang")
    other.is_proved(OUYANG)
    head(jia, jia.person, Role.parent, f"person:{other.person}")
    assert OUYANG[0] in jia.get("/account/close").text
    assert closes(jia).status_code == 409
    with jia.house.database.read() as db:
        assert leaving.closing(db, jia.person) is None
    assert closes(jia, knows="yes").status_code == 303


def test_of_two_parents_one_may_go(jia: Citizen) -> None:
    other = Citizen(jia.house, jia.app, jia.register, account="ou.yang")
    other.is_proved(OUYANG)
    third = Citizen(jia.house, jia.app, jia.register, account="some.body")
    third.registers()
    for one in (jia.person, third.person):
        head(jia, one, Role.parent, f"person:{other.person}")
    assert closes(jia).status_code == 303


def test_mandates_end_with_the_account(jia: Citizen) -> None:
    other = Citizen(jia.house, jia.app, jia.register, account="ou.yang")
    other.is_proved(OUYANG)
    head(jia, jia.person, Role.parent, f"person:{other.person}")
    person = jia.person
    closes(jia, knows="yes")
    with clock.shifted(LATER):
        closing.finish_due(jia.house, clock.now())
        with jia.house.database.read() as db:
            assert mandate_store.of_person(db, person, clock.now()) == []


def test_what_an_authority_holds_is_not_closed_until_it_lets_go(jia: Citizen) -> None:
    person = jia.person
    closes(jia)
    with jia.house.database.write() as db:
        people.set_state(db, person, State.suspended, why="misuse", at=clock.now(), over=State.active)
    with clock.shifted(LATER):
        assert closing.finish_due(jia.house, clock.now()) == 0
        assert state(jia.house, person) is State.suspended
        with jia.house.database.write() as db:
            people.set_state(db, person, State.active, why="", at=clock.now(), over=State.suspended)
        assert closing.finish_due(jia.house, clock.now()) == 1


def test_its_owner_is_reminded_once(jia: Citizen) -> None:
    closes(jia)
    assert closing.remind(jia.house, clock.now()) == 0
    with clock.shifted(24 * 86_400):
        assert closing.remind(jia.house, clock.now()) == 1
        assert closing.remind(jia.house, clock.now()) == 0
    with jia.house.database.read() as db:
        assert closing.SOON in [one.title for one in notices.of_person(db, jia.person)]


@pytest.mark.parametrize("twice", [closing.finish, closing.cancel])
def test_it_is_finished_or_taken_back_never_both(jia: Citizen, twice: Callable[..., bool]) -> None:
    person = jia.person
    closes(jia)
    with clock.shifted(LATER):
        done = [twice(jia.house, person, now=clock.now()), closing.finish(jia.house, person, now=clock.now())]
    assert done == [True, False]


def test_before_its_time_nothing_is_finished(jia: Citizen) -> None:
    closes(jia)
    assert not closing.finish(jia.house, jia.person, now=clock.now() + WAIT - timedelta(seconds=1))


def test_closing_is_asked_for_once_on_either_database(house_on: House) -> None:
    now = clock.now()
    with house_on.database.write() as db:
        people.add(db, house_on.vault, Person("goes", now), Profile("who.goes"))
    closing.close(house_on, "goes", knows=True, now=now)
    with pytest.raises(CannotClose):
        closing.close(house_on, "goes", knows=True, now=now)
    assert closing.finish_due(house_on, now + WAIT) == 1
