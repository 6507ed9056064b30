"""An alert: its owner, the department's answer, its outcome; never by whom it is about; and figures that anyone can recount."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from admin import rules, supervision
from admin.model.alert import (
    AboutYourself,
    Alert,
    AlertElsewhere,
    AlertState,
    AlertWordsMissing,
    Judge,
    NoAlert,
    NotTheOwner,
    Outcome,
    Rule,
    SameHand,
    Severity,
    Signal,
)
from admin.model.operator import Right
from admin.store import alerts as store
from docs.figures import supervision as counted
from hub import clock, ledger
from hub.callers import Caller
from hub.house import House
from hub.problems import BadRequest, NotAllowed, NotFound
from seals import store as seals
from seals.model import Agency, AgencyUnknown
from tests.admin.offices import MARKET, QIYUN, XICHENG, cookie, officer, places
from tests.hub.test_web import token_in

FOUNDED = Outcome.founded


@pytest.fixture
def who(house: House, now: datetime) -> dict[str, Caller]:
    """The people: a department's officers, one of another city, and supervisors."""
    places(house)
    return {
        "jingban": officer(house, "jingban", QIYUN, Right.cases, now=now),
        "fuhe": officer(house, "fuhe", QIYUN, Right.seals, now=now),
        "desk": officer(house, "desk", QIYUN, Right.desk, now=now),
        "developer": officer(house, "developer", QIYUN, Right.services, Right.counter, now=now),
        "far": officer(house, "far", XICHENG, Right.cases, now=now),
        "judge": officer(house, "judge", "hub", Right.supervision, now=now),
        "second": officer(house, "second", "hub", Right.supervision, Right.desk, now=now),
        "local": officer(house, "local", XICHENG, Right.supervision, now=now),
    }


def alert_about(house: House, now: datetime, concerns: str = "jingban", key: str = "k", **told: Any) -> Alert:
    values = {"severity": Severity.yellow, "place": QIYUN, "facts": {"count": 31}} | told
    with house.database.write() as db:
        alert = supervision.raised(
            db, Signal(Rule.look_ups, key, f"person:{concerns}", concerns=concerns, **values), now
        )
    assert alert
    return alert


def state(house: House, alert: Alert) -> AlertState:
    with house.database.read() as db:
        return store.alert(db, alert.id).state


# -- the way of an alert


def test_an_alert_is_owned_answered_and_closed_and_each_step_is_in_the_ledger(
    house: House, now: datetime, who: dict[str, Caller]
) -> None:
    alert = alert_about(house, now)
    supervision.take(house, alert.id, by=who["judge"], now=now)
    supervision.answer(house, alert.id, "an inspection", by=who["fuhe"], now=now)
    closed = supervision.close(house, alert.id, FOUNDED, "it was not", by=who["judge"], now=now)
    assert (closed.state, closed.outcome, closed.owner) == (AlertState.closed, FOUNDED, "judge")
    with house.database.read() as db:
        events = list(reversed(ledger.events(db, subject=alert.id)))
        assert [one.words for one in store.history(db, alert.id)] == ["", "", "an inspection", "it was not"]
    assert [event.kind for event in events] == ["alert.raised", "alert.taken", "alert.answered", "alert.closed"]
    assert [event.by for event in events] == ["rule", "person:judge", "person:fuhe", "person:judge"]
    assert "jingban" not in str([event.facts for event in events])  # facts name no person


def test_whom_it_is_about_neither_owns_nor_answers_nor_closes_it(
    house: House, now: datetime, who: dict[str, Caller]
) -> None:
    about_officer, about_judge = alert_about(house, now), alert_about(house, now, "judge", "k2")
    with pytest.raises(AboutYourself):
        supervision.answer(house, about_officer.id, "it was nothing", by=who["jingban"], now=now)
    with pytest.raises(AboutYourself):
        supervision.take(house, about_judge.id, by=who["judge"], now=now)
    supervision.take(house, about_judge.id, by=who["second"], now=now)
    supervision.answer(house, about_judge.id, "an audit", by=who["jingban"], now=now)
    with pytest.raises(AboutYourself):
        supervision.close(house, about_judge.id, FOUNDED, "no", by=who["judge"], now=now)
    assert supervision.close(house, about_judge.id, FOUNDED, "so", by=who["second"], now=now).closed_by == "second"


