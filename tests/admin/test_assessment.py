"""Rating a service: once, voluntarily, by a link that nobody guesses; published only where nobody can be found out."""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from admin import assessment
from admin.assessment import Score
from admin.model.case import Case, CaseState, Channel, NoCase
from admin.model.rating import (
    AlreadyRated,
    Level,
    NoRating,
    NotDecided,
    Opinion,
    Rating,
    RatingOver,
    RatingWrong,
    Service,
    digest_of,
    percent,
)
from admin.store import cases
from admin.store import ratings as store
from admin.workdays import BEIJING
from docs.figures import assessment as counted
from hub import callers, clock, ledger
from hub.callers import Caller
from hub.house import House
from tests.admin.offices import ITEM, MARKET, QIYUN, XICHENG, served
from tests.hub.test_web import token_in

GOOD, BAD = Opinion(Level.satisfied), Opinion(Level.dissatisfied, {"efficiency": 1}, "三次白跑", "")
SERVICE = served("C-1", datetime(2026, 11, 20, tzinfo=BEIJING))


def link(house: House, now: datetime, number: str = "C-1", **told: Any) -> str:
    return assessment.link_for(house, served(number, now, **told), now).rpartition("/")[2]


def rate(house: House, now: datetime, number: str = "C-1", opinion: Opinion = GOOD, **told: Any) -> Rating:
    return assessment.rate(house, link(house, now, number, **told), opinion, now)


# -- the link


def a_case(now: datetime, state: CaseState, number: str = "C-7") -> Case:
    decided = now - timedelta(hours=1) if state in (CaseState.approved, CaseState.refused) else None
    return Case(
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
        submitted=now - timedelta(days=1),
        counts_from=now - timedelta(days=1),
        due=now + timedelta(days=1),
        materials_asked=0,
        materials_avoided=0,
        visits=0,
        state=state,
        decided=decided,
        decided_by="decider" if decided else "",
    )


@pytest.mark.parametrize("state", [CaseState.approved, CaseState.refused])
def test_a_decided_case_has_one_link_however_often_it_is_asked_for(
    house: House, now: datetime, state: CaseState
) -> None:
    with house.database.write() as db:
        cases.add(db, a_case(now, state))
    first = assessment.rating_link(house, "C-7", now)
    assert re.fullmatch("/rate/[a-z2-7]{32}", first)
    assert assessment.rating_link(house, "C-7", now + timedelta(days=90)) == first
    service, rating = assessment.look(house, first.rpartition("/")[2])
    assert (service.instance, service.person, service.officer, rating) == ("C-7", "citizen", "decider", None)


@pytest.mark.parametrize("state", [CaseState.submitted, CaseState.accepted, CaseState.returned, CaseState.withdrawn])
def test_what_was_not_decided_cannot_be_rated(house: House, now: datetime, state: CaseState) -> None:
    with house.database.write() as db:
        cases.add(db, a_case(now, state))
    with pytest.raises(NotDecided):
        assessment.rating_link(house, "C-7", now)


def test_a_case_that_does_not_exist_has_no_link(house: House, now: datetime) -> None:
    with pytest.raises(NoCase):
        assessment.rating_link(house, "C-0", now)


def test_a_visit_that_has_not_ended_has_no_link(house: House, now: datetime) -> None:
    with pytest.raises(NotDecided):
        assessment.link_for(house, served("V-1", now + timedelta(hours=2)), now)


@pytest.mark.parametrize("token", ["", "x", "a" * 32, "C-1"])
def test_a_link_that_was_not_given_rates_nothing(house: House, now: datetime, token: str) -> None:
    link(house, now)
    with pytest.raises(NoRating):
        assessment.rate(house, token, GOOD, now)


def test_another_installation_has_other_links(house: House, now: datetime) -> None:
    """The token is a keyed digest: who knows the number of a case does not know its link."""
    assert link(house, now, "C-1") != link(house, now, "C-2")


# -- one rating


