"""Accounts in the console: found by exact name and number with a reason, shown masked, acted on by two people."""

import re
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin import account_reports, approvals, moves
from admin import people as verbs
from admin.model.operator import Right
from admin.model.person import Operation
from admin.store import approvals as store
from admin.store import cases, tickets
from deploy.demo.register.site import create_app as create_register
from hub import ledger, notices
from hub.callers import Caller
from hub.house import House
from idp.account import locks, merge
from idp.account.life import Authority
from idp.attended import ServingOneself
from idp.model.life import Basis, Ground
from idp.model.person import Level, Person, Profile, State
from idp.store import life as life_store
from idp.store import people
from tests.admin import offices
from tests.admin.applicants import World
from tests.admin.offices import QIYUN
from tests.hub.test_web import token_in
from tests.idp.citizen import JIA, OUYANG

DOCUMENT = "(2026)栖云民初1号"
WHO = "jia"
OFFICE = Authority("person:officer", "栖云市 (Qiyun)", Basis(Ground.request, "窗口2026-7", "a1"))


@pytest.fixture
def register(house: House, tmp_path: Any) -> FlaskClient:
    made = create_register(tmp_path / "register", house.settings.register_url, slow_seconds=0)
    house.fetch.serve_here(house.settings.register_url, made)
    return made.test_client()


@pytest.fixture
def jia(house: House, now: datetime, register: FlaskClient) -> str:
    """A person whom the register knows, with a proved account."""
    return account(house, WHO, JIA, now)


def account(house: House, id: str, who: tuple[str, str], now: datetime) -> str:
    key = people.holder_key(house.vault, "111", who[1])
    with house.database.write() as db:
        made = Person(id, now, level=Level.present, holder_key=key, proved=now)
        people.add(db, house.vault, made, Profile(f"account-{id}", who[0], who[1], "111"))
    return id


@pytest.fixture
def office(app: Flask, house: House, now: datetime) -> Any:
    offices.places(house)

    def browser(who: str, *rights: Right, place: str = QIYUN) -> FlaskClient:
        made = app.test_client()
        made.set_cookie(*offices.cookie(house, offices.officer(house, who, place, *rights, now=now), now))
        return made

    return browser


@pytest.fixture
def anna(office: Any) -> FlaskClient:
    found: FlaskClient = office("anna", Right.people)
    return found


@pytest.fixture
def bo(office: Any) -> FlaskClient:
    found: FlaskClient = office("bo", Right.approve)
    return found


def send(browser: FlaskClient, path: str, **typed: str) -> Any:
    token = token_in(browser.get("/console/").text)
    return browser.post(path, data={"csrf": token} | typed, headers={"Accept-Language": "en"})


def search(browser: FlaskClient, who: tuple[str, str] = JIA, /, **changes: str) -> Any:
    plain = {"name": who[0], "number": who[1], "ground": "court", "document": DOCUMENT}
    return send(browser, "/console/people", **(plain | changes))


def asks(browser: FlaskClient, operation: str, **typed: str) -> Any:
    plain = {"ground": "court", "document": DOCUMENT}
    return send(browser, f"/console/people/{WHO}/do/{operation}", **(plain | typed))


def approves(browser: FlaskClient, house: House, asked: Any) -> int:
    assert asked.status_code == 303, asked.text
    id = asked.location.rpartition("/")[2]
    with house.database.read() as db:
        digest = store.approval(db, id).digest
    answer = send(browser, f"/console/approvals/{id}/decide", decision="approve", digest=digest)
    return int(answer.status_code)


def state(house: House, id: str = WHO) -> State:
    with house.database.read() as db:
        found = people.person(db, id)
    assert found is not None
    return found.state


# -- find and look


def test_an_account_is_found_by_exact_name_and_number_and_the_search_stands_in_the_ledger(
    anna: FlaskClient, house: House, jia: str
) -> None:
    assert search(anna).location == f"/console/people/{jia}"
    with house.database.read() as db:
        (event,) = (one for one in ledger.events(db, subject=f"person:{jia}") if one.kind == "person.searched")
    assert event.facts == {"ground": "court", "document": DOCUMENT, "found": True}
    assert event.by == "person:anna"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"name": OUYANG[0]}, 404),
        ({"number": OUYANG[1]}, 404),
        ({"name": ""}, 422),
        ({"number": ""}, 422),
        ({"number": "8801011985"}, 422),
        ({"number": "%"}, 422),
        ({"document": ""}, 422),
        ({"document": JIA[1]}, 422),
        ({"ground": ""}, 422),
        ({"ground": "curiosity"}, 422),
    ],
    ids=str,
)
def test_nothing_less_finds_anything(
    anna: FlaskClient, jia: str, changes: dict[str, str], status: int, house: House
) -> None:
    answer = search(anna, **changes)
    assert answer.status_code == status
    assert anna.get(f"/console/people/{jia}").status_code == 403, "and opens nothing"