def test_the_other_way_round_others_may(house: House, now: datetime, who: dict[str, Caller]) -> None:
    """Each of two officers answers for the other, and neither for himself."""
    for about, answers in (("jingban", "fuhe"), ("fuhe", "jingban")):
        alert = alert_about(house, now, about, about)
        with pytest.raises(AboutYourself):
            supervision.answer(house, alert.id, "x", by=who[about], now=now)
        assert supervision.answer(house, alert.id, "x", by=who[answers], now=now).answered_by == answers


def test_an_alert_about_nobody_alone_is_answered_by_anybody_there(
    house: House, now: datetime, who: dict[str, Caller]
) -> None:
    for name in ("jingban", "fuhe", "desk"):
        answered = supervision.answer(house, alert_about(house, now, "", name).id, "x", by=who[name], now=now)
        assert answered.answered_by == name


@pytest.mark.parametrize(
    ("name", "refusal"), [("developer", NotAllowed), ("judge", NotAllowed), ("second", Judge), ("far", NoAlert)]
)
def test_only_the_department_concerned_answers(
    house: House, now: datetime, who: dict[str, Caller], name: str, refusal: type[Exception]
) -> None:
    alert = alert_about(house, now)
    with pytest.raises(refusal):
        supervision.answer(house, alert.id, "x", by=who[name], now=now)
    assert state(house, alert) is AlertState.open


def test_who_answered_does_not_judge_it_after_he_became_a_supervisor(
    house: House, now: datetime, who: dict[str, Caller]
) -> None:
    alert = alert_about(house, now)
    supervision.answer(house, alert.id, "x", by=who["fuhe"], now=now)
    promoted = Caller(person="fuhe", place="hub", rights=frozenset(("see", "supervision")))
    supervision.take(house, alert.id, by=promoted, now=now)
    with pytest.raises(SameHand):
        supervision.close(house, alert.id, FOUNDED, "x", by=promoted, now=now)


def test_only_the_owner_closes_and_only_what_was_answered(house: House, now: datetime, who: dict[str, Caller]) -> None:
    alert = alert_about(house, now)
    with pytest.raises(NotTheOwner):
        supervision.close(house, alert.id, FOUNDED, "x", by=who["judge"], now=now)
    supervision.take(house, alert.id, by=who["judge"], now=now)
    with pytest.raises(AlertElsewhere):
        supervision.close(house, alert.id, FOUNDED, "x", by=who["judge"], now=now)
    supervision.answer(house, alert.id, "x", by=who["fuhe"], now=now)
    with pytest.raises(NotTheOwner):
        supervision.close(house, alert.id, FOUNDED, "x", by=who["second"], now=now)
    supervision.take(house, alert.id, by=who["second"], now=now)
    supervision.close(house, alert.id, FOUNDED, "x", by=who["second"], now=now)
    with pytest.raises(AlertElsewhere):
        supervision.take(house, alert.id, by=who["judge"], now=now)
    with pytest.raises(AlertElsewhere):
        supervision.answer(house, alert.id, "x", by=who["desk"], now=now)
    with pytest.raises(AlertElsewhere):
        supervision.close(house, alert.id, FOUNDED, "x", by=who["second"], now=now)


def test_a_supervisor_judges_his_part_of_the_tree(house: House, now: datetime, who: dict[str, Caller]) -> None:
    alert = alert_about(house, now)
    with pytest.raises(NoAlert):
        supervision.take(house, alert.id, by=who["local"], now=now)
    near = alert_about(house, now, key="k2", place=XICHENG)
    assert supervision.take(house, near.id, by=who["local"], now=now).owner == "local"