def test_a_second_rating_is_refused(house_on: House, now: datetime) -> None:
    token = link(house_on, now)
    rating = assessment.rate(house_on, token, GOOD, now)
    with pytest.raises(AlreadyRated):
        assessment.rate(house_on, token, BAD, now)
    with house_on.database.write() as db, pytest.raises(Exception, match=r"(?i)unique"):
        store.add(db, house_on.vault, rating, GOOD)


def test_of_many_forms_of_one_link_at_the_same_moment_one_counts(house_on: House, now: datetime) -> None:
    token = link(house_on, now)

    def send(level: Level) -> bool:
        try:
            assessment.rate(house_on, token, Opinion(level), now)
        except AlreadyRated:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(send, list(Level))) == 1
    with house_on.database.read() as db:
        assert sum(store.counts(db).values()) == 1


@pytest.mark.parametrize(("days", "refused"), [(0, False), (29, False), (30, True), (400, True)])
def test_a_rating_is_open_for_thirty_days(house: House, now: datetime, days: int, refused: bool) -> None:  # noqa: FBT001
    token = link(house, now)
    later = now + timedelta(days=days)
    if refused:
        with pytest.raises(RatingOver):
            assessment.rate(house, token, GOOD, later)
    else:
        assert assessment.rate(house, token, GOOD, later).level is Level.satisfied


def test_a_bad_rating_opens_a_task_of_fifteen_working_days(house: House) -> None:
    friday = datetime(2026, 9, 25, 10, tzinfo=BEIJING)  # a holiday; National Day and two make-up days follow
    rating = rate(house, friday, opinion=BAD)
    with house.database.read() as db:
        task = store.task(db, rating.id)
    assert task.due == datetime(2026, 10, 23, tzinfo=BEIJING)  # 28 to 30 September, 8 to 10, 12 to 16, 19 to 22 October
    assert not task.overdue(task.due - timedelta(seconds=1))
    assert task.overdue(task.due)


def test_a_good_rating_opens_no_task(house: House, now: datetime) -> None:
    rating = rate(house, now)
    with house.database.read() as db, pytest.raises(NoRating):
        store.task(db, rating.id)


@pytest.mark.parametrize("opinion", [GOOD, Opinion(Level.fairly_satisfied, contact="138")])
def test_a_contact_is_kept_only_with_a_bad_rating(house: House, now: datetime, opinion: Opinion) -> None:
    rating = rate(house, now, opinion=opinion)
    with house.database.read() as db:
        assert store.opinion(db, house.vault, rating).contact == ""
    assert not rating.reachable


def test_what_was_written_is_sealed(house: House, now: datetime) -> None:
    told = Opinion(Level.dissatisfied, {}, "窗口态度", "0880-5550100")
    rating = rate(house, now, opinion=told)
    with house.database.read() as db:
        assert store.opinion(db, house.vault, rating) == told
    raw = house.settings.data.joinpath("yinxin.db").read_bytes() if house.database.is_sqlite else b""
    raw += b"".join(path.read_bytes() for path in house.settings.data.glob("*.db*"))
    assert raw
    assert "窗口态度".encode() not in raw
    assert b"5550100" not in raw


def test_the_ledger_tells_what_was_rated_and_not_whose_service(house: House, now: datetime) -> None:
    rating = rate(house, now, opinion=BAD)
    with house.database.read() as db:
        events = ledger.events(db, kind="rating.")
    assert {event.kind for event in events} == {"rating.given", "rating.task-opened"}
    assert {(event.subject, event.by) for event in events} == {(rating.id, "rater")}
    assert "C-1" not in str(events)
    assert "citizen" not in str(events)