def test_a_wrong_name_and_a_wrong_number_look_the_same(anna: FlaskClient, jia: str) -> None:
    pages = [search(anna, name=OUYANG[0]).text, search(anna, number=OUYANG[1]).text]
    plain = [re.sub(r'value="[^"]*"', "", page) for page in pages]
    assert plain[0] == plain[1]


def test_a_search_is_for_whom_holds_the_right(office: Any, jia: str) -> None:
    for rights in ((), (Right.approve,), (Right.desk, Right.cases)):
        assert search(office(f"other-{len(rights)}", *rights)).status_code == 403


def test_records_are_not_for_browsing(office: Any, anna: FlaskClient, jia: str) -> None:
    assert anna.get(f"/console/people/{jia}").status_code == 403
    search(anna)
    assert anna.get(f"/console/people/{jia}").status_code == 200
    assert office("chen", Right.people).get(f"/console/people/{jia}").status_code == 403, "another officer's search"


def test_guessing_has_an_end(anna: FlaskClient, jia: str) -> None:
    answers = [search(anna, OUYANG).status_code for _ in range(verbs.PER_OFFICER.times + 1)]
    assert answers[-1] == 429
    assert set(answers[:-1]) == {404}


def test_the_record_is_masked(anna: FlaskClient, jia: str) -> None:
    search(anna)
    page = anna.get(f"/console/people/{jia}").text
    for private in (*JIA, "account-jia"):
        assert private not in page
    assert "示**" in page


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
@pytest.mark.parametrize("path", ["", f"/{WHO}", *(f"/{WHO}/do/{one.value}" for one in Operation)])
def test_every_page_opens_in_both_languages(anna: FlaskClient, jia: str, path: str, language: str) -> None:
    search(anna)
    answer = anna.get(f"/console/people{path}?lang={language}")
    assert answer.status_code == 200, answer.text
    assert f'lang="{language}"' in answer.text


def test_a_former_name_finds_too(anna: FlaskClient, house: House, jia: str, register: FlaskClient) -> None:
    register.post("/people/renamed", data={"number": JIA[1], "name": "示例新名"})
    search(anna)
    answer = send(anna, f"/console/people/{jia}/ask-register")
    assert "recorded" in answer.text
    assert search(anna).status_code == 303
    assert search(anna, ("示例新名", JIA[1])).status_code == 303


# -- two people


def test_an_act_is_done_when_a_second_person_agrees(anna: FlaskClient, bo: FlaskClient, house: House, jia: str) -> None:
    search(anna)
    asked = asks(anna, "suspend")
    assert state(house) is State.active
    assert approves(anna, house, asked) == 403, "not his own"
    assert bo.get(f"/console/people/{jia}").status_code == 200, "who decides may look"
    assert "Suspend the account" in bo.get(f"{asked.location}?lang=en").text
    assert approves(bo, house, asked) == 303
    assert state(house) is State.suspended
    with house.database.read() as db:
        notice = notices.of_person(db, jia)[0]
        event = next(one for one in ledger.events(db, subject=f"person:{jia}") if one.kind == "person.suspended")
    assert "anna" not in str(notice.values)
    assert notice.values["document"] == DOCUMENT
    assert event.facts["approval"] == asked.location.rpartition("/")[2]


@pytest.mark.parametrize("operation", ["reinstate", "revive", "split", "unlock"])
def test_what_the_state_forbids_is_not_asked(anna: FlaskClient, jia: str, operation: str) -> None:
    search(anna)
    assert asks(anna, operation).status_code == 409
    assert "reinstate" not in anna.get(f"/console/people/{jia}").text


def test_two_officers_open_what_its_owner_locked(
    anna: FlaskClient, bo: FlaskClient, house: House, jia: str, now: datetime
) -> None:
    locks.lock(house, jia, by=f"person:{jia}", now=now)
    search(anna)
    asked = asks(anna, "unlock")
    assert state(house) is State.locked
    assert approves(anna, house, asked) == 403
    assert approves(bo, house, asked) == 303
    assert state(house) is State.active


def test_what_was_asked_before_the_state_changed_is_not_carried_out(
    anna: FlaskClient, bo: FlaskClient, house: House, jia: str
) -> None:
    search(anna)
    first, second = asks(anna, "suspend"), asks(anna, "suspend")
    assert approves(bo, house, first) == 303
    assert approves(bo, house, second) == 409


