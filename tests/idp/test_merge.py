"""Two accounts of one person: joined by the factors of both and by nothing less, and apart again."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from hub import clock, inbox, ledger, notices, outbox
from hub.callers import Caller
from hub.house import House
from idp.account import accounts, closing, merge
from idp.account.announce import Event
from idp.account.life import Authority
from idp.login import totp
from idp.model.life import Basis, CannotMerge, Former, Ground, NotNow, winner
from idp.model.mandate import Mandate, Role
from idp.model.person import Person, Profile, State
from idp.store import life as store
from idp.store import mandates as mandate_store
from idp.store import people
from tests.idp.citizen import JIA, PASSWORD, Citizen
from tests.idp.rp import Visit, department

OFFICE = Authority("person:officer", "栖云市 (Qiyun)", Basis(Ground.request, "窗口2026-7", "a1"))
OTHER_PASSWORD = "four slow rivers northward"


@pytest.fixture
def second(citizen: Citizen) -> Citizen:
    """The same person's forgotten account, at another browser."""
    made = replace(citizen, account="jia.the.second")
    made.registers(OTHER_PASSWORD)
    return made


def joins(citizen: Citizen, other: Citizen, password: str = OTHER_PASSWORD, code: str = "") -> int:
    answer = citizen.post("/account/merge", account=other.account, password=password, code=code)
    return answer.status_code


def state(house: House, person: str) -> State:
    with house.database.read() as db:
        found = people.person(db, person)
    assert found is not None
    return found.state


def test_the_account_with_the_number_stays_and_the_other_one_leads_to_it(citizen: Citizen, second: Citizen) -> None:
    house = citizen.house
    citizen.registers()
    assert citizen.proves(JIA).status_code == 303
    stays, goes = citizen.person, second.person
    assert joins(citizen, second) == 303
    assert (state(house, stays), state(house, goes)) == (State.active, State.merged)
    assert not second.signed_in
    assert citizen.signed_in
    with house.database.read() as db:
        found = people.person(db, goes)
        assert found is not None
        assert found.merged_into == stays
        assert store.merged_into(db, stays) == [goes]
        assert "person.merged" in [one.kind for one in ledger.events(db, subject=f"person:{goes}")]
        assert "Two accounts of yours have become one" in [one.title for one in notices.of_person(db, stays)]
        assert [one.body for one in inbox.read(db, merge.MERGED)] == [{"loser": goes, "winner": stays}]
    answer = second.signs_in(OTHER_PASSWORD)
    assert not second.signed_in
    assert answer.status_code == 409, "with its right password its owner reads where to sign in"
    assert "merged into your other account" in answer.text
    assert "merged" not in second.signs_in("a wrong password of no one").text


def test_whoever_signed_in_to_the_one_that_goes_is_told_where_to_sign_in(citizen: Citizen, second: Citizen) -> None:
    citizen.registers()
    assert citizen.proves(JIA).status_code == 303
    answer = second.post("/account/merge", account=citizen.account, password=PASSWORD, code="")
    assert answer.location.endswith("/account/merged")
    assert "other account" in second.get(answer.location).text
    assert not second.signed_in


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD])
def test_without_the_other_accounts_factors_nothing_is_joined(citizen: Citizen, second: Citizen, password: str) -> None:
    citizen.registers()
    assert joins(citizen, second, password) != 303
    assert state(citizen.house, second.person) is State.active
    unknown = replace(second, account="nobody.at.all")
    assert citizen.post("/account/merge", account=unknown.account, password="x", code="").status_code in {401, 403, 422}


def test_a_second_factor_is_asked_of_the_other_account_too(citizen: Citizen, second: Citizen) -> None:
    key = accounts.new_totp_key(citizen.house, Caller(person=second.person))
    now = clock.now()
    step = int(now.timestamp()) // totp.STEP
    accounts.add_totp(citizen.house, second.session, totp.code(key, step - 1), now=now)
    citizen.registers()
    for code in ("", "000000"):
        assert joins(citizen, second, code=code) != 303
    assert joins(citizen, second, code=totp.code(key, step)) == 303


def person(id: str, **changes: object) -> Person:
    return replace(Person(id, clock.now()), **changes)  # type: ignore[arg-type]


def test_two_without_a_number_keep_the_one_that_asks() -> None:
    assert winner(person("a"), person("b"))[0].id == "a"
    assert winner(person("a"), person("b", holder_key="k"))[0].id == "b"


@pytest.mark.parametrize(
    "other",
    [
        {"id": "a"},
        {"holder_key": "other"},
        {"state": State.locked},
        {"state": State.suspended},
        {"state": State.merged},
        {"needs_second_factor": True},
        {"pseudonym_key": "p"},
    ],
    ids=str,
)
def test_what_is_never_joined_by_the_owners_word_alone(other: dict[str, object]) -> None:
    with pytest.raises(CannotMerge):
        winner(person("a", holder_key="k"), person(**({"id": "b"} | other)))  # type: ignore[arg-type]


