"""The rules of supervision: what they see, what they do not, and that looking again changes nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from admin import assessment, rules, supervision
from admin.model.alert import LOOK_UPS, MANY_LOOK_UPS, Alert, AlertState, Outcome, Rule, Severity, What
from admin.model.case import Case, CaseState, Channel
from admin.model.operator import Right
from admin.model.rating import Level, Opinion
from admin.store import alerts as store
from admin.store import cases
from admin.workdays import BEIJING, add_workdays
from hub import ledger
from hub.house import House
from seals import lifecycle
from seals.model import Agency
from tests.admin.offices import ITEM, MARKET, QIYUN, XICHENG, officer, places, served

MONDAY = datetime(2026, 11, 23, 10, tzinfo=BEIJING)


@pytest.fixture(autouse=True)
def tree(request: pytest.FixtureRequest) -> None:
    places(request.getfixturevalue("house_on" if "house_on" in request.fixturenames else "house"))


def happen(house: House, *events: tuple[str, str, str, datetime], place: str = QIYUN) -> None:
    """Events of the ledger: kind, subject, by and when; then what the ticker does."""
    with house.database.write() as db:
        for kind, subject, by, at in events:
            ledger.wrote(db, kind, subject, by=by, at=at, place=place)
    sequenced(house, events[-1][3])


def sequenced(house: House, now: datetime) -> None:
    while ledger.sequence(house, now):
        pass
    while rules.watch(house, now):
        pass


def alerts(house: House, scope: str = "hub") -> list[Alert]:
    with house.database.read() as db:
        return store.alerts(db, scope)


def steps(house: House, alert: Alert) -> list[What]:
    with house.database.read() as db:
        return [one.what for one in store.history(db, alert.id)]


def looks(count: int, at: datetime = MONDAY, who: str = "jingban", kind: str = "case.looked") -> Sequence[Any]:
    return [(kind, f"C-{number}", f"person:{who}", at + timedelta(seconds=number)) for number in range(count)]


# -- mass look-ups


def test_more_look_ups_than_anybody_serves_raise_one_alert(house_on: House) -> None:
    happen(house_on, *looks(LOOK_UPS))
    assert alerts(house_on) == []
    happen(house_on, ("person.looked-up", "visit-1", "person:jingban", MONDAY + timedelta(minutes=9)))
    (alert,) = alerts(house_on)
    assert (alert.rule, alert.severity, alert.concerns, alert.place) == (
        Rule.look_ups,
        Severity.yellow,
        "jingban",
        QIYUN,
    )
    with house_on.database.read() as db:
        assert len(store.evidence(db, alert.id)) == LOOK_UPS + 1
        assert len(ledger.named(db, store.evidence(db, alert.id))) == LOOK_UPS + 1


def test_looking_again_raises_nothing_new(house_on: House) -> None:
    happen(house_on, *looks(LOOK_UPS + 1))
    before = alerts(house_on)
    assert rules.watch(house_on, MONDAY) == 0
    sequenced(house_on, MONDAY)  # the ledger now holds the alert itself
    assert rules.watch(house_on, MONDAY) == 0
    assert alerts(house_on) == before


def test_of_two_processes_one_looks(house_on: House) -> None:
    happen(house_on, *looks(3))
    with house_on.database.write() as db:
        mark = store.seen(db, rules.READER)
        assert mark is not None
        assert store.mark_seen(db, rules.READER, mark, mark + 5)
        assert not store.mark_seen(db, rules.READER, mark, mark + 5)


def test_twice_as_many_turn_the_alert_red_and_its_history_keeps_the_yellow(house: House) -> None:
    happen(house, *looks(MANY_LOOK_UPS + 1))
    (alert,) = alerts(house)
    assert alert.severity is Severity.red
    assert steps(house, alert) == [What.raised, What.escalated]
    assert alert.facts["count"] == MANY_LOOK_UPS + 1


def test_the_same_number_over_a_day_is_a_day_s_work(house: House) -> None:
    work = [("case.looked", f"C-{n}", "person:jingban", MONDAY + timedelta(minutes=3 * n)) for n in range(100)]
    happen(house, *work)
    assert alerts(house) == []


def test_two_officers_are_counted_apart(house: House) -> None:
    happen(house, *looks(LOOK_UPS), *looks(LOOK_UPS, who="fuhe"))
    assert alerts(house) == []


@pytest.mark.parametrize("by", ["client:demo-market", "nobody", "ticker"])
def test_what_no_person_does_is_no_look_up(house: House, by: str) -> None:
    happen(house, *[("case.looked", f"C-{n}", by, MONDAY) for n in range(LOOK_UPS + 5)])
    assert alerts(house) == []


@pytest.mark.parametrize("kind", ["case.accepted", "case.approved", "person.looked", "license.issued"])
def test_other_events_are_no_look_ups(house: House, kind: str) -> None:
    happen(house, *looks(LOOK_UPS + 5, kind=kind))
    assert alerts(house) == []


def test_the_alert_belongs_to_the_officer_s_place(house: House, now: datetime) -> None:
    officer(house, "jingban", XICHENG, Right.cases, now=now)
    happen(house, *looks(LOOK_UPS + 1))
    assert [one.place for one in alerts(house)] == [XICHENG]
    assert alerts(house, QIYUN) == []


def test_what_was_judged_is_not_counted_again_and_more_opens_it_again(house: House, now: datetime) -> None:
    clerk = officer(house, "clerk", QIYUN, Right.cases, now=now)
    judge = officer(house, "judge", "hub", Right.supervision, now=now)
    happen(house, *looks(LOOK_UPS + 1))
    (alert,) = alerts(house)
    later = MONDAY + timedelta(minutes=5)
    supervision.take(house, alert.id, by=judge, now=later)
    supervision.answer(house, alert.id, "an inspection", by=clerk, now=later)
    supervision.close(house, alert.id, Outcome.unfounded, "it was one", by=judge, now=later)
    happen(house, *looks(LOOK_UPS, later + timedelta(minutes=1)))
    assert [one.state for one in alerts(house)] == [AlertState.closed]
    happen(house, *looks(1, later + timedelta(minutes=9)))
    (again,) = alerts(house)
    assert (again.id, again.state, again.owner, again.outcome) == (alert.id, AlertState.open, "", None)
    assert steps(house, again)[-1] is What.again


# -- seals


def a_seal(house: House, now: datetime) -> str:
    agency = Agency(MARKET, "栖云市市场监督管理局", "Qiyun Market Regulation", QIYUN)
    return lifecycle.make_seal(house, agency, code13="8801010000017", by="test", now=now).id


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        ("2026-11-23T08:29:59", False),
        ("2026-11-23T08:30:00", True),
        ("2026-11-23T17:59:59", True),
        ("2026-11-23T18:00:00", False),
        ("2026-11-22T10:00:00", False),  # a Sunday
        ("2026-10-10T10:00:00", True),  # a make-up Saturday
        ("2026-10-01T10:00:00", False),  # National Day, a Thursday
    ],
)
def test_office_hours_are_those_of_beijing_on_working_days(house: House, now: datetime, at: str, inside: bool) -> None:  # noqa: FBT001
    seal = a_seal(house, now)
    happen(house, ("seal.used", seal, "client:demo-market", datetime.fromisoformat(at).replace(tzinfo=BEIJING)))
    assert (alerts(house) == []) is inside


def test_a_person_at_night_is_red_and_concerned_a_program_is_yellow(house: House, now: datetime) -> None:
    seal, night = a_seal(house, now), MONDAY.replace(hour=23)
    happen(house, ("seal.used", seal, "client:demo-market", night), ("seal.used", seal, "person:jingban", night))
    red, yellow = alerts(house)
    assert (red.severity, red.concerns, red.subject) == (Severity.red, "jingban", seal)
    assert (yellow.severity, yellow.concerns) == (Severity.yellow, "")


def test_a_whole_night_of_one_seal_is_one_alert(house: House, now: datetime) -> None:
    seal, night = a_seal(house, now), MONDAY.replace(hour=20)
    happen(house, *[("seal.used", seal, "client:demo-market", night + timedelta(minutes=n)) for n in range(50)])
    (alert,) = alerts(house)
    with house.database.read() as db:
        assert len(store.evidence(db, alert.id)) == 50
    happen(house, ("seal.used", seal, "client:demo-market", night + timedelta(days=1)))
    assert len(alerts(house)) == 2


def test_an_agency_may_have_hours_of_its_own(house: House, now: datetime) -> None:
    seal, night = a_seal(house, now), MONDAY.replace(hour=23)
    judge = officer(house, "judge", "hub", Right.supervision, now=now)
    hours = supervision.hours_of(MARKET, "00:00", "00:00", daily=True, reason="a service by day and night", now=now)
    supervision.set_hours(house, hours, by=judge, now=now)
    happen(house, ("seal.used", seal, "client:demo-market", night))
    assert alerts(house) == []
    narrow = supervision.hours_of(MARKET, "09:00", "12:00", daily=False, reason="mornings only", now=now)
    supervision.set_hours(house, narrow, by=judge, now=now)
    happen(house, ("seal.used", seal, "client:demo-market", MONDAY.replace(hour=14)))
    assert len(alerts(house)) == 1
    supervision.drop_hours(house, MARKET, by=judge, now=now)
    happen(house, ("seal.used", seal, "person:x", MONDAY.replace(hour=14)))
    assert len(alerts(house)) == 1


# -- time limits


def a_case(start: datetime, days: int, number: str = "C-1", **changed: Any) -> Case:
    case = Case(
        number=number,
        key=number,
        item=ITEM,
        item_version=1,
        kind="",
        agency=MARKET,
        place=QIYUN,
        person="citizen",
        acting_for=None,
        holder_keys=(),
        channel=Channel.online,
        submitted=start,
        counts_from=start,
        due=add_workdays(start, days),
        materials_asked=0,
        materials_avoided=0,
        visits=0,
        state=CaseState.accepted,
        officer="jingban",
    )
    return replace(case, **changed)


def opened(house: House, case: Case) -> Case:
    with house.database.write() as db:
        cases.add(db, case)
        for kind in ("case.submitted", "case.accepted", "case.looked"):
            ledger.wrote(db, kind, case.number, by="person:jingban", at=case.submitted, place=case.place)
    return case


def test_nine_tenths_of_the_promised_time_are_yellow_and_all_of_it_red(house_on: House) -> None:
    case = opened(house_on, a_case(MONDAY.replace(hour=0), 9))  # ten working days from the midnight before
    for at, count in ((MONDAY, 0), (case.due - timedelta(hours=25), 0), (case.due - timedelta(hours=24), 1)):
        rules.deadlines(house_on, at)
        assert len(alerts(house_on)) == count
    (yellow,) = alerts(house_on)
    assert (yellow.severity, yellow.concerns, yellow.subject) == (Severity.yellow, "jingban", "C-1")
    assert rules.deadlines(house_on, case.due - timedelta(seconds=1)) == 0
    assert rules.deadlines(house_on, case.due) == 1
    assert rules.deadlines(house_on, case.due + timedelta(days=9)) == 0
    (red,) = alerts(house_on)
    assert (red.id, red.severity, red.state) == (yellow.id, Severity.red, AlertState.open)
    assert steps(house_on, red) == [What.raised, What.escalated]
    with house_on.database.read() as db:
        kinds = [event.kind for event in ledger.named(db, store.evidence(db, red.id))]
    assert kinds == ["case.submitted", "case.accepted"]


@pytest.mark.parametrize(
    "state", [state for state in CaseState if state not in (CaseState.submitted, CaseState.accepted)]
)
def test_what_does_not_wait_for_the_office_is_never_late(house: House, state: CaseState) -> None:
    case = opened(house, a_case(MONDAY, 5, state=state))
    assert rules.deadlines(house, case.due + timedelta(days=30)) == 0


def test_days_of_rest_do_not_bring_the_yellow_nearer(house: House) -> None:
    start = datetime(2026, 9, 30, 0, tzinfo=BEIJING)
    case = opened(house, a_case(start, 1))  # until the end of 8 October, after seven days of rest
    assert case.due == datetime(2026, 10, 9, tzinfo=BEIJING)
    assert rules.deadlines(house, datetime(2026, 10, 8, tzinfo=BEIJING)) == 0
    assert rules.deadlines(house, datetime(2026, 10, 8, 19, 12, tzinfo=BEIJING)) == 1


def test_an_answer_of_the_applicant_starts_another_time(house: House, now: datetime) -> None:
    first = opened(house, a_case(MONDAY, 1))
    rules.deadlines(house, first.due)
    second = replace(first, counts_from=first.due, due=add_workdays(first.due, 1))
    with house.database.write() as db:
        assert cases.keep(db, first, second)
    assert rules.deadlines(house, first.due) == 0
    assert rules.deadlines(house, second.due) == 1
    assert len(alerts(house)) == 2


def test_a_bad_rating_that_is_not_put_right_in_time_becomes_an_alert(house: House) -> None:
    path = assessment.link_for(house, served("C-1", MONDAY), MONDAY)
    rating = assessment.rate(house, path.rpartition("/")[2], Opinion(Level.dissatisfied), MONDAY)
    due = add_workdays(MONDAY, 15)
    assert rules.deadlines(house, MONDAY + timedelta(days=14)) == 0
    assert rules.deadlines(house, due) == 1
    (alert,) = alerts(house)
    assert (alert.rule, alert.subject, alert.severity) == (Rule.rating_time, rating.id, Severity.red)
    assert "C-1" not in str(alert)


def test_an_answer_to_the_yellow_is_none_to_the_red(house: House, now: datetime) -> None:
    case = opened(house, a_case(MONDAY.replace(hour=0), 9))
    clerk = officer(house, "clerk", QIYUN, Right.cases, now=now)
    rules.deadlines(house, case.due - timedelta(hours=1))
    supervision.answer(house, alerts(house)[0].id, "tomorrow", by=clerk, now=case.due - timedelta(hours=1))
    rules.deadlines(house, case.due)
    (alert,) = alerts(house)
    assert (alert.state, alert.severity) == (AlertState.open, Severity.red)