def test_an_act_needs_ground_and_document(anna: FlaskClient, jia: str) -> None:
    search(anna)
    for wrong in ({"ground": ""}, {"document": ""}, {"document": JIA[1]}):
        assert asks(anna, "suspend", **wrong).status_code == 422
    assert send(anna, f"/console/people/{jia}/do/rm").status_code == 404


def test_a_new_number_is_sealed_until_it_is_decided(anna: FlaskClient, bo: FlaskClient, house: House, jia: str) -> None:
    search(anna)
    asked = asks(anna, "renumber", name=OUYANG[0], number=OUYANG[1])
    with house.database.read() as db:
        body = str(store.approval(db, asked.location.rpartition("/")[2]).body)
    assert OUYANG[0] not in body
    assert OUYANG[1] not in body
    assert "欧***" in bo.get(f"/console/people/{jia}").text
    assert OUYANG[1] not in bo.get(asked.location).text
    assert approves(bo, house, asked) == 303
    with house.database.read() as db:
        assert people.profile(db, house.vault, jia).number == OUYANG[1]
        assert [one.text for one in life_store.former_of(db, house.vault, jia)] == [JIA[1]]


def test_what_the_register_does_not_confirm_is_not_asked(anna: FlaskClient, jia: str) -> None:
    search(anna)
    assert asks(anna, "correct", name=OUYANG[0], number=JIA[1]).status_code == 422


def test_two_accounts_of_one_person_are_merged_and_separated(
    anna: FlaskClient, bo: FlaskClient, house: House, jia: str, now: datetime
) -> None:
    other = account(house, "ouyang", OUYANG, now)
    search(anna)
    assert asks(anna, "merge", name=OUYANG[0], number=JIA[1]).status_code == 404
    assert approves(bo, house, asks(anna, "merge", name=OUYANG[0], number=OUYANG[1])) == 303
    assert state(house, other) is State.merged
    assert search(anna, OUYANG).location == f"/console/people/{jia}", "his other number leads to the account that stays"
    assert f"/console/people/{other}" in anna.get(f"/console/people/{jia}").text
    typed = {"ground": "mistake", "document": DOCUMENT}
    assert approves(bo, house, send(anna, f"/console/people/{other}/do/split", **typed)) == 303
    assert state(house, other) is State.active
    assert search(anna, OUYANG).location == f"/console/people/{other}"


def test_a_report_of_misuse_becomes_one_ticket_of_the_desk(house: House, jia: str, now: datetime) -> None:
    merge.report_misuse(house, jia, now=now)
    assert account_reports.open_letters(house, now) == 1
    assert account_reports.open_letters(house, now) == 0
    with house.database.read() as db:
        (ticket,) = tickets.of_person(db, jia)
        words = tickets.said(db, house.vault, ticket.id, "words")
    assert jia not in words


def test_applications_follow_a_person_into_his_other_account_and_back(house_on: House, now: datetime) -> None:
    world = World(house_on, now)
    case = world.submitted("a")
    assert case.person
    with house_on.database.write() as db:
        known = people.person(db, case.person)
        if known is None:
            made = Person(case.person, now, level=Level.present, holder_key=case.holder_keys[0], proved=now)
            people.add(db, house_on.vault, made, Profile("applicant", JIA[0], JIA[1], "111"))
        people.add(db, house_on.vault, Person("other", now, holder_key="other", proved=now), Profile("other", *OUYANG))
        merge.join_by_office(db, "other", case.person, OFFICE, now)
    assert moves.follow(house_on, now) == 1
    assert moves.follow(house_on, now) == 0
    assert owner(house_on, case.number) == "other"
    with house_on.database.write() as db:
        merge.separate(db, case.person, OFFICE, now)
    assert moves.follow(house_on, now) == 1
    assert owner(house_on, case.number) == case.person


def owner(house: House, number: str) -> str:
    with house.database.read() as db:
        return cases.case(db, number).person


def test_nobody_acts_or_decides_on_his_own_account(
    office: Any, anna: FlaskClient, house: House, jia: str, now: datetime
) -> None:
    search(anna)
    asked = asks(anna, "stop")
    digest = store_digest(house, asked.location.rpartition("/")[2])
    himself = Caller(person=jia, place=QIYUN, rights=frozenset({"people", "approve"}))
    with pytest.raises(ServingOneself):
        approvals.decide(
            house, asked.location.rpartition("/")[2], approve=True, digest=digest, words="", by=himself, now=now
        )
    house.shared.put(f"admin:person:{jia}:{jia}", "1", 60)
    with pytest.raises(ServingOneself):
        verbs.ask(house, jia, Operation.stop, Basis(Ground.request, "窗口2026-7"), by=himself, now=now)


def store_digest(house: House, id: str) -> str:
    with house.database.read() as db:
        return store.approval(db, id).digest
