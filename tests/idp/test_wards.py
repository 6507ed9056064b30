"""Children and wards: the register says who may act for them; two parents are one child's, and a court's order has its end."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from hub import clock, ledger, notices
from hub.house import House
from hub.problems import NotAllowed, TooMany
from idp.acting import mandates, wards
from idp.model.mandate import EVERYTHING, PERSON, NoMandate, Role
from idp.model.person import Level, State
from idp.model.realname import GUARDIAN_AGE, OFFICIAL, RegisterLater, age, grown_up
from idp.model.ward import NotAChild, NotHisWard, NotOneself, OrderWrong
from idp.numbers.rules import NumberWrong
from idp.store import mandates as store
from idp.store import people
from tests.idp.citizen import JIA, OUYANG
from tests.idp.households import CHILD, ORDER, WARD, YAN, book, grown
from tests.idp.staff import signed_in

FOURTEEN = datetime(2033, 9, 29, 16, tzinfo=UTC)  # midnight in Beijing


@pytest.fixture
def parent(house: House, register: FlaskClient) -> str:
    return grown(house, JIA)


def test_a_parent_acts_for_his_child_until_it_is_fourteen(house: House, parent: str) -> None:
    mandate = wards.add_child(house, parent, *CHILD, now=clock.now())
    assert (mandate.role, mandate.matters, mandate.until) == (Role.parent, EVERYTHING, FOURTEEN)
    with house.database.read() as db:
        (held, principal), *rest = mandates.of(house, db, parent, clock.now())
        child = people.person(db, principal.person or "")
        assert child is not None
        profile = people.profile(db, house.vault, child.id)
        told = ledger.events(db, subject=child.label)
    assert not rest
    assert held == mandate
    assert (principal.name, principal.holder_key) == (CHILD[0], house.vault.blind("holder", f"111:{CHILD[1]}"))
    assert (profile.name, profile.number, profile.born) == (*CHILD, "2019-09-30")
    assert [event.kind for event in told] == ["ward.added", "person.registered"]
    assert CHILD[1] not in str(told)
    assert CHILD[0] not in str(told)


def test_a_guardian_finds_what_was_issued_under_a_former_number(house: House, parent: str) -> None:
    mandate, now = wards.add_child(house, parent, *CHILD, now=clock.now()), clock.now()
    child = mandate.principal.removeprefix(PERSON)
    with house.database.write() as db:
        known = people.person(db, child)
        assert known is not None
        people.set_keys(db, child, "key-of-the-new-number", (known.holder_key or "",))
    opened = mandates.act(house, signed_in(house, parent, now), mandate.principal, now=now)
    assert opened.caller.holder_keys == ("key-of-the-new-number", known.holder_key)


def test_both_parents_act_for_one_and_the_same_child(house: House, register: FlaskClient, parent: str) -> None:
    mother = grown(house, OUYANG)
    first = wards.add_child(house, parent, *CHILD, now=clock.now())
    second = wards.add_child(house, mother, *CHILD, now=clock.now())
    assert first.principal == second.principal
    with house.database.read() as db:
        assert {one.person for one in store.for_principal(db, first.principal, clock.now())} == {parent, mother}


def test_two_parents_at_the_same_moment_make_one_child(house_on: House, tmp_path: object) -> None:
    from deploy.demo.register.site import create_app as create_register

    made = create_register(house_on.settings.data.parent / "register", house_on.settings.register_url, slow_seconds=0)
    house_on.fetch.serve_here(house_on.settings.register_url, made)
    both = [grown(house_on, JIA), grown(house_on, OUYANG)]
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda one: wards.add_child(house_on, one, *CHILD, now=clock.now()), both * 2))
    assert len({one.principal for one in added}) == 1
    with house_on.database.read() as db:
        standing = store.for_principal(db, added[0].principal, clock.now())
    assert sorted(one.person for one in standing) == sorted(both)  # each once, however often he asked


def test_adding_a_child_again_changes_nothing(house: House, parent: str) -> None:
    first = wards.add_child(house, parent, *CHILD, now=clock.now())
    assert wards.add_child(house, parent, *CHILD, now=clock.now()) == first


@pytest.mark.parametrize(
    ("name", "number", "refusal"),
    [
        (*WARD, NotAChild),
        ("示例乙", CHILD[1], NotHisWard),
        (CHILD[0], "880101201909300061", NotHisWard),
        (CHILD[0], "880101201909300070", NumberWrong),
        (*JIA, NotOneself),
    ],
)
def test_nobody_else_is_added(house: House, parent: str, name: str, number: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        wards.add_child(house, parent, name, number, now=clock.now())
    with house.database.read() as db:
        assert mandates.of(house, db, parent, clock.now()) == []


def test_a_stranger_learns_nothing_about_a_child(house: House, register: FlaskClient) -> None:
    stranger = grown(house, YAN)
    said = set()
    for name, number in (CHILD, ("示例乙", CHILD[1]), (CHILD[0], "880101201909300061")):
        with pytest.raises(NotHisWard) as refused:
            wards.add_child(house, stranger, name, number, now=clock.now())
        said.add(str(refused.value))
    assert len(said) == 1


def test_it_needs_level_three(house: House, register: FlaskClient) -> None:
    for level in (Level.stated, Level.matched):
        id = grown(house, JIA, level)
        with pytest.raises(NotAllowed):
            wards.add_child(house, id, *CHILD, now=clock.now())


def test_guessing_is_limited(house: House, parent: str) -> None:
    for _ in range(wards.PER_PERSON.times):
        with pytest.raises(NotHisWard):
            wards.add_child(house, parent, "示例乙", CHILD[1], now=clock.now())
    with pytest.raises(TooMany):
        wards.add_child(house, parent, *CHILD, now=clock.now())


def test_strangers_do_not_block_a_child_for_its_parents(house: House, parent: str) -> None:
    for stranger in (grown(house, OUYANG), grown(house, YAN)):
        for _ in range(wards.PER_PERSON.times):
            with pytest.raises(NotHisWard):
                wards.add_child(house, stranger, "示例乙", CHILD[1], now=clock.now())
    assert wards.add_child(house, parent, *CHILD, now=clock.now()).person == parent


@pytest.mark.parametrize("fault", ["down", "wrong-signature", "wrong-nonce", "old", "garbage"])
def test_when_the_register_cannot_be_believed_it_is_later(
    house: House, register: FlaskClient, parent: str, fault: str
) -> None:
    register.post("/faults", data={"fault": fault})
    with pytest.raises(RegisterLater):
        wards.add_child(house, parent, *CHILD, now=clock.now())


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_the_mandate_ends_on_the_day_on_which_the_child_is_fourteen(born: date) -> None:
    day = grown_up(born).astimezone(OFFICIAL).date()
    assert age(born, day) == GUARDIAN_AGE
    assert age(born, day - timedelta(days=1)) == GUARDIAN_AGE - 1


def test_at_fourteen_the_mandate_is_over_by_itself(house: House, parent: str) -> None:
    mandate = wards.add_child(house, parent, *CHILD, now=clock.now())
    for moment, acts in ((FOURTEEN - timedelta(seconds=1), True), (FOURTEEN, False)):
        with house.database.read() as db:
            if acts:
                assert mandates.standing(house, db, parent, mandate.principal, moment)[0] == mandate
            else:
                with pytest.raises(NoMandate):
                    mandates.standing(house, db, parent, mandate.principal, moment)


# -- what the register takes back


def test_a_parent_whom_a_court_removed_acts_no_more(house: House, register: FlaskClient, parent: str) -> None:
    mother = grown(house, OUYANG)
    gone = wards.add_child(house, parent, *CHILD, now=clock.now())
    stays = wards.add_child(house, mother, *CHILD, now=clock.now())
    book(house)._write("DELETE FROM kin WHERE guardian = ?", JIA[1])
    assert [wards.ask_again(house, one, now=clock.now()) for one in (gone, stays)] == [False, True]
    with house.database.read() as db:
        assert [one.id for one in store.for_principal(db, gone.principal, clock.now())] == [stays.id]


def test_each_mandate_of_a_register_is_asked_about_once_a_day(house: House, parent: str) -> None:
    added = [
        wards.add_child(house, parent, *CHILD, now=clock.now()),
        wards.add_by_order(house, parent, *WARD, ORDER, now=clock.now()),
    ]
    start = clock.now()
    with house.database.read() as db:
        asked = [one.id for hour in range(24) for one in wards.due(db, start + timedelta(hours=hour))]
    assert sorted(asked) == sorted(one.id for one in added)


def test_what_the_register_no_longer_says_ends_within_a_day(house: House, parent: str) -> None:
    mandate = wards.add_by_order(house, parent, *WARD, ORDER, now=clock.now())
    book(house)._write("DELETE FROM orders")
    assert not wards.ask_again(house, mandate, now=clock.now())
    with house.database.read() as db:
        assert mandates.of(house, db, parent, clock.now()) == []


def test_a_register_that_is_down_ends_nothing(house: House, register: FlaskClient, parent: str) -> None:
    mandate = wards.add_child(house, parent, *CHILD, now=clock.now())
    register.post("/faults", data={"fault": "down"})
    with pytest.raises(RegisterLater):
        wards.ask_again(house, mandate, now=clock.now())
    for hour in range(24):
        assert wards.ask_all_again(house, clock.now().replace(hour=hour)) == 0
    with house.database.read() as db:
        assert len(mandates.of(house, db, parent, clock.now())) == 1


# -- by the order of a court


def test_a_court_lets_somebody_act_for_an_adult(house: House, parent: str) -> None:
    mandate = wards.add_by_order(house, parent, *WARD, f" {ORDER} ", now=clock.now())
    assert (mandate.role, mandate.matters, mandate.basis) == (Role.guardian, EVERYTHING, ORDER)
    assert mandate.until == datetime(2036, 12, 31, 16, tzinfo=UTC)  # the last day counts
    assert wards.add_by_order(house, parent, *WARD, ORDER, now=clock.now()) == mandate


def test_an_order_for_named_matters_is_for_those(house: House, parent: str) -> None:
    book(house)._write("UPDATE orders SET scope = 'b-2 a-1', until = ''")
    mandate = wards.add_by_order(house, parent, *WARD, ORDER, now=clock.now())
    assert (mandate.matters, mandate.until) == (("a-1", "b-2"), None)


@pytest.mark.parametrize(
    ("who", "order", "refusal"),
    [
        (WARD, "（2026）云8801民特2号", NotHisWard),
        (CHILD, ORDER, NotHisWard),
        (WARD, "", OrderWrong),
        (WARD, "x" * 61, OrderWrong),
        (WARD, "a\0b", OrderWrong),
    ],
)
def test_no_other_order_counts(
    house: House, parent: str, who: tuple[str, str], order: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        wards.add_by_order(house, parent, *who, order, now=clock.now())


def test_an_order_that_has_run_out_is_none(house: House, parent: str) -> None:
    book(house)._write("UPDATE orders SET until = '2026-01-31'")
    with pytest.raises(OrderWrong):
        wards.add_by_order(house, parent, *WARD, ORDER, now=clock.now())


@pytest.mark.parametrize(("scope", "until"), [("", ""), ("*", "soon"), ("*", "9999-12-31")])
def test_what_the_register_says_in_riddles_is_later(house: House, parent: str, scope: str, until: str) -> None:
    book(house)._write("UPDATE orders SET scope = ?, until = ?", scope, until)
    with pytest.raises(RegisterLater):
        wards.add_by_order(house, parent, *WARD, ORDER, now=clock.now())


# -- when the ward has an account of his own


def test_whoever_is_fourteen_takes_over_what_stood_under_his_entry(
    house: House, register: FlaskClient, parent: str
) -> None:
    mandate = wards.add_child(house, parent, *CHILD, now=clock.now())
    entry = mandate.principal.removeprefix(PERSON)
    later = FOURTEEN + timedelta(hours=9)
    with clock.shifted((later - clock.now()).total_seconds()):
        account = grown(house, CHILD, Level.matched)
        with house.database.read() as db:
            before, mine = people.person(db, entry), people.person(db, account)
            assert mandates.of(house, db, parent, clock.now()) == []
    assert before is not None
    assert mine is not None
    assert (before.state, before.holder_key, before.merged_into) == (State.closed, None, account)
    assert mine.holder_key == house.vault.blind("holder", f"111:{CHILD[1]}")


def test_a_court_s_guardian_goes_on_when_the_ward_gets_an_account(
    house: House, register: FlaskClient, parent: str
) -> None:
    mandate = wards.add_by_order(house, parent, *WARD, ORDER, now=clock.now())
    own = grown(house, WARD)
    with house.database.read() as db:
        standing = store.for_principal(db, f"{PERSON}{own}", clock.now())
    assert [one.id for one in standing] == [mandate.id]


def test_a_month_before_the_birthday_the_parents_are_told_once(house: House, parent: str) -> None:
    wards.add_child(house, parent, *CHILD, now=clock.now())
    assert wards.warn(house, FOURTEEN - timedelta(days=31)) == 0
    assert [wards.warn(house, FOURTEEN - timedelta(days=29)) for _ in range(2)] == [1, 0]
    with house.database.read() as db:
        (notice,) = notices.of_person(db, parent)
    assert notice.values == {"day": "2033-09-29"}
