"""The people of a company: who may appoint and remove whom, for what and how long, and what falls with it."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from deploy.demo.register.people import check_character
from hub import clock, ledger, notices
from hub.house import House
from idp.acting import companies_people, mandates
from idp.acting import offers as family
from idp.acting.companies_people import Invited
from idp.model.company import (
    MANAGERS,
    AppointedAlready,
    InvitationWrong,
    MayNotGrant,
    TooManyManagers,
    Wanted,
)
from idp.model.mandate import EVERYTHING, Mandate, NoMandate, Role
from idp.model.offer import OfferGone
from idp.names import NameWrong
from idp.numbers.rules import NumberWrong
from idp.store import mandates as store
from idp.store import offers, organizations
from tests.idp.citizen import JIA, Citizen
from tests.idp.staff import (
    ABDU,
    CODE,
    FOOD,
    TRADE,
    YAN,
    acting,
    appointed,
    company,
    proved,
    runs,
)

WEEK = timedelta(days=7)


def agent_for(now: datetime, *only: str) -> Wanted:
    return Wanted(Role.agent, now, now + WEEK, only or EVERYTHING)


def test_who_is_invited_finds_it_in_his_account_and_becomes_a_manager(house: House, now: datetime) -> None:
    boss, jia = company(house, now), proved(house, JIA, now)
    offer = companies_people.invite(house, boss, CODE, Invited(*JIA), Wanted(Role.manager, now), now=now)
    with house.database.read() as db:
        (found,) = companies_people.waiting_for(house, db, jia, now)
        told = notices.of_person(db, jia)
    assert found[0].id == offer.id
    assert [one.title for one in told] == ["%(company)s invites you to act for it"]
    made = companies_people.accept(house, jia, offer.id, now=now)
    with house.database.read() as db:
        assert mandates.standing(house, db, jia, CODE, now)[0] == made
        assert companies_people.waiting_for(house, db, jia, now) == []
        kinds = {event.kind for event in ledger.events(db, subject=f"organization:{CODE}")}
    assert {"mandate.offered", "mandate.granted"} <= kinds


def test_an_invitation_waits_for_whoever_proves_name_and_number(house: House, now: datetime) -> None:
    boss = company(house, now)
    offer = companies_people.invite(house, boss, CODE, Invited(*JIA), agent_for(now, FOOD), now=now)
    jia = proved(house, JIA, now)
    assert companies_people.accept(house, jia, offer.id, now=now).matters == (FOOD,)


def test_the_inviter_learns_nothing_of_accounts(house: House, now: datetime) -> None:
    boss = company(house, now)
    proved(house, JIA, now)
    known = companies_people.invite(house, boss, CODE, Invited(*JIA), agent_for(now), now=now)
    unknown = companies_people.invite(house, boss, CODE, Invited(*YAN), agent_for(now), now=now)
    assert (known.state, known.ends, known.role) == (unknown.state, unknown.ends, unknown.role)
    with house.database.read() as db:
        assert not notices.of_person(db, boss)


def test_an_invitation_is_nobody_elses(house: House, now: datetime) -> None:
    boss, yan = company(house, now), proved(house, YAN, now)
    wrong_name = companies_people.invite(house, boss, CODE, Invited("示例乙", JIA[1]), agent_for(now), now=now)
    right = companies_people.invite(house, boss, CODE, Invited(*JIA), agent_for(now), now=now)
    jia = proved(house, JIA, now)
    for person, offer in ((yan, right), (jia, wrong_name)):
        with pytest.raises(OfferGone):
            companies_people.accept(house, person, offer.id, now=now)
        with pytest.raises(OfferGone):
            companies_people.decline(house, person, offer.id, now=now)
    with pytest.raises(OfferGone):
        companies_people.accept(house, jia, "nonsense", now=now)


def test_it_can_be_declined_withdrawn_and_grows_old(house: House, now: datetime) -> None:
    boss, jia = company(house, now), proved(house, JIA, now)
    declined, withdrawn, old = (
        companies_people.invite(house, boss, CODE, Invited(*JIA), Wanted(Role.manager, now), now=now) for _ in range(3)
    )
    companies_people.decline(house, jia, declined.id, now=now)
    companies_people.withdraw(house, boss, CODE, withdrawn.id, now=now)
    later = now + timedelta(days=31)
    for offer, moment in ((declined, now), (withdrawn, now), (old, later)):
        with pytest.raises(OfferGone):
            companies_people.accept(house, jia, offer.id, now=moment)
    with house.database.read() as db:
        assert store.held_by(db, jia, now) == []
        assert "An invitation to act for %(company)s was declined" in [one.title for one in notices.of_person(db, boss)]


def test_it_is_answered_once(house_on: House, now: datetime) -> None:
    boss, jia = company(house_on, now), proved(house_on, JIA, now)
    offer = companies_people.invite(house_on, boss, CODE, Invited(*JIA), agent_for(now), now=now)
    done = at_once(6, lambda _: companies_people.accept(house_on, jia, offer.id, now=now))
    assert sum(isinstance(one, Mandate) for one in done) == 1
    assert sum(isinstance(one, OfferGone) for one in done) == 5


@pytest.mark.parametrize(
    "wrong", [("示例甲", "880101198503120016"), ("示例甲", ""), ("", JIA[1]), ("甲\u0007", JIA[1])]
)
def test_name_and_number_must_be_possible(house: House, now: datetime, wrong: tuple[str, str]) -> None:
    boss = company(house, now)
    with pytest.raises((NumberWrong, NameWrong)):
        companies_people.invite(house, boss, CODE, Invited(*wrong), agent_for(now), now=now)


# -- nobody gives more than he has


def test_an_agent_gives_nothing_on(house: House, now: datetime) -> None:
    boss = company(house, now)
    agent = appointed(house, boss, JIA, Role.agent, now)
    for wanted in (agent_for(now), Wanted(Role.manager, now)):
        with pytest.raises(MayNotGrant):
            companies_people.invite(house, agent.person, CODE, Invited(*YAN), wanted, now=now)


def test_a_manager_appoints_agents_and_nobody_beside_or_above(house: House, now: datetime) -> None:
    boss = company(house, now)
    one = appointed(house, boss, JIA, Role.manager, now)
    other = appointed(house, boss, ABDU, Role.manager, now)
    mine = appointed(house, one.person, YAN, Role.agent, now)
    with pytest.raises(MayNotGrant):
        companies_people.invite(house, one.person, CODE, Invited("示例港", "810000190001010018"),
                                Wanted(Role.manager, now), now=now)  # fmt: skip
    with house.database.read() as db:
        (top,) = [m for m in store.not_over(db, CODE, now) if m.role is Role.legal_representative]
    for by, what in ((one, other), (one, top), (other, mine), (mine, one), (mine, top)):
        with pytest.raises(MayNotGrant):
            companies_people.remove(house, by.person, CODE, what.id, now=now)
    companies_people.remove(house, one.person, CODE, mine.id, now=now)


def test_a_stranger_does_nothing_and_learns_nothing(house: House, now: datetime) -> None:
    boss = company(house, now)
    manager = appointed(house, boss, JIA, Role.manager, now)
    stranger = proved(house, YAN, now)
    with pytest.raises(NoMandate):
        companies_people.invite(house, stranger, CODE, Invited(*ABDU), agent_for(now), now=now)
    with pytest.raises(NoMandate):
        companies_people.remove(house, stranger, CODE, manager.id, now=now)
    with pytest.raises(NoMandate):
        companies_people.confirm(house, stranger, CODE, manager.id, now=now)


@pytest.mark.parametrize(
    ("matters", "since", "until", "wrong"),
    [
        ((), 0, 7, ("matters",)),
        (("nonsense",), 0, 7, ("matters",)),
        ((FOOD, "nonsense"), 0, 7, ("matters",)),
        (EVERYTHING, 0, None, ("until",)),
        (EVERYTHING, 5, 5, ("until",)),
        (EVERYTHING, 0, -1, ("until",)),
        (EVERYTHING, 0, 400, ("long",)),
        (EVERYTHING, 400, 500, ("since",)),
    ],
)  # fmt: skip
def test_an_agents_mandate_names_matters_and_an_end(
    house: House, now: datetime, matters: tuple[str, ...], since: int, until: int | None, wrong: tuple[str, ...]
) -> None:
    boss = company(house, now)
    end = None if until is None else now + timedelta(days=until)
    wanted = Wanted(Role.agent, now + timedelta(days=since), end, matters)
    with pytest.raises(InvitationWrong) as refused:
        companies_people.invite(house, boss, CODE, Invited(*JIA), wanted, now=now)
    assert refused.value.fields == wrong


def test_a_manager_whose_time_ends_gives_nothing_beyond_it(house: House, now: datetime) -> None:
    boss, jia = company(house, now), proved(house, JIA, now)
    wanted = Wanted(Role.manager, now, now + timedelta(days=3))
    offer = companies_people.invite(house, boss, CODE, Invited(*JIA), wanted, now=now)
    companies_people.accept(house, jia, offer.id, now=now)
    with pytest.raises(InvitationWrong) as refused:
        companies_people.invite(house, jia, CODE, Invited(*YAN), agent_for(now), now=now)
    assert refused.value.fields == ("until",)


def test_nobody_is_offered_less_than_he_is(house: House, now: datetime) -> None:
    boss = company(house, now)
    manager = appointed(house, boss, JIA, Role.manager, now)
    with pytest.raises(AppointedAlready):
        companies_people.invite(house, boss, CODE, Invited(*JIA), agent_for(now), now=now)
    with house.database.read() as db:
        assert [one.id for one in store.held_by(db, manager.person, now)] == [manager.id]


# -- five managers


def test_the_sixth_manager_is_refused_in_words(house: House, now: datetime) -> None:
    boss = company(house, now)
    for index in range(MANAGERS):
        companies_people.invite(house, boss, CODE, someone(index), Wanted(Role.manager, now), now=now)
    with pytest.raises(TooManyManagers) as refused:
        companies_people.invite(house, boss, CODE, someone(99), Wanted(Role.manager, now), now=now)
    assert refused.value.title == "A company has at most five managers"
    companies_people.invite(house, boss, CODE, someone(99), agent_for(now), now=now)  # agents are not counted


def test_of_many_invited_at_once_no_more_than_five_become_managers(house_on: House, now: datetime) -> None:
    house, boss = house_on, company(house_on, now)
    made = at_once(
        9, lambda n: companies_people.invite(house, boss, CODE, someone(n), Wanted(Role.manager, now), now=now)
    )
    assert sum(isinstance(one, TooManyManagers) for one in made) == 9 - MANAGERS
    with house.database.read() as db:
        assert len(offers.open_for(db, CODE, now)) == MANAGERS


def test_five_accept_while_a_sixth_waits_from_before(house_on: House, now: datetime) -> None:
    """Invitations that were open beside each other never make a sixth manager."""
    house, boss = house_on, company(house_on, now)
    people = [(someone(n), proved(house, (someone(n).name, someone(n).number), now)) for n in range(6)]
    ready = []
    for invited, person in people:
        with house.database.write() as db:  # as if it were from before the others
            for one in offers.open_for(db, CODE, now):
                db.execute(offers.offer_table.update().where(offers.offer_table.c.id == one.id).values(role="agent"))
        ready.append((companies_people.invite(house, boss, CODE, invited, Wanted(Role.manager, now), now=now), person))
    with house.database.write() as db:
        db.execute(offers.offer_table.update().values(role="manager"))
    done = at_once(6, lambda n: companies_people.accept(house, ready[n][1], ready[n][0].id, now=now))
    assert sum(isinstance(one, Mandate) for one in done) == MANAGERS
    assert sum(isinstance(one, TooManyManagers) for one in done) == 1


# -- ends


def test_with_a_manager_everything_below_ends(house: House, now: datetime) -> None:
    boss = company(house, now)
    manager = appointed(house, boss, JIA, Role.manager, now)
    agent = appointed(house, manager.person, YAN, Role.agent, now, only=(FOOD,))
    other = appointed(house, boss, ABDU, Role.agent, now)
    open_one = companies_people.invite(house, manager.person, CODE, someone(1), agent_for(now), now=now)
    for one in (manager, agent, other):
        acting(house, one.person, now)
    ended = companies_people.remove(house, boss, CODE, manager.id, now=clock.now())
    assert {one.id for one in ended} == {manager.id, agent.id}
    assert [runs(house, one.person) for one in (manager, agent, other)] == [False, False, True]
    with house.database.read() as db:
        assert offers.open_for(db, CODE, clock.now()) == []
        titles = [one.title for one in notices.of_person(db, agent.person)]
        events = [event for event in ledger.events(db, subject=f"organization:{CODE}") if event.kind == "mandate.ended"]
    assert "Your mandate for %(company)s has ended" in titles
    assert {event.facts["mandate"] for event in events} == {manager.id, agent.id}
    newcomer = proved(house, (someone(1).name, someone(1).number), now)
    with pytest.raises(OfferGone):
        companies_people.accept(house, newcomer, open_one.id, now=clock.now())


def test_what_begins_tomorrow_ends_with_its_manager_too(house: House, now: datetime) -> None:
    boss = company(house, now)
    manager = appointed(house, boss, JIA, Role.manager, now)
    yan = proved(house, YAN, now)
    wanted = Wanted(Role.agent, now + timedelta(days=1), now + WEEK)
    offer = companies_people.invite(house, manager.person, CODE, Invited(*YAN), wanted, now=now)
    companies_people.accept(house, yan, offer.id, now=now)
    companies_people.remove(house, boss, CODE, manager.id, now=now)
    with house.database.read() as db, pytest.raises(NoMandate):
        mandates.standing(house, db, yan, CODE, now + timedelta(days=2))


def test_everybody_lays_down_his_own_but_the_representative(house: House, now: datetime) -> None:
    boss = company(house, now)
    agent = appointed(house, boss, JIA, Role.agent, now)
    companies_people.remove(house, agent.person, CODE, agent.id, now=now)
    with pytest.raises(MayNotGrant):
        companies_people.remove(house, boss, CODE, f"rep-{boss}", now=now)
    with pytest.raises(NoMandate):
        companies_people.remove(house, boss, CODE, agent.id, now=now)


def test_a_session_does_not_outlive_the_mandate(house: House, now: datetime) -> None:
    boss = company(house, now)
    agent = appointed(house, boss, JIA, Role.agent, now, days=1)
    caller = acting(house, agent.person, now)
    assert caller.acting_for == CODE
    with clock.shifted(seconds=86_400 - 60 * 60):
        late = acting(house, agent.person, clock.now())
    assert late.acting_for == CODE
    with clock.shifted(seconds=86_401):
        assert not runs(house, agent.person)


def test_nobody_acts_for_a_suspended_company(house: House, now: datetime) -> None:
    boss = company(house, now)
    manager = appointed(house, boss, JIA, Role.manager, now)
    with house.database.write() as db:
        found = organizations.organization(db, CODE)
        assert found is not None
        db.execute(organizations.organization_table.update().values(state="revoked"))
        with pytest.raises(NoMandate):
            mandates.standing(house, db, boss, CODE, now)
    with pytest.raises(NoMandate):
        acting(house, manager.person, now)
    with pytest.raises(NoMandate):
        companies_people.invite(house, boss, CODE, Invited(*YAN), agent_for(now, TRADE), now=now)


def someone(index: int) -> Invited:
    first = f"880101198001010{index:02}"
    return Invited("示例" + "一二三四五六七八九十"[index % 10], first + check_character(first))


def at_once(count: int, do: Callable[[int], object]) -> list[object]:
    """What each of so many threads got, an answer or a refusal, all let go together."""
    start = threading.Barrier(count)
    done: list[object] = [None] * count

    def run(index: int) -> None:
        start.wait()
        try:
            done[index] = do(index)
        except Exception as refused:  # noqa: BLE001  of whatever kind: the tests look at it
            done[index] = refused

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def test_whoever_proves_his_name_is_told_of_what_waits_for_him(house: House, citizen: Citizen, now: datetime) -> None:
    boss = company(house, now)
    companies_people.invite(house, boss, CODE, Invited(*JIA), agent_for(now), now=now)
    family.make(house, boss, family.Wanted(*JIA), now=now)
    citizen.registers()
    assert citizen.proves(JIA).status_code == 303
    titles = {"%(company)s invites you to act for it", "You are offered a mandate to act for somebody"}

    def told() -> list[str]:
        with house.database.read() as db:
            return [one.title for one in notices.of_person(db, citizen.person) if one.title in titles]

    assert told() == []  # knowing name and number is not being that person
    assert citizen.shows_face().status_code == 303
    assert sorted(told()) == sorted(titles)
