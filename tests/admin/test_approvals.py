"""Two persons: one asks, another one decides on what he read, once, in time, in his part of the tree, by the right."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection

from admin import approvals, operators
from admin.model.approval import OPEN_DAYS, Approval, NoApproval, NotOpen, NotProved, OtherText, OwnRequest, State
from admin.model.operator import Right
from admin.store import approvals as store
from hub import ledger
from hub.callers import Caller
from hub.house import House
from hub.problems import BadRequest
from idp.store import people
from tests.admin import offices
from tests.admin.offices import QIYUN, XICHENG
from tests.hub.test_web import token_in

KIND = "try"
ANNA = Caller(person="anna", place=QIYUN)
BO = Caller(person="bo", place="hub/880000")
done: list[dict[str, Any]] = []


@pytest.fixture(autouse=True)
def carried() -> Iterator[None]:
    """What is carried out is written down, and nothing else."""
    done.clear()

    def carry(house: House, db: Connection, asked: Approval, by: Caller, now: datetime) -> None:
        if asked.body.get("fails"):
            raise BadRequest("it cannot be done")
        done.append(asked.body)

    approvals.carries(KIND, carry)
    yield
    approvals.CARRIES.pop(KIND)


def ask(house: House, now: datetime, by: Caller = ANNA, **body: Any) -> Approval:
    offices.proved(house, "anna", "bo", "cleo", "dora", *(f"bo-{number}" for number in range(8)))
    with house.database.write() as db:
        return approvals.ask(db, KIND, "thing", body or {"n": 1}, place=QIYUN, reason="needed", by=by, now=now)


def decide(house: House, asked: Approval, now: datetime, by: Caller = BO, **changes: Any) -> Approval:
    plain: dict[str, Any] = {"approve": True, "digest": asked.digest, "words": ""}
    return approvals.decide(house, asked.id, by=by, now=now, **(plain | changes))


def state(house: House, asked: Approval) -> State:
    with house.database.read() as db:
        return store.approval(db, asked.id).state


def test_an_approval_carries_out_exactly_what_was_asked(house_on: House, now: datetime) -> None:
    asked = ask(house_on, now, n=7)
    decided = decide(house_on, asked, now)
    assert (decided.state, decided.decided_by, done) == (State.approved, "bo", [{"n": 7}])
    with house_on.database.read() as db:
        kinds = [event.kind for event in ledger.events(db, subject="thing")]
    assert kinds == ["approval.approved", "approval.asked"]


@pytest.mark.parametrize(
    ("by", "problem"),
    [
        (ANNA, OwnRequest),
        (replace(ANNA, place="hub"), OwnRequest),  # from a higher place
        (replace(ANNA, acting_for="91880101DEM000081U"), OwnRequest),  # in another name
        (Caller(client="program", place="hub"), OwnRequest),  # no person at all
        (replace(BO, place=XICHENG), NoApproval),
        (replace(BO, place="hub/88"), NoApproval),  # a scope is a place, not the beginning of a name
        (replace(BO, place=f"{QIYUN}/880101"), NoApproval),  # below
    ],
)
def test_who_may_not_decide_carries_out_nothing(house: House, now: datetime, by: Caller, problem: type) -> None:
    asked = ask(house, now)
    for approve in (True, False):
        with pytest.raises(problem):
            decide(house, asked, now, by=by, approve=approve, words="because")
    assert (state(house, asked), done) == (State.open, [])


def test_what_was_read_is_what_is_decided(house: House, now: datetime) -> None:
    asked, other = ask(house, now, n=1), ask(house, now, n=2)
    for digest in ("", "0" * 64, other.digest, asked.digest.upper()):
        with pytest.raises(OtherText):
            decide(house, asked, now, digest=digest)
    assert done == []


def test_the_digest_names_kind_subject_and_body(now: datetime) -> None:
    plain = Approval("1", KIND, "thing", QIYUN, {"a": 1, "b": [2]}, "r", "anna", now)
    for other in (replace(plain, kind="x"), replace(plain, subject="x"), replace(plain, body={"a": 1, "b": [3]})):
        assert other.digest != plain.digest
    assert replace(plain, id="2", reason="x", body={"b": [2], "a": 1}).digest == plain.digest


@pytest.mark.parametrize("first", [State.approved, State.refused, State.withdrawn])
def test_a_request_is_decided_once(house: House, now: datetime, first: State) -> None:
    asked = ask(house, now)
    if first is State.withdrawn:
        approvals.withdraw(house, asked.id, by=ANNA, now=now)
    else:
        decide(house, asked, now, approve=first is State.approved, words="so")
    for approve in (True, False):
        with pytest.raises(NotOpen):
            decide(house, asked, now, approve=approve, words="again", by=replace(BO, person="dora"))
    with pytest.raises(NotOpen):
        approvals.withdraw(house, asked.id, by=ANNA, now=now)
    assert state(house, asked) is first
    assert len(done) == (1 if first is State.approved else 0)


def test_it_waits_for_two_weeks_and_not_longer(house: House, now: datetime) -> None:
    asked = ask(house, now)
    end = now + timedelta(days=OPEN_DAYS)
    with pytest.raises(NotOpen):
        decide(house, asked, end)
    assert approvals.expire(house, end - timedelta(seconds=1)) == 0
    assert approvals.expire(house, end) == 1
    assert approvals.expire(house, end) == 0
    assert state(house, asked) is State.expired
    assert done == []
    decide(house, ask(house, now), end - timedelta(seconds=1))
    assert len(done) == 1


def test_only_who_asked_withdraws(house: House, now: datetime) -> None:
    asked = ask(house, now)
    with pytest.raises(NotOpen):
        approvals.withdraw(house, asked.id, by=BO, now=now)
    with pytest.raises(NoApproval):
        approvals.withdraw(house, asked.id, by=replace(ANNA, place=XICHENG), now=now)
    assert state(house, asked) is State.open


def test_a_refusal_and_a_request_need_words(house: House, now: datetime) -> None:
    asked = ask(house, now)
    with pytest.raises(BadRequest):
        decide(house, asked, now, approve=False, words="  ")
    for reason in ("", " ", "x" * 501):
        with house.database.write() as db, pytest.raises(BadRequest):
            approvals.ask(db, KIND, "thing", {}, place=QIYUN, reason=reason, by=ANNA, now=now)
    with house.database.write() as db, pytest.raises(OwnRequest):
        approvals.ask(db, KIND, "thing", {}, place=QIYUN, reason="x", by=Caller(client="program"), now=now)


def test_what_cannot_be_carried_out_stays_open(house_on: House, now: datetime) -> None:
    asked = ask(house_on, now, fails=True)
    with pytest.raises(BadRequest):
        decide(house_on, asked, now)
    assert state(house_on, asked) is State.open
    with house_on.database.read() as db:
        assert [event.kind for event in ledger.events(db, subject="thing")] == ["approval.asked"]


@pytest.mark.parametrize(
    "lacks", [{"level": 2}, {"holder_key": None}, {"state": "suspended"}, {"state": "locked"}], ids=str
)
@pytest.mark.parametrize("who", ["anna", "bo"])
def test_two_accounts_of_which_one_has_no_proved_name_are_not_two_people(
    house: House, now: datetime, who: str, lacks: dict[str, Any]
) -> None:
    asked = ask(house, now)
    with house.database.write() as db:
        db.execute(people.person_table.update().where(people.person_table.c.id == who).values(**lacks))
    with pytest.raises(NotProved):
        decide(house, asked, now)
    assert (state(house, asked), done) == (State.open, [])
    if who == "anna":
        with pytest.raises(NotProved):
            ask(house, now)


def test_an_account_that_nobody_knows_asks_for_nothing(house: House, now: datetime) -> None:
    with pytest.raises(NotProved):
        ask(house, now, by=Caller(person="unknown", place=QIYUN))


# -- over the pages


@pytest.fixture
def officer(app: Flask, house: House, now: datetime) -> Any:
    offices.places(house)

    def browser(who: str, *rights: Right, place: str = QIYUN) -> FlaskClient:
        made = app.test_client()
        made.set_cookie(*offices.cookie(house, offices.officer(house, who, place, *rights, now=now), now))
        return made

    return browser


def send(browser: FlaskClient, asked: Approval, step: str = "decide", **said: str) -> int:
    token = token_in(browser.get("/console/").text)  # the form that signs one out has it
    answer = browser.post(f"/console/approvals/{asked.id}/{step}", data={"csrf": token} | said)
    return answer.status_code


def test_the_pages_hold_the_same_rules(officer: Any, house: House, now: datetime) -> None:
    asked = ask(house, now)
    yes = {"decision": "approve", "digest": asked.digest}
    looks, mine = officer("looks"), officer("anna", Right.approve)
    other, decides = officer("chen", Right.approve, place=XICHENG), officer("bo", Right.approve)
    assert send(looks, asked, **yes) == 403, "without the right"
    assert send(mine, asked, **yes) == 403, "his own"
    assert send(other, asked, **yes) == 404, "another place"
    assert send(decides, asked, decision="approve", digest="0" * 64) == 409, "another text"
    assert send(decides, asked, decision="refuse", digest=asked.digest) == 400, "no words"
    assert send(decides, asked, "withdraw") == 409, "not his to withdraw"
    assert decides.post(f"/console/approvals/{asked.id}/decide", data=yes).status_code == 403, "no form of ours"
    assert (state(house, asked), done) == (State.open, [])
    assert send(decides, asked, **yes) == 303
    assert send(decides, asked, **yes) == 409, "twice"
    assert done == [{"n": 1}]


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_who_asked_is_shown_no_button_to_approve(officer: Any, house: House, now: datetime, language: str) -> None:
    asked = ask(house, now)
    page = f"/console/approvals/{asked.id}?lang={language}"
    assert 'value="approve"' not in officer("anna", Right.approve).get(page).text
    assert 'value="approve"' not in officer("looks").get(page).text
    text = officer("bo", Right.approve).get(page).text
    assert 'value="approve"' in text
    assert asked.digest in text
    assert officer("chen", Right.approve, place=XICHENG).get(page).status_code == 404


def test_nobody_approves_what_a_dismissed_operator_asked(house_on: House, now: datetime) -> None:
    offices.places(house_on)
    offices.officer(house_on, "anna", QIYUN, Right.services, now=now)
    asked, others = ask(house_on, now), ask(house_on, now, by=replace(ANNA, person="cleo"))
    chief = Caller(person="chief", place=QIYUN, rights=frozenset({"see", "operators", "services"}))
    operators.dismiss(house_on, "i-anna", by=chief, now=now)
    with pytest.raises(NotOpen):
        decide(house_on, asked, now)
    assert (state(house_on, asked), done) == (State.withdrawn, [])
    with house_on.database.read() as db:
        assert ledger.events(db, subject="thing")[0].by == "person:chief"
    assert decide(house_on, others, now).state is State.approved


@pytest.mark.parametrize("approve", [True, False])
def test_of_many_decisions_at_once_one_holds(house_on: House, now: datetime, *, approve: bool) -> None:
    asked = ask(house_on, now)

    def said(number: int) -> str:
        try:
            yes = approve or number % 2 == 0
            return decide(house_on, asked, now, by=replace(BO, person=f"bo-{number}"), approve=yes, words="no").state
        except NotOpen:
            return "late"

    with ThreadPoolExecutor(4) as many:
        ended = list(many.map(said, range(8)))
    assert ended.count("late") == 7
    assert len(done) == ended.count("approved")