@pytest.mark.parametrize("words", ["", " \n ", "x" * 1001])
def test_an_answer_and_an_outcome_need_words(house: House, now: datetime, who: dict[str, Caller], words: str) -> None:
    alert = alert_about(house, now)
    with pytest.raises(AlertWordsMissing):
        supervision.answer(house, alert.id, words, by=who["fuhe"], now=now)
    supervision.take(house, alert.id, by=who["judge"], now=now)
    supervision.answer(house, alert.id, "x", by=who["fuhe"], now=now)
    with pytest.raises(AlertWordsMissing):
        supervision.close(house, alert.id, FOUNDED, words, by=who["judge"], now=now)


# -- hours


@pytest.mark.parametrize(
    ("opens", "closes"),
    [("18:00", "08:30"), ("8.30", "18:00"), ("", ""), ("08:30", "24:00"), ("08:30:01", "18:00"), ("08:30Z", "18:00")],
)
def test_hours_that_are_none_are_refused(now: datetime, opens: str, closes: str) -> None:
    with pytest.raises(BadRequest):
        supervision.hours_of(MARKET, opens, closes, daily=False, reason="x", now=now)


@given(st.text(), st.text())
def test_any_hours_are_read_or_refused(opens: str, closes: str) -> None:
    try:
        hours = supervision.hours_of(MARKET, opens, closes, daily=False, reason="x", now=datetime.max)  # noqa: DTZ901
    except BadRequest:
        return
    assert hours.opens <= hours.closes


def test_hours_need_a_reason_and_an_agency_of_one_s_own(house: House, now: datetime, who: dict[str, Caller]) -> None:
    with house.database.write() as db:
        seals.keep_agency(db, Agency(MARKET, "栖云市市场监督管理局", "Qiyun Market Regulation", QIYUN))

    def hours(reason: str, agency: str = MARKET) -> Any:
        return supervision.hours_of(agency, "07:00", "20:00", daily=False, reason=reason, now=now)

    with pytest.raises(BadRequest):
        supervision.set_hours(house, hours(" "), by=who["judge"], now=now)
    with pytest.raises(AgencyUnknown):
        supervision.set_hours(house, hours("x"), by=who["local"], now=now)
    with pytest.raises(NotFound):
        supervision.drop_hours(house, MARKET, by=who["judge"], now=now)
    supervision.set_hours(house, hours("long evenings"), by=who["judge"], now=now)
    supervision.set_hours(house, hours("longer evenings"), by=who["judge"], now=now)
    with house.database.read() as db:
        assert store.hours(db)[MARKET].reason == "longer evenings"
        assert len(ledger.events(db, kind="seal-hours.set")) == 2


# -- figures


def test_the_figures_can_be_counted_again_from_the_ledger(house: House, now: datetime, who: dict[str, Caller]) -> None:
    ids = [alert_about(house, now, key=f"k{n}").id for n in range(5)]
    alert_about(house, now, key="far", place=XICHENG, severity=Severity.red)
    alert_about(house, now, key="k0", severity=Severity.red)  # the yellow becomes red
    for id in ids[1:4]:
        supervision.take(house, id, by=who["judge"], now=now)
        supervision.answer(house, id, "x", by=who["fuhe"], now=now)
    for id, outcome in zip(ids[1:3], (Outcome.founded, Outcome.corrected), strict=True):
        supervision.close(house, id, outcome, "x", by=who["judge"], now=now)
    alert_about(house, now, key="k2")  # again
    for scope in ("hub", QIYUN, "hub/870000"):
        for moment in (now, now + timedelta(days=10)):
            with house.database.read() as db:
                shown = supervision.figures(db, scope, moment)
                assert counted.figures(ledger.export(db, scope=scope), moment) == shown
    with house.database.read() as db:
        shown = supervision.figures(db, "hub", now + timedelta(days=10))
    assert (shown["alerts"], shown["red"], shown["open"], shown["late"], shown["founded"]) == (6, 2, 4, 4, 1)


# -- the pages


def browse(client: FlaskClient, house: House, who: Caller, now: datetime) -> FlaskClient:
    client.set_cookie(*cookie(house, who, now))
    return client


