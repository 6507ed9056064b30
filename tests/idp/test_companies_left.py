"""A company's people when the account of one of them is suspended, closed, or its owner dead: nothing runs on below him."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from hub import ledger
from hub.house import House
from idp.account import closing, life
from idp.account.life import Authority
from idp.acting import companies_people, mandates
from idp.acting.companies_people import Invited
from idp.model.company import Wanted
from idp.model.life import Basis, Ground
from idp.model.mandate import Mandate, NoMandate, Role
from idp.store import mandates as store
from idp.store import offers
from tests.idp.citizen import JIA, told
from tests.idp.staff import ABDU, CODE, YAN, appointed, company, enters, runs

COURT = Authority("person:officer", "栖云市 (Qiyun)", Basis(Ground.court, "(2026)栖云民初1号", "a1"))


@pytest.fixture
def boss(house_on: House, now: datetime) -> str:
    return company(house_on, now)


@pytest.fixture
def manager(house_on: House, boss: str, now: datetime) -> Mandate:
    return appointed(house_on, boss, JIA, Role.manager, now)


@pytest.fixture
def agent(house_on: House, manager: Mandate, now: datetime) -> Mandate:
    made = appointed(house_on, manager.person, YAN, Role.agent, now, days=100)
    enters(house_on, made.person, now)
    assert runs(house_on, made.person)
    return made


def written(house: House) -> list[tuple[str, str]]:
    """What the ledger says of the company's mandates, and of which."""
    with house.database.read() as db:
        found = ledger.events(db, subject=f"organization:{CODE}", kind="mandate.")
    return [(one.kind, one.facts.get("mandate", "")) for one in found]


def dies(house: House, db: Connection, person: str, now: datetime) -> None:
    life.die(db, person, COURT, now)


def closes(house: House, db: Connection, person: str, now: datetime) -> None:
    life.stop(db, person, "account closed", now, mandates_too=True)


@pytest.mark.parametrize("goes", [dies, closes])
def test_what_a_manager_passed_on_ends_with_his_account_and_the_ledger_says_so(
    house_on: House, boss: str, manager: Mandate, agent: Mandate, now: datetime, goes: Callable[..., None]
) -> None:
    wanted = Wanted(Role.agent, now, now + timedelta(days=7))
    invited = companies_people.invite(house_on, manager.person, CODE, Invited(*ABDU), wanted, now=now)
    with house_on.database.write() as db:
        goes(house_on, db, manager.person, now)
    assert not runs(house_on, agent.person)
    assert {("mandate.ended", manager.id), ("mandate.ended", agent.id)} <= set(written(house_on))
    assert "mandate.withdrawn" in {kind for kind, _ in written(house_on)}
    assert "Your mandate for %(company)s has ended" in told(house_on, agent.person)
    assert "A mandate for %(company)s has ended" in told(house_on, boss)
    with house_on.database.read() as db:
        assert [one.person for one in store.not_over(db, CODE, now)] == [boss]
        assert offers.open_for(db, CODE, now) == []
        assert offers.offer(db, invited.id) is not None


def test_a_closed_account_takes_its_agents_along(
    house_on: House, boss: str, manager: Mandate, agent: Mandate, now: datetime
) -> None:
    later = now + timedelta(days=60)
    closing.close(house_on, manager.person, knows=True, now=now)
    assert closing.finish_due(house_on, now) == 0
    assert closing.finish_due(house_on, later) == 1
    with house_on.database.read() as db:
        assert [one.person for one in store.not_over(db, CODE, later)] == [boss]
    assert {("mandate.ended", manager.id), ("mandate.ended", agent.id)} <= set(written(house_on))


def test_whom_a_suspended_manager_appointed_waits_for_the_representative(
    house_on: House, boss: str, manager: Mandate, agent: Mandate, now: datetime
) -> None:
    with house_on.database.write() as db:
        life.suspend(db, manager.person, COURT, now)
    assert not runs(house_on, agent.person)
    with pytest.raises(NoMandate):
        enters(house_on, agent.person, now)
    assert written(house_on)[0] == ("mandate.suspended", agent.id)
    assert "Your mandate for %(company)s waits until its legal representative confirms it" in told(
        house_on, agent.person
    )
    assert "Mandates for %(company)s wait until you confirm them" in told(house_on, boss)
    companies_people.confirm(house_on, boss, CODE, agent.id, now=now)
    enters(house_on, agent.person, now)
    assert runs(house_on, agent.person)


def test_a_reinstated_manager_acts_again_and_his_agents_do_not_by_themselves(
    house_on: House, boss: str, manager: Mandate, agent: Mandate, now: datetime
) -> None:
    with house_on.database.write() as db:
        life.suspend(db, manager.person, COURT, now)
        life.reinstate(db, manager.person, Authority("person:o", "x", Basis(Ground.court, "2", "a2")), now)
        assert mandates.standing(house_on, db, manager.person, CODE, now)[0].id == manager.id
        with pytest.raises(NoMandate):
            mandates.standing(house_on, db, agent.person, CODE, now)


def test_nobody_below_a_suspended_representative_acts_on(
    house_on: House, boss: str, manager: Mandate, agent: Mandate, now: datetime
) -> None:
    with house_on.database.write() as db:
        life.suspend(db, boss, COURT, now)
        assert [one.person for one in store.for_principal(db, CODE, now)] == [boss]
    assert {("mandate.suspended", manager.id), ("mandate.suspended", agent.id)} <= set(written(house_on))