def test_the_same_phone_or_address_joins_nothing(citizen: Citizen, second: Citizen) -> None:
    """Statements about contacts prove no identity: two accounts with the same ones stay two (linking by e-mail is refused)."""
    house = citizen.house
    citizen.registers()
    with house.database.write() as db:
        for one in (citizen.person, second.person):
            profile = people.profile(db, house.vault, one)
            people.keep_profile(db, house.vault, one, replace(profile, phone="10012345678", email="jia@mail.example"))
    assert citizen.proves(JIA).status_code == 303
    assert citizen.person != second.person
    assert (state(house, citizen.person), state(house, second.person)) == (State.active, State.active)


def test_services_learn_the_subject_that_stands_for_him_now(house: House, app: object) -> None:
    visit = Visit(house, app, department(events_uri="https://market.qiyun.example/events"))  # type: ignore[arg-type]
    visit.signs_in(level=1)
    other = Visit(house, app, visit.client)  # type: ignore[arg-type]
    other.signs_in()
    with house.database.write() as db:
        merge.join_by_office(db, other.person, visit.person, OFFICE, clock.now())
        sent = [one.body for one in outbox.deliveries(db) if one.kind == "idp.event"]
    assert [(one["event"], one["person"], one["facts"]) for one in sent] == [
        (Event.account_merged, visit.person, {"into": other.person})
    ]


# -- by an office, and apart again


def two(house: House) -> tuple[str, str]:
    with house.database.write() as db:
        for id in ("p1", "p2"):
            made = Person(id, clock.now(), holder_key=f"key-{id}", former_keys=(), proved=clock.now())
            people.add(db, house.vault, made, Profile(f"account-{id}", "示例甲", id))
        mandate_store.add(db, Mandate("m1", "91880101DEM000081U", "p2", Role.agent, clock.now()))
    return "p1", "p2"


def keys(house: House, id: str) -> tuple[str | None, tuple[str, ...]]:
    with house.database.read() as db:
        found = people.person(db, id)
    assert found is not None
    return found.holder_key, found.former_keys


def holder(house: House, mandate: str) -> str:
    with house.database.read() as db:
        found = mandate_store.mandate(db, mandate)
    assert found is not None
    return found.person


def test_numbers_and_mandates_go_along_and_come_back(house_on: House) -> None:
    p1, p2 = two(house_on)
    with house_on.database.write() as db:
        merge.join_by_office(db, p1, p2, OFFICE, clock.now())
        assert people.by_holder(db, "key-p2") == people.person(db, p1)
    assert keys(house_on, p1) == ("key-p1", ("key-p2",))
    assert keys(house_on, p2) == (None, ())
    assert holder(house_on, "m1") == p1
    with house_on.database.write() as db:
        merge.separate(db, p2, OFFICE, clock.now())
    assert keys(house_on, p1) == ("key-p1", ())
    assert keys(house_on, p2) == ("key-p2", ())
    assert holder(house_on, "m1") == p2
    assert state(house_on, p2) is State.active
    with house_on.database.write() as db, pytest.raises(NotNow):
        merge.separate(db, p2, OFFICE, clock.now())


def test_a_merged_account_is_not_merged_again(house: House) -> None:
    p1, p2 = two(house)
    with house.database.write() as db:
        merge.join_by_office(db, p1, p2, OFFICE, clock.now())
    for stays, goes in ((p1, p2), (p2, p1), (p1, p1)):
        with house.database.write() as db, pytest.raises((NotNow, CannotMerge)):
            merge.join_by_office(db, stays, goes, OFFICE, clock.now())


def test_what_was_merged_ends_with_the_account_into_which_it_went(house: House) -> None:
    p1, p2 = two(house)
    with house.database.write() as db:
        merge.join_by_office(db, p1, p2, OFFICE, clock.now())
    with house.database.write() as db:
        for one in (p1, p2):
            store.keep_former(db, house.vault, one, Former("name", "示例旧", clock.now(), "rename"))
    closing.close(house, p1, knows=True, now=clock.now())
    with clock.shifted(400 * 86_400):
        assert closing.finish(house, p1, now=clock.now())
    assert (state(house, p1), state(house, p2)) == (State.closed, State.closed)
    with house.database.read() as db:
        assert [people.profile(db, house.vault, one) for one in (p1, p2)] == [Profile(""), Profile("")]
        assert [store.former_of(db, house.vault, one) for one in (p1, p2)] == [[], []]


def test_a_number_that_has_an_account_leads_to_both_ways_out(citizen: Citizen, second: Citizen) -> None:
    citizen.registers()
    assert citizen.proves(JIA).status_code == 303
    answer = second.proves(JIA)
    assert answer.status_code == 409
    assert "It is my other account" in answer.text
    assert "Somebody uses my name" in answer.text
    joined = second.send(answer, "/account/merge", account=citizen.account, password=PASSWORD, code="")
    assert joined.location.endswith("/account/merged")


def test_a_report_of_misuse_reaches_the_desk(citizen: Citizen, register: FlaskClient) -> None:
    citizen.registers()
    assert citizen.post("/account/misuse", form_at="/account/merge").status_code == 200
    with citizen.house.database.read() as db:
        assert [one.body for one in inbox.read(db, merge.MISUSE)] == [{"person": citizen.person}]


def test_the_page_asks_for_a_factor_that_was_shown_lately(citizen: Citizen) -> None:
    citizen.registers()
    with clock.shifted(3600):
        assert "/login" in citizen.get("/account/merge").location
