"""Mandates in a family: offered to a name and a number, accepted by the one who has proved both, and by nobody else."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from hub import clock, ledger, notices
from hub.house import House
from hub.problems import NotAllowed, TooMany
from idp.acting import mandates, offers
from idp.acting.offers import Wanted
from idp.model.mandate import EVERYTHING, PERSON, Mandate, NoMandate, Role
from idp.model.matter import Matter
from idp.model.offer import OFFER_DAYS, Offer, OfferGone
from idp.model.person import Level, State
from idp.model.ward import MandateWrong, NotOfAge, NotOneself
from idp.numbers.rules import NumberWrong
from idp.store import mandates as store
from idp.store import matters, people
from idp.store import offers as offer_store
from tests.idp.citizen import JIA, OUYANG
from tests.idp.households import YAN, grown


@pytest.fixture
def giver(house: House) -> str:
    return grown(house, OUYANG)


@pytest.fixture
def relative(house: House) -> str:
    return grown(house, JIA)


def offered(house: House, giver: str, who: tuple[str, str] = JIA, **more: object) -> Offer:
    return offers.make(house, giver, Wanted(*who, **more), now=clock.now())  # type: ignore[arg-type]


def waiting(house: House, person: str) -> list[str]:
    with house.database.read() as db:
        return [offer.id for offer, _ in offers.to(house, db, person, clock.now())]


def test_an_adult_gives_a_relative_a_mandate(house: House, giver: str, relative: str) -> None:
    offer = offered(house, giver)
    with house.database.read() as db:
        ((waits, principal),) = offers.to(house, db, relative, clock.now())
        assert mandates.of(house, db, relative, clock.now()) == []  # nothing before he accepts
    assert (waits, principal.name) == (offer, OUYANG[0])
    mandate = offers.accept(house, relative, offer.id, now=clock.now())
    with house.database.read() as db:
        ((held, whom),) = mandates.of(house, db, relative, clock.now())
        told = ledger.events(db, subject=f"{PERSON}{giver}")
        assert [one.title for one in notices.of_person(db, giver)] == ["The mandate that you offered was accepted"]
    assert held == mandate
    assert (whom.id, held.role, held.matters) == (f"{PERSON}{giver}", Role.family, EVERYTHING)
    assert {event.kind for event in told} >= {"mandate.offered", "mandate.granted"}
    assert JIA[1] not in str(told)
    assert waiting(house, relative) == []


def test_an_offer_to_somebody_without_an_account_waits_for_him(house: House, giver: str) -> None:
    offer = offered(house, giver)
    assert waiting(house, grown(house, JIA)) == [offer.id]


@pytest.mark.parametrize("who", [("示例甲", YAN[1]), ("示䶮", JIA[1])])
def test_whoever_errs_in_name_or_number_offers_to_nobody(
    house: House, giver: str, relative: str, who: tuple[str, str]
) -> None:
    other = grown(house, YAN)
    offer = offered(house, giver, who)
    for person in (relative, other):
        assert waiting(house, person) == []
        with pytest.raises(OfferGone):
            offers.accept(house, person, offer.id, now=clock.now())
        with house.database.read() as db:
            assert notices.of_person(db, person) == []


def test_the_giver_learns_nothing_about_who_has_an_account(house: House, giver: str, relative: str) -> None:
    there, not_there = offered(house, giver), offered(house, giver, YAN)
    with house.database.read() as db:
        assert [offer_store.name_of(db, house.vault, one) for one in (there, not_there)] == [JIA[0], YAN[0]]
    assert {name for name, value in vars(there).items() if value == vars(not_there)[name]} >= {
        "state",
        "person",
        "role",
    }


def test_a_stranger_neither_accepts_nor_declines_nor_withdraws(house: House, giver: str, relative: str) -> None:
    offer, stranger = offered(house, giver), grown(house, YAN)
    for act in (offers.accept, offers.decline):
        with pytest.raises(OfferGone):
            act(house, stranger, offer.id, now=clock.now())
        with pytest.raises(OfferGone):
            act(house, relative, "nonsense", now=clock.now())
    for somebody in (stranger, relative):
        with pytest.raises(OfferGone):
            offers.withdraw(house, offer.id, by=somebody, now=clock.now())
    assert waiting(house, relative) == [offer.id]


@pytest.mark.parametrize("answer", ["accepted", "declined", "withdrawn"])
def test_an_offer_is_answered_once(house: House, giver: str, relative: str, answer: str) -> None:
    offer, now = offered(house, giver), clock.now()
    if answer == "withdrawn":
        offers.withdraw(house, offer.id, by=giver, now=now)
    else:
        (offers.accept if answer == "accepted" else offers.decline)(house, relative, offer.id, now=now)
    for act in (offers.accept, offers.decline):
        with pytest.raises(OfferGone):
            act(house, relative, offer.id, now=now)
    with pytest.raises(OfferGone):
        offers.withdraw(house, offer.id, by=giver, now=now)


def test_of_many_answers_at_once_one_counts(house_on: House) -> None:
    giver, relative = grown(house_on, OUYANG), grown(house_on, JIA)
    offer = offered(house_on, giver)

    def answer(at: int) -> object:
        try:
            return (offers.accept if at % 2 else offers.decline)(house_on, relative, offer.id, now=clock.now())
        except OfferGone:
            return OfferGone

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(answer, range(8)))
    assert answers.count(OfferGone) == 7
    with house_on.database.read() as db:
        held = store.of_person(db, relative, clock.now())
    assert len(held) == sum(isinstance(one, Mandate) for one in answers)


def test_accepting_needs_level_three(house: House, giver: str) -> None:
    offer = offered(house, giver)
    with pytest.raises(NotAllowed):
        offers.accept(house, grown(house, JIA, Level.matched), offer.id, now=clock.now())


def test_whoever_merely_knows_name_and_number_reads_no_offer_and_answers_none(house: House, giver: str) -> None:
    offer, other = offered(house, giver), grown(house, JIA, Level.matched)
    assert waiting(house, other) == []
    with pytest.raises(NotAllowed):
        offers.decline(house, other, offer.id, now=clock.now())


def test_giving_needs_level_three(house: House) -> None:
    for level in (Level.stated, Level.matched):
        with pytest.raises(NotAllowed):
            offered(house, grown(house, OUYANG, level))


def test_who_is_under_eighteen_gives_no_mandate(house: House) -> None:
    with pytest.raises(NotOfAge):
        offered(house, grown(house, ("示例少年", "880101201203150014")))


def test_nobody_gives_himself_a_mandate(house: House, giver: str) -> None:
    with pytest.raises(NotOneself):
        offered(house, giver, OUYANG)


def test_a_number_that_cannot_be_right_is_refused(house: House, giver: str) -> None:
    with pytest.raises(NumberWrong):
        offered(house, giver, ("示例甲", "880101198503120016"))


def test_matters_are_those_of_persons(house: House, giver: str, relative: str) -> None:
    with house.database.write() as db:
        matters.replace(
            db,
            [
                Matter("a-1", "甲", "A", for_persons=True),
                Matter("b-2", "乙", "B", for_companies=True, for_persons=False),
            ],
        )
    for wrong in ((), ("b-2",), ("nonsense",), ("a-1", "b-2")):
        with pytest.raises(MandateWrong):
            offered(house, giver, matters=wrong)
    mandate = offers.accept(house, relative, offered(house, giver, matters=("a-1",)).id, now=clock.now())
    assert mandate.covers("a-1")
    assert not mandate.covers("b-2")


def test_a_last_day_in_the_past_is_refused(house: House, giver: str) -> None:
    with pytest.raises(MandateWrong):
        offered(house, giver, until=clock.now())


def test_a_mandate_ends_by_its_date(house: House, giver: str, relative: str) -> None:
    until = clock.now() + timedelta(days=3)
    offers.accept(house, relative, offered(house, giver, until=until).id, now=clock.now())
    with house.database.read() as db:
        assert mandates.of(house, db, relative, until - timedelta(seconds=1))
        with pytest.raises(NoMandate):
            mandates.standing(house, db, relative, f"{PERSON}{giver}", until)


@pytest.mark.parametrize("days", [OFFER_DAYS, OFFER_DAYS + 10])
def test_an_offer_that_nobody_answers_is_over(house: House, giver: str, relative: str, days: int) -> None:
    offer = offered(house, giver)
    with clock.shifted(days * 86_400):
        assert waiting(house, relative) == []
        with pytest.raises(OfferGone):
            offers.accept(house, relative, offer.id, now=clock.now())


def test_nobody_accepts_from_an_account_that_is_closed_to_its_owner(house: House, giver: str, relative: str) -> None:
    offer, now = offered(house, giver), clock.now()
    with house.database.write() as db:
        assert people.set_state(db, giver, State.suspended, why="test", at=now, over=State.active)
    with pytest.raises(OfferGone):
        offers.accept(house, relative, offer.id, now=now)


def test_offers_are_limited(house: House, giver: str) -> None:
    for _ in range(offers.MOST_OPEN):
        offered(house, giver, YAN)
    with pytest.raises(MandateWrong):
        offered(house, giver)
    for _ in range(offers.PER_PERSON.times - offers.MOST_OPEN - 1):
        with pytest.raises(MandateWrong):
            offered(house, giver)
    with pytest.raises(TooMany):
        offered(house, giver)
