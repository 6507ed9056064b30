"""Putting a bad rating right: by an officer who did not decide, in one order, unknown raters stay unknown; appeals take two."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from admin import approvals, assessment, rectify
from admin.model.approval import OwnRequest
from admin.model.operator import Right
from admin.model.rating import (
    DONE,
    MOVES,
    Appealed,
    Level,
    NoRating,
    NotAssigned,
    Opinion,
    OwnService,
    Rating,
    Step,
    StepOutOfOrder,
    Task,
    TaskState,
)
from admin.store import ratings as store
from docs.figures import assessment as counted
from hub import clock, ledger, notices
from hub.callers import Caller
from hub.house import House
from hub.problems import BadRequest, NotAllowed
from tests.admin.offices import QIYUN, XICHENG, cookie, officer, places, served
from tests.hub.test_web import token_in

ANONYMOUS = Opinion(Level.dissatisfied, {}, "白跑三次")
KNOWN = Opinion(Level.very_dissatisfied, {}, "态度差", "0880-5550100")
WORK = (Step.verify, Step.fix, Step.reply, Step.close)


@pytest.fixture
def who(house: House, now: datetime) -> dict[str, Caller]:
    """The officers of two cities; the decider is the one whose work is rated."""
    places(house)
    desk, approve = Right.desk, Right.approve
    return {
        "decider": officer(house, "decider", QIYUN, desk, approve, now=now),
        "fuhe": officer(house, "fuhe", QIYUN, desk, approve, now=now),
        "jingban": officer(house, "jingban", QIYUN, desk, approve, now=now),
        "far": officer(house, "far", XICHENG, desk, approve, now=now),
        "clerk": officer(house, "clerk", QIYUN, Right.cases, now=now),
        "above": officer(house, "above", "hub/880000", desk, now=now),
    }


def bad(house: House, now: datetime, opinion: Opinion = ANONYMOUS, number: str = "C-1") -> Rating:
    path = assessment.link_for(house, served(number, now), now)
    return assessment.rate(house, path.rpartition("/")[2], opinion, now)


def work(house: House, id: str, by: Caller, now: datetime, *steps: Step) -> Task:
    for step in steps:
        done = rectify.advance(house, id, step, "" if step is Step.close else f"words of {step}", by=by, now=now)
    return done


# -- the order of the work


def test_the_whole_way_of_an_anonymous_rating(house: House, now: datetime, who: dict[str, Caller]) -> None:
    id = bad(house, now).id
    rectify.assign(house, id, "fuhe", by=who["fuhe"], now=now)
    assert work(house, id, who["fuhe"], now, *WORK).state is TaskState.closed
    with house.database.read() as db:
        told = notices.of_person(db, "citizen")
        assert [one.link for one in told] == [assessment.link_for(house, served("C-1", now), now)]
        assert [done.step for done in store.done(db, house.vault, id)] == [Step.assign, *WORK]
        reply = rectify.reply_to(db, house, store.rating(db, id))
        kinds = [event.kind for event in reversed(ledger.events(db, subject=id))]
    assert reply is not None
    assert reply.words == "words of reply"
    assert kinds == [
        "rating.given",
        "rating.task-opened",
        "rating.assigned",
        "rating.verified",
        "rating.fixed",
        "rating.replied",
        "rating.closed",
    ]


def test_who_wants_to_be_called_is_called_first(house: House, now: datetime, who: dict[str, Caller]) -> None:
    id = bad(house, now, KNOWN).id
    rectify.assign(house, id, "fuhe", by=who["fuhe"], now=now)
    with pytest.raises(StepOutOfOrder):
        work(house, id, who["fuhe"], now, Step.verify)
    assert work(house, id, who["fuhe"], now, Step.call, *WORK).state is TaskState.closed


def test_who_does_not_want_to_be_called_is_not(house: House, now: datetime, who: dict[str, Caller]) -> None:
    id = bad(house, now).id
    rectify.assign(house, id, "fuhe", by=who["fuhe"], now=now)
    with pytest.raises(StepOutOfOrder):
        work(house, id, who["fuhe"], now, Step.call)


@pytest.mark.parametrize("state", TaskState)
@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("reachable", [True, False])
def test_each_state_allows_what_the_table_says(now: datetime, state: TaskState, step: Step, reachable: bool) -> None:  # noqa: FBT001
    task = Task("E-1", QIYUN, now, now, reachable, state)
    skipped = state is TaskState.assigned and step is (Step.verify if reachable else Step.call)
    if (state, step) in MOVES and not skipped:
        after = task.moved(step, now, officer="fuhe")
        assert after.state is MOVES[state, step]
        assert (after.ended is None) == (after.state not in DONE)
    else:
        with pytest.raises(StepOutOfOrder):
            task.moved(step, now)


@pytest.mark.parametrize("words", ["", " \n", "x" * 1001])
def test_a_step_needs_words(house: House, now: datetime, who: dict[str, Caller], words: str) -> None:
    id = bad(house, now).id
    rectify.assign(house, id, "fuhe", by=who["fuhe"], now=now)
    with pytest.raises(BadRequest):
        rectify.advance(house, id, Step.verify, words, by=who["fuhe"], now=now)


# -- by whom


def test_who_decided_does_not_look_after_it(house: House, now: datetime, who: dict[str, Caller]) -> None:
    id = bad(house, now).id
    for by in ("decider", "fuhe"):
        with pytest.raises(OwnService):
            rectify.assign(house, id, "decider", by=who[by], now=now)


@pytest.mark.parametrize("person", ["far", "clerk", "nobody", ""])
def test_it_goes_to_an_officer_of_its_place_with_the_right(
    house: House, now: datetime, who: dict[str, Caller], person: str
) -> None:
    id = bad(house, now).id
    with pytest.raises(NotAssigned):
        rectify.assign(house, id, person, by=who["fuhe"], now=now)
    assert rectify.assign(house, id, "above", by=who["fuhe"], now=now).officer == "above"


def test_only_the_assigned_officer_works_on_it(house: House, now: datetime, who: dict[str, Caller]) -> None:
    id = bad(house, now).id
    with pytest.raises(NotAssigned):
        work(house, id, who["fuhe"], now, Step.verify)
    rectify.assign(house, id, "fuhe", by=who["jingban"], now=now)
    for other, refusal in (("jingban", NotAssigned), ("decider", OwnService)):
        with pytest.raises(refusal):
            work(house, id, who[other], now, Step.verify)
    rectify.assign(house, id, "jingban", by=who["jingban"], now=now)
    with pytest.raises(NotAssigned):
        work(house, id, who["fuhe"], now, Step.verify)


def test_another_city_does_not_even_see_it(house: House, now: datetime, who: dict[str, Caller]) -> None:
    id = bad(house, now).id
    for act in (
        lambda: rectify.assign(house, id, "far", by=who["far"], now=now),
        lambda: work(house, id, who["far"], now, Step.verify),
        lambda: rectify.appeal(house, id, "malicious", by=who["far"], now=now),
    ):
        with pytest.raises(NoRating):
            act()


def test_a_good_rating_has_no_work(house: House, now: datetime, who: dict[str, Caller]) -> None:
    id = bad(house, now, Opinion(Level.satisfied)).id
    with pytest.raises(NoRating):
        rectify.assign(house, id, "fuhe", by=who["fuhe"], now=now)
    with pytest.raises(NoRating):
        rectify.appeal(house, id, "mistaken", by=who["fuhe"], now=now)


# -- appeals


def decide(house: House, asked: Any, by: Caller, now: datetime, *, approve: bool = True) -> None:
    approvals.decide(house, asked.id, approve=approve, digest=asked.digest, words="seen", by=by, now=now)


def test_an_appeal_takes_two_and_keeps_the_rating_out_of_the_figures(
    house: House, now: datetime, who: dict[str, Caller]
) -> None:
    id = bad(house, now).id
    asked = rectify.appeal(house, id, "meant another office", by=who["fuhe"], now=now)
    with pytest.raises(OwnRequest):
        decide(house, asked, who["fuhe"], now)
    decide(house, asked, who["jingban"], now)
    with house.database.read() as db:
        assert store.rating(db, id).excluded == now
        assert store.task(db, id).state is TaskState.excluded
        assert store.opinion(db, house.vault, store.rating(db, id)).text == ANONYMOUS.text
        shown = assessment.figures(db, QIYUN, now)
        assert shown == counted.figures(ledger.export(db, scope=QIYUN), now)
        assert (shown["ratings"], shown["excluded"], shown["open"]) == (0, 1, 0)
        assert assessment.scoreboard(db) == []


def test_the_other_way_round_it_takes_two_as_well(house: House, now: datetime, who: dict[str, Caller]) -> None:
    id = bad(house, now).id
    asked = rectify.appeal(house, id, "meant another office", by=who["jingban"], now=now)
    with pytest.raises(OwnRequest):
        decide(house, asked, who["jingban"], now)
    decide(house, asked, who["fuhe"], now)
    with house.database.read() as db:
        assert store.rating(db, id).excluded


def test_whose_work_is_rated_may_appeal_but_never_decide(house: House, now: datetime, who: dict[str, Caller]) -> None:
    first, second = bad(house, now).id, bad(house, now, number="C-2").id
    asked = rectify.appeal(house, first, "not my case", by=who["fuhe"], now=now)
    with pytest.raises(OwnService):
        decide(house, asked, who["decider"], now)
    own = rectify.appeal(house, second, "not my case", by=who["decider"], now=now)
    with pytest.raises(OwnRequest):
        decide(house, own, who["decider"], now)
    decide(house, own, who["fuhe"], now)


def test_an_appeal_that_is_refused_changes_nothing(house: House, now: datetime, who: dict[str, Caller]) -> None:
    id = bad(house, now).id
    asked = rectify.appeal(house, id, "rude", by=who["fuhe"], now=now)
    for act in (
        lambda: rectify.appeal(house, id, "again", by=who["jingban"], now=now),
        lambda: rectify.assign(house, id, "fuhe", by=who["fuhe"], now=now),
    ):
        with pytest.raises(Appealed):
            act()
    decide(house, asked, who["jingban"], now, approve=False)
    rectify.assign(house, id, "fuhe", by=who["fuhe"], now=now)
    assert work(house, id, who["fuhe"], now, *WORK).state is TaskState.closed


def test_what_was_excluded_is_not_appealed_again(house: House, now: datetime, who: dict[str, Caller]) -> None:
    id = bad(house, now).id
    decide(house, rectify.appeal(house, id, "mistaken", by=who["fuhe"], now=now), who["jingban"], now)
    with pytest.raises(Appealed):
        rectify.appeal(house, id, "mistaken", by=who["fuhe"], now=now)
    with pytest.raises(StepOutOfOrder):
        rectify.assign(house, id, "fuhe", by=who["fuhe"], now=now)


def test_a_rating_that_was_put_right_can_still_be_appealed(house: House, now: datetime, who: dict[str, Caller]) -> None:
    id = bad(house, now).id
    rectify.assign(house, id, "fuhe", by=who["fuhe"], now=now)
    work(house, id, who["fuhe"], now, *WORK)
    decide(house, rectify.appeal(house, id, "mistaken", by=who["fuhe"], now=now), who["jingban"], now)
    with house.database.read() as db:
        assert assessment.figures(db, "hub", now) == counted.figures(ledger.export(db), now)


def test_a_program_cannot_appeal(house: House, now: datetime, who: dict[str, Caller]) -> None:
    id = bad(house, now).id
    with pytest.raises(NotAllowed):
        rectify.appeal(house, id, "x", by=Caller(client="c", place=QIYUN), now=now)


# -- the pages


def browse(client: FlaskClient, house: House, who: Caller, now: datetime) -> FlaskClient:
    client.set_cookie(*cookie(house, who, now))
    return client


def post(client: FlaskClient, path: str, **said: str) -> Any:
    guard = token_in(client.get("/console/approvals").text or "")
    return client.post(path, data={"csrf": guard, **said})


def test_an_officer_never_sees_who_rated_unless_he_may_call_back(
    client: FlaskClient, house: House, now: datetime, who: dict[str, Caller]
) -> None:
    unknown, known = bad(house, now).id, bad(house, now, KNOWN, "C-2").id
    browser = browse(client, house, who["fuhe"], now)
    page = browser.get(f"/console/assessment/{unknown}?lang=en").text
    assert ANONYMOUS.text in page
    assert "C-1" not in page
    assert "citizen" not in page.replace("citizens", "")
    page = browser.get(f"/console/assessment/{known}?lang=en").text
    assert KNOWN.contact in page
    assert "C-2" in page


def test_the_first_limit_stands_first_and_what_is_over_it_says_so(
    client: FlaskClient, house: House, now: datetime, who: dict[str, Caller]
) -> None:
    old, young = bad(house, now - timedelta(days=20)).id, bad(house, now, number="C-2").id
    browser = browse(client, house, who["fuhe"], now)
    page = browser.get("/console/assessment?lang=en").text
    assert page.index(old) < page.index(young)
    assert "over its limit" not in page
    with clock.shifted(20 * 86400):
        page = browser.get("/console/assessment?lang=en").text
    assert "over its limit" in page


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_an_officer_walks_the_way_on_his_pages(
    client: FlaskClient, house: House, now: datetime, who: dict[str, Caller], language: str
) -> None:
    id = bad(house, now, KNOWN).id
    rate = assessment.link_for(house, served("C-1", now), now)
    browser, url = browse(client, house, who["fuhe"], now), f"/console/assessment/{id}"
    assert post(browser, f"{url}/assign", officer="fuhe").status_code == 303
    for step in (Step.call, *WORK):
        assert browser.get(f"{url}?lang={language}").status_code == 200
        assert post(browser, f"{url}/step", step=step.value, words=f"words of {step}").status_code == 303
    assert "words of reply" in browser.get(f"{rate}?lang={language}").text
    assert browser.get(f"/console/assessment?done=1&lang={language}").text.count(id) == 2
    assert post(browser, f"{url}/appeal", reason="mistaken").status_code == 303
    assert browser.get(f"{url}?lang={language}").status_code == 200
    with house.database.read() as db:
        asked = rectify.open_appeal(db, id, now + timedelta(minutes=1))
    assert asked
    decide(house, asked, who["jingban"], now)
    assert browser.get(f"{url}?lang={language}").status_code == 200
    assert "words of reply" not in browser.get(f"{rate}?lang={language}").text
    assert post(browser, f"{url}/step", step="nonsense").status_code == 400


def test_the_pages_keep_others_out(client: FlaskClient, house: House, now: datetime, who: dict[str, Caller]) -> None:
    id = bad(house, now).id
    assert client.get("/console/assessment").status_code == 303
    assert browse(client, house, who["clerk"], now).get(f"/console/assessment/{id}").status_code == 403
    browser = browse(client, house, who["far"], now)
    assert browser.get(f"/console/assessment/{id}").status_code == 404
    assert id not in browser.get("/console/assessment").text
    assert post(browser, f"/console/assessment/{id}/assign", officer="far").status_code == 404
    decider = browse(client, house, who["decider"], now)
    assert post(decider, f"/console/assessment/{id}/assign", officer="decider").status_code == 403