def post(client: FlaskClient, path: str, **said: str) -> Any:
    guard = token_in(client.get("/console/approvals").text or "")
    return client.post(path, data={"csrf": guard, **said})


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_the_whole_way_on_the_pages(
    client: FlaskClient, house: House, now: datetime, who: dict[str, Caller], language: str
) -> None:
    happened = [("case.looked", f"C-{n}", "person:jingban") for n in range(31)]
    with house.database.write() as db:
        for kind, subject, by in happened:
            ledger.wrote(db, kind, subject, by=by, at=now, place=QIYUN)
    ledger.sequence(house, now)
    rules.watch(house, now)
    with house.database.read() as db:
        (alert,) = store.alerts(db)
    own, judged = f"/console/alerts/{alert.id}", f"/console/supervision/{alert.id}"
    judge = browse(client, house, who["judge"], now)
    assert alert.id in judge.get(f"/console/supervision?lang={language}&severity=yellow&state=open").text
    assert alert.id not in judge.get(f"/console/supervision?lang={language}&severity=red").text
    assert alert.id not in judge.get(f"/console/supervision?lang={language}&place=hub/870000").text
    assert "C-30" in judge.get(f"{judged}?lang={language}").text
    assert post(judge, f"{judged}/take").status_code == 303
    concerned = browse(client, house, who["jingban"], now)
    assert "<textarea" not in concerned.get(f"{own}?lang={language}").text
    assert post(concerned, f"{own}/answer", words="x").status_code == 403
    officer = browse(client, house, who["fuhe"], now)
    assert alert.id in officer.get(f"/console/alerts?lang={language}").text
    assert "<textarea" in officer.get(f"{own}?lang={language}").text
    assert post(officer, f"{own}/answer", words="an inspection").status_code == 303
    judge = browse(client, house, who["judge"], now)
    assert "an inspection" in judge.get(f"{judged}?lang={language}").text
    assert post(judge, f"{judged}/close", words="x").status_code == 400
    assert post(judge, f"{judged}/close", outcome="unfounded", words="it was one").status_code == 303
    assert judge.get(f"{judged}?lang={language}").status_code == 200
    with clock.shifted(10 * 86400):
        assert judge.get(f"/console/supervision?lang={language}&state=closed").status_code == 200


def test_the_pages_keep_others_out(client: FlaskClient, house: House, now: datetime, who: dict[str, Caller]) -> None:
    alert = alert_about(house, now)
    own, judged = f"/console/alerts/{alert.id}", f"/console/supervision/{alert.id}"
    assert client.get("/console/alerts").status_code == client.get("/console/supervision").status_code == 303
    for name, pages in (
        ("developer", ("/console/alerts", own, "/console/supervision", judged, "/console/supervision/hours")),
        ("fuhe", ("/console/supervision", judged, "/console/supervision/hours")),
        ("judge", ("/console/alerts", own)),
    ):
        browser = browse(client, house, who[name], now)
        assert [browser.get(page).status_code for page in pages] == [403] * len(pages)
    far = browse(client, house, who["far"], now)
    assert far.get(own).status_code == 404
    assert alert.id not in far.get("/console/alerts").text
    assert post(far, f"{own}/answer", words="x").status_code == 404
    assert post(far, f"{judged}/take").status_code == 403
    local = browse(client, house, who["local"], now)
    assert local.get(judged).status_code == 404
    assert alert.id not in local.get("/console/supervision?place=hub").text


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_hours_are_set_and_dropped_on_their_page(
    client: FlaskClient, house: House, now: datetime, who: dict[str, Caller], language: str
) -> None:
    with house.database.write() as db:
        seals.keep_agency(db, Agency(MARKET, "栖云市市场监督管理局", "Qiyun Market Regulation", QIYUN))
    judge, page = browse(client, house, who["judge"], now), "/console/supervision/hours"
    said = {"agency": MARKET, "opens": "07:00", "closes": "20:00", "daily": "yes", "reason": "evening service"}
    assert post(judge, page, **said).status_code == 303
    shown = judge.get(f"{page}?lang={language}").text
    assert "evening service" in shown
    assert "07:00" in shown
    assert post(judge, page, **said | {"closes": "6 pm"}).status_code == 400
    assert post(judge, page, usual=MARKET).status_code == 303
    assert "evening service" not in judge.get(f"{page}?lang={language}").text