# -- the form


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({}, ("level",)),
        ({"level": "0"}, ("level",)),
        ({"level": "6"}, ("level",)),
        ({"level": "٥"}, ("level",)),
        ({"level": "5", "efficiency": "9"}, ("efficiency",)),
        ({"level": "5", "text": "x" * 1001}, ("text",)),
        ({"level": "2", "contact": "1" * 61}, ("contact",)),
        ({"level": "-1", "guide": "x"}, ("guide", "level")),
    ],
)
def test_a_wrong_form_is_refused_with_the_names_of_its_fields(said: Mapping[str, str], wrong: tuple[str, ...]) -> None:
    with pytest.raises(RatingWrong) as refused:
        assessment.opinion_of(SERVICE, said)
    assert refused.value.fields == wrong


def test_the_counter_asks_other_questions_than_the_site() -> None:
    counter = Service("V-1", "", MARKET, QIYUN, Channel.counter, "", "", SERVICE.ended)
    said = {"level": "4", "attitude": "5", "platform": "1"}
    assert assessment.opinion_of(counter, said).answers == {"attitude": 5}
    assert assessment.opinion_of(SERVICE, said).answers == {"platform": 1}


@given(st.dictionaries(st.sampled_from(["level", "text", "contact", "efficiency", "guide", "other"]), st.text()))
def test_any_form_is_an_opinion_or_a_refusal(said: dict[str, str]) -> None:
    try:
        opinion = assessment.opinion_of(SERVICE, said)
    except RatingWrong:
        return
    assert opinion.level in Level


# -- what is counted and published


def scores(house: House) -> list[Score]:
    with house.database.read() as db:
        return assessment.scoreboard(db)


def test_a_share_is_shown_from_ten_ratings_on(house: House, now: datetime) -> None:
    for number in range(9):
        rate(house, now, f"C-{number}")
    assert [(one.ratings, one.satisfied) for one in scores(house)] == [(9, None), (9, None)]
    rate(house, now, "C-9", BAD)
    assert [(one.ratings, one.satisfied, one.fixed) for one in scores(house)] == [(10, 90, 0), (10, 90, 0)]


def test_nobody_finds_the_hidden_item_by_subtracting(house: House, now: datetime) -> None:
    for number in range(10):
        rate(house, now, f"C-{number}")
    other = Service("C-x", f"{MARKET}-0002", MARKET, QIYUN, Channel.online, "", "", now - timedelta(hours=1))
    assessment.rate(house, assessment.link_for(house, other, now).rpartition("/")[2], BAD, now)
    whole, ten, one = scores(house)
    assert (whole.ratings, whole.satisfied) == (11, None)
    assert (ten.ratings, ten.satisfied) == (10, 100)
    assert (one.ratings, one.satisfied) == (1, None)


@given(st.integers(0, 10_000), st.integers(1, 10_000))
def test_a_percentage_is_rounded_once(part: int, whole: int) -> None:
    assert abs(percent(part, whole) - 100 * part / whole) <= 0.5


def test_the_figures_can_be_counted_again_from_the_ledger(house: House, now: datetime) -> None:
    for number, level in enumerate((5, 4, 3, 2, 1, 1, 5, 5, 5, 5, 5)):
        rate(house, now, f"C-{number}", Opinion(Level(level)))
    rate(house, now, "C-far", BAD, place=XICHENG)
    later = now + timedelta(days=60)
    for scope in ("hub", QIYUN, XICHENG, "hub/870000"):
        with house.database.read() as db:
            events = list(ledger.export(db, scope=scope))
            for moment in (now, later):
                assert counted.figures(events, moment) == assessment.figures(db, scope, moment)
            shown = [
                (one.agency, one.item, one.ratings, one.satisfied, one.fixed)
                for one in assessment.scoreboard(db, scope)
            ]
            assert counted.scoreboard(events) == shown
    with house.database.read() as db:
        assert assessment.figures(db, "hub", later)["overdue"] == 4
        assert assessment.figures(db, QIYUN, now)["satisfied"] == 8


