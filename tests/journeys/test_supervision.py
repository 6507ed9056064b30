"""A rule sees something real; its alert is owned, answered by the department, judged, and never handled by whom it is about."""

import re
from datetime import datetime

import pytest

from admin import rules, supervision
from admin.model.alert import USUAL, AlertState, Rule, Severity, What
from admin.store import alerts as store
from admin.store import cases
from admin.workdays import BEIJING, is_workday
from docs.figures import supervision as counted
from hub import clock, ledger
from tests.world import World
from yinxin.tour.cases import Application
from yinxin.tour.story import Story
from yinxin.tour.supervision import Chapter

QIYUN = "hub/880000/880100"


@pytest.fixture(scope="module")
def application(merchant: Story) -> Application:
    """A citizen's application that waits."""
    made_one = Application(merchant)
    made_one.apply()
    return made_one


@pytest.fixture(scope="module")
def chapter(application: Application) -> Chapter:
    """The chapter of the tour, in the same story."""
    return Chapter(application.story)


def test_mass_look_ups_are_seen_answered_and_judged(chapter: Chapter, made: World) -> None:
    for step in (chapter.look_too_often, chapter.see_alert, chapter.answer, chapter.close):
        assert step()
    with made.house.database.read() as db:
        alert = store.alert(db, chapter.alert)
        assert [one.what for one in store.history(db, alert.id)] == [
            What.raised,
            What.taken,
            What.answered,
            What.closed,
        ]
        assert len(store.evidence(db, alert.id)) == 31
    assert (alert.rule, alert.state, alert.place) == (Rule.look_ups, AlertState.closed, QIYUN)


def test_looking_on_after_the_judgement_opens_it_again(chapter: Chapter, made: World) -> None:
    chapter.look_too_often()
    chapter.see_alert()
    with made.house.database.read() as db:
        assert What.again in [one.what for one in store.history(db, chapter.alert)]


def test_an_officer_who_is_concerned_is_refused(chapter: Chapter, made: World) -> None:
    officer, hub = made.officers["qiyun.jingban"], made.sites.hub
    officer.open(f"{hub}/console/alerts/{chapter.alert}?lang=en")
    officer.submit(action="/sign-out", to=f"/console/alerts/{chapter.alert}/answer", words="It was nothing.")
    assert officer.page.status_code == 403
    assert "This alert is about yourself" in officer.page.text


def test_a_supervisor_does_not_answer_and_a_department_does_not_judge(chapter: Chapter, made: World) -> None:
    hub = made.sites.hub
    judge, officer = made.officers["hub.jiandu"], made.officers["qiyun.fuhe"]
    assert "Supervision" in judge.open(f"{hub}/console/supervision?lang=en").text
    judge.submit(action="/sign-out", to=f"/console/alerts/{chapter.alert}/answer", words="I answer for them.")
    assert judge.page.status_code == 403
    officer.open(f"{hub}/console/alerts?lang=en")
    for step in ("take", "close"):
        officer.open(f"{hub}/console/alerts?lang=en")
        officer.submit(
            action="/sign-out", to=f"/console/supervision/{chapter.alert}/{step}", outcome="unfounded", words="x"
        )
        assert officer.page.status_code == 403
    assert officer.open(f"{hub}/console/supervision").status_code == 403
    assert made.officers["yunlan.shuju"].open(f"{hub}/console/alerts").status_code == 403


def test_a_promised_time_turns_yellow_then_red_and_both_stay_visible(application: Application, made: World) -> None:
    house, number = made.house, application.number
    with house.database.read() as db:
        case = cases.case(db, number)
    to_due = (case.due - clock.now()).total_seconds()
    with clock.shifted(to_due - 3600):
        rules.deadlines(house, clock.now())
    with clock.shifted(to_due + 60):
        rules.deadlines(house, clock.now())
        rules.deadlines(house, clock.now())
    with house.database.read() as db:
        (alert,) = [one for one in store.alerts(db) if one.rule is Rule.case_time and one.subject == number]
        assert [(one.what, one.severity) for one in store.history(db, alert.id)] == [
            (What.raised, Severity.yellow),
            (What.escalated, Severity.red),
        ]
    page = made.officers["hub.jiandu"].open(f"{made.sites.hub}/console/supervision/{alert.id}?lang=en").text
    assert "Turned from yellow to red" in page
    assert "Application handed in" in page
    assert number in page


def test_a_seal_used_outside_office_hours_is_seen(application: Application, made: World) -> None:
    """The department's site has issued the business license a moment ago: whether that was in office hours, the rule says."""
    made.tick()
    with made.house.database.read() as db:
        used = [one for one in ledger.events(db, kind="seal.used", limit=200) if "demo-market" in one.by]
        found = [one for one in store.alerts(db) if one.rule is Rule.seal_hours]
        tied = {event for one in found for event in store.evidence(db, one.id)}
    assert used
    outside = {one.id for one in used if not in_office(one.at.astimezone(BEIJING))}
    assert outside == {one.id for one in used if one.id in tied}


def in_office(local: datetime) -> bool:
    return USUAL.hold(at=local.time(), workday=is_workday(local.date()))


def test_the_board_shows_what_the_ledger_counts(chapter: Chapter, made: World) -> None:
    now = clock.now()
    for scope in ("hub", QIYUN, "hub/870000"):
        with made.house.database.read() as db:
            assert supervision.figures(db, scope, now) == counted.figures(list(ledger.export(db, scope=scope)), now)
    judge = made.officers["hub.jiandu"]
    page = judge.open(f"{made.sites.hub}/console/supervision?lang=en&state=open&severity=red")
    with made.house.database.read() as db:
        shown = supervision.figures(db, "hub", now)
    assert [str(shown[name]) for name in ("alerts", "red", "yellow")] == judge.facts[:3]
    assert not re.search(r"person:", page.text)