def test_a_visit_about_no_service_is_rated_like_any_other(client: FlaskClient, house: House, now: datetime) -> None:
    visit = Service("V-1", "", MARKET, QIYUN, Channel.counter, "citizen", "clerk", now - timedelta(minutes=1))
    path = assessment.link_for(house, visit, now)
    assert "Visit to a counter" in client.get(f"{path}?lang=en").text
    for number in range(10):
        other = Service(f"W-{number}", "", MARKET, QIYUN, Channel.counter, "", "clerk", visit.ended)
        assessment.rate(house, assessment.link_for(house, other, now).rpartition("/")[2], GOOD, now)
    assert [(one.item, one.satisfied) for one in scores(house)] == [(None, 100), ("", 100)]
    assert client.get("/scoreboard?lang=en").text.count("100 %") == 2


# -- the pages


def send(client: FlaskClient, token: str, **said: str) -> Any:
    guard = token_in(client.get(f"/rate/{token}?lang=en").text or "")
    return client.post(f"/rate/{token}?lang=en", data={"csrf": guard, **said})


def test_a_stranger_with_the_link_rates_and_sees_that_it_was_kept(
    client: FlaskClient, house: House, now: datetime
) -> None:
    token = link(house, now)
    assert send(client, token, level="2", text="slow").status_code == 303
    page = client.get(f"/rate/{token}?lang=en").text
    assert "The office has to look into this" in page
    assert "slow" not in page
    assert "C-1" not in page
    with house.database.read() as db:
        assert store.of_instance(db, "C-1")


def test_who_served_at_a_counter_does_not_learn_from_the_link_what_was_said(
    client: FlaskClient, house: House, now: datetime
) -> None:
    service = replace(served("visit-1", now), channel=Channel.counter)
    token = assessment.link_for(house, service, now).rpartition("/")[2]
    send(client, token, level="1", text="slow")
    officer = client.application.test_client()
    for _ in range(2):
        seen = officer.get(f"/rate/{token}?lang=en")
        assert "Very dissatisfied" not in seen.text
        assert "look into this" not in seen.text
        assert "Service assessment" in seen.text
        for name in ("Cookie", "a"):  # what he has, the rater's cookie is not made of
            officer.set_cookie(f"yinxin-rated-{digest_of(token)[:16]}", name)
    assert "Very dissatisfied" in client.get(f"/rate/{token}?lang=en").text
    visitor = client.application.test_client()
    for person, sees in (("another", False), ("citizen", True)):
        caller = Caller(person=person, level=2, amr=("pwd",), auth_time=now, sid=person)
        with house.database.write() as db:
            visitor.set_cookie("yinxin-8000-my", callers.open_session(db, "my", caller, now=now, hours=1))
        assert ("Very dissatisfied" in visitor.get(f"/rate/{token}?lang=en").text) is sees


def test_the_page_refuses_what_the_verb_refuses(client: FlaskClient, house: House, now: datetime) -> None:
    token = link(house, now)
    wrong = send(client, token, level="", text="kept words")
    assert wrong.status_code == 422
    assert "kept words" in wrong.text
    assert client.post(f"/rate/{token}", data={"level": "5"}).status_code == 403  # without the page's own token
    guard = token_in(client.get(f"/rate/{token}").text or "")
    assert client.get(f"/rate/{'b' * 32}").status_code == 404
    with clock.shifted(40 * 86400):
        assert "The time for a rating is over" in client.get(f"/rate/{token}?lang=en").text
        assert client.post(f"/rate/{token}", data={"csrf": guard, "level": "5"}).status_code == 410
    assert client.post(f"/rate/{token}", data={"csrf": guard, "level": "5"}).status_code == 303
    assert client.post(f"/rate/{token}", data={"csrf": guard, "level": "5"}).status_code == 409
    assert client.post(f"/rate/{token}", data={"csrf": guard, "level": "x"}).status_code == 422


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_the_public_board_says_when_there_are_too_few(
    client: FlaskClient, house: House, now: datetime, language: str
) -> None:
    empty = client.get(f"/scoreboard?lang={language}")
    rate(house, now)
    few = client.get(f"/scoreboard?lang={language}")
    assert (empty.status_code, few.status_code) == (200, 200)
    assert {"zh-Hans": "数量不足", "en": "too few yet"}[language] in few.text
