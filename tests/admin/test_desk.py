"""Questions, complaints and suspicions, from their arrival to their rating, on both databases."""

import hashlib
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import app as front
from admin import desk, suspicions, ticket_record
from admin.desk import Question
from admin.model.ticket import (
    NoTicket,
    NotYourTicket,
    Severity,
    TextMissing,
    TicketElsewhere,
    TicketKind,
    TicketState,
    TicketStep,
)
from admin.store import tickets as store
from admin.workdays import add_workdays
from docs.figures.desk import figures
from hub import callers, inbox, ledger, notices, numbers, tree
from hub.callers import Caller
from hub.house import House
from hub.problems import BadRequest, NotAllowed
from hub.tree import Place
from licenses.identifier import Identifier
from seals import store as seals
from seals.model import Agency
from tests.hub.test_web import token_in
from verification.model import Reason
from verification.model.suspicion import NotReported, Suspicion, Wrong
from verification.report import report

DAY = date(2026, 11, 22)
CROWD = {"REMOTE_ADDR": "192.0.2.7"}  # a network of its own: counts outlive a test
PLACES = ("hub/880000", "hub/880000/880100", "hub/870000")
MARKET = Agency("11880100DEM000049A", "栖云市市场监督管理局", "Qiyun Market", "hub/880000/880100")
HOUSING = Agency("11870000DEM000073H", "澜海省住房和城乡建设厅", "Lanhai Housing", "hub/870000")
HUB = Caller(person="hub-desk", place="hub", rights=frozenset({"see", "desk"}))
QIYUN = Caller(person="qiyun-desk", place="hub/880000/880100", rights=frozenset({"see", "desk"}))
LANHAI = Caller(person="lanhai-desk", place="hub/870000", rights=frozenset({"see", "desk"}))
QUESTION = Question(TicketKind.question, "How do I apply?", contact="someone@example.com", person="citizen")
UNKNOWN = str(Identifier.make("11100000000013338W001", MARKET.code, "20260000001", test_edition=True))


@pytest.fixture
def at(house_on: House) -> House:
    with house_on.database.write() as db:
        for path in PLACES:
            tree.keep(db, Place(path, "place", path[-6:], path, path))
        for agency in (MARKET, HOUSING):
            seals.keep_agency(db, agency)
    return house_on


def asked(house: House, now: datetime, question: Question = QUESTION) -> tuple[str, str]:
    """The number of a new ticket, and how rows name it."""
    number = desk.ask(house, question, now)
    return number, numbers.key(house.vault, number)


def handled(house: House, now: datetime, question: Question = QUESTION) -> str:
    """A ticket that the officer in Qiyun has taken."""
    _, id = asked(house, now, question)
    desk.receive(house, id, by=HUB, now=now)
    desk.dispatch(house, id, MARKET.code, by=HUB, now=now)
    desk.take(house, id, by=QIYUN, now=now)
    return id


def test_a_question_goes_its_whole_way(at: House, now: datetime) -> None:
    id = handled(at, now)
    desk.note(at, id, "asked the counter", by=QIYUN, now=now)
    answered = desk.reply(at, id, "At the portal.", by=QIYUN, now=now)
    assert (answered.state, answered.place) == (TicketState.replied, MARKET.place)
    rated = desk.rate(at, id, 5, now)
    assert (rated.state, rated.rating) == (TicketState.closed, 5)
    seen = desk.followed(at, id, now)
    assert [one.step.value for one in seen.steps] == [
        "ask", "receive", "dispatch", "take", "reply", "rate",
    ]  # fmt: skip
    assert not any(one.by or one.text for one in seen.steps)
    (answer, leaf), *more = seen.answers
    assert not more
    assert (answer.text, answer.digest, leaf) == ("At the portal.", hashlib.sha256(b"At the portal.").hexdigest(), None)
    ledger.sequence(at, now)
    assert desk.followed(at, id, now).answers[0][1] is not None
    with at.database.read() as db:
        event = ledger.events(db, subject=id, kind="ticket.replied")[0]
        told = notices.of_person(db, "citizen")
    assert event.facts["digest"] == answer.digest
    assert [one.link for one in told] == [f"/my/tickets/{id}"]


def test_nothing_that_was_written_stands_in_clear_or_in_the_ledger(at: House, now: datetime) -> None:
    number, id = asked(at, now)
    with at.database.read() as db:
        kept = b"".join(
            str(value).encode() if not isinstance(value, bytes) else value
            for table in (store.tickets, store.steps, ledger.event_table)
            for row in db.execute(table.select())
            for value in row
        )
        assert store.said(db, at.vault, id, "words") == QUESTION.words
    for secret in (number, number[11:21], "How do I apply", "someone@example.com"):
        assert secret.encode() not in kept


@pytest.mark.parametrize("words", ["", "  ", "x" * 2001])
def test_words_are_needed_and_not_too_many(words: str) -> None:
    with pytest.raises(TextMissing):
        replace(QUESTION, words=words)


def test_steps_of_others_are_refused(at: House, now: datetime) -> None:
    id = handled(at, now)
    steps: list[Any] = [desk.note, desk.reply, desk.send_back]
    for step in steps:
        with pytest.raises(NotYourTicket):
            step(at, id, "words", by=HUB, now=now)  # another officer has taken it
        with pytest.raises(NoTicket):
            step(at, id, "words", by=LANHAI, now=now)  # it lies elsewhere
        with pytest.raises(TextMissing):
            step(at, id, " ", by=QIYUN, now=now)
    with pytest.raises(TicketElsewhere):
        desk.receive(at, id, by=HUB, now=now)
    with pytest.raises(TicketElsewhere):
        desk.rate(at, id, 5, now)  # there is no answer yet
    with pytest.raises(BadRequest):
        desk.rate(at, id, 6, now)


def test_nobody_answers_his_own_question(at: House, now: datetime) -> None:
    _, id = asked(at, now, replace(QUESTION, person=str(HUB.person)))
    with pytest.raises(NotYourTicket):
        desk.receive(at, id, by=HUB, now=now)


def test_a_wrongly_dispatched_one_goes_back_and_elsewhere(at: House, now: datetime) -> None:
    id = handled(at, now)
    back = desk.send_back(at, id, "housing, not market", by=QIYUN, now=now)
    assert (back.state, back.place, back.agency, back.officer) == (TicketState.received, "hub", "", "")
    with pytest.raises(NoTicket):
        desk.take(at, id, by=QIYUN, now=now)
    assert desk.dispatch(at, id, HOUSING.code, by=HUB, now=now).place == HOUSING.place


def test_it_is_handed_downwards_only(at: House, now: datetime) -> None:
    _, id = asked(at, now)
    desk.receive(at, id, by=HUB, now=now)
    desk.dispatch(at, id, HOUSING.code, by=HUB, now=now)
    for officer in (LANHAI, HUB):
        with pytest.raises(NotAllowed):
            desk.dispatch(at, id, MARKET.code, by=officer, now=now)


def test_one_answer_serves_all_who_asked_the_same(at: House, now: datetime) -> None:
    first, second = handled(at, now), handled(at, now, replace(QUESTION, person="another"))
    third = handled(at, now, replace(QUESTION, person="third"))
    desk.merge(at, third, second, by=QIYUN, now=now)
    desk.merge(at, second, first, by=QIYUN, now=now)
    desk.reply(at, first, "Yes.", by=QIYUN, now=now)
    for id in (second, third):
        seen = desk.followed(at, id, now)
        assert (seen.ticket.state, seen.ticket.into) == (TicketState.merged, first)
        assert [event.text for event, _ in seen.answers] == ["Yes."]
    with at.database.read() as db:
        assert all(notices.unseen(db, person) == 1 for person in ("citizen", "another", "third"))


def test_joining_with_nothing_itself_or_elsewhere_is_refused(at: House, now: datetime) -> None:
    first, second = handled(at, now), handled(at, now)
    for into, problem in ((first, BadRequest), ("Q20261122-none", NoTicket), ("", NoTicket)):
        with pytest.raises(problem):
            desk.merge(at, first, into, by=QIYUN, now=now)
    desk.merge(at, first, second, by=QIYUN, now=now)
    with pytest.raises(BadRequest):
        desk.merge(at, second, first, by=QIYUN, now=now)


def test_silence_after_the_answer_closes_it(at: House, now: datetime) -> None:
    id = handled(at, now)
    desk.reply(at, id, "Yes.", by=QIYUN, now=now)
    assert desk.close_old(at, now + timedelta(days=9)) == 0
    assert desk.close_old(at, add_workdays(now, 10)) == 1
    with at.database.read() as db:
        assert store.ticket(db, id).state is TicketState.closed
    assert desk.rate(at, id, 2, now).rating == 2  # and may still be rated


def test_a_suspicion_becomes_a_ticket_once(at: House, now: datetime) -> None:
    number = report(at, Suspicion(UNKNOWN, Wrong.looks_forged, Reason.forged, "a bad copy"), now)
    with at.database.read() as db:
        (letter,) = inbox.read(db, "suspicion")
    assert number not in str(letter.body)
    assert "a bad copy" not in str(letter.body)
    assert suspicions.open_letters(at, now) == 1
    assert suspicions.open_letters(at, now) == 0
    id = numbers.key(at.vault, number)
    with at.database.write() as db:
        held = store.ticket(db, id)
        assert store.said(db, at.vault, id, "words") == "a bad copy"
        inbox.put(db, "suspicion", letter.body, now)
    assert (held.state, held.place, held.severity) == (TicketState.new, "hub", Severity.high)  # nobody issued it
    assert suspicions.open_letters(at, now) == 0  # a letter that comes twice


def test_a_report_of_nothing_is_refused() -> None:
    for words in ("", "x" * 1001):
        with pytest.raises(NotReported):
            Suspicion("", Wrong.other, words=words)


@pytest.mark.parametrize("scope", ["hub", "hub/880000", "hub/880000/880100", "hub/870000"])
def test_the_board_is_what_the_ledger_says(at: House, now: datetime, scope: str) -> None:
    late = now - timedelta(days=60)
    one, two, three, four = (handled(at, late if count == 3 else now) for count in range(4))
    desk.reply(at, one, "Yes.", by=QIYUN, now=now)
    desk.rate(at, one, 1, now)
    desk.merge(at, two, one, by=QIYUN, now=now)
    desk.send_back(at, three, "not ours", by=QIYUN, now=now)
    desk.dispatch(at, three, HOUSING.code, by=HUB, now=now)
    desk.note(at, four, "hm", by=QIYUN, now=now)
    asked(at, now, replace(QUESTION, kind=TicketKind.complaint))
    report(at, Suspicion(UNKNOWN, Wrong.other), now)
    suspicions.open_letters(at, now)
    with at.database.read() as db:
        counted = desk.figures(db, scope, now)
        assert counted == figures(list(ledger.export(db, scope=scope)), now, scope)
    assert counted["sent_back"] == (scope != "hub/870000")
    if scope == "hub":
        assert (counted["question"], counted["suspicion"], counted["late"], counted["rated_bad"]) == (4, 1, 1, 1)


# -- pages


@pytest.fixture
def site(at: House) -> Flask:
    made = front.create_app(at.settings, house=at)
    made.testing = True
    return made


def signed_in(site: Flask, house: House, kind: str, who: Caller, now: datetime) -> FlaskClient:
    browser = site.test_client()
    caller = replace(who, level=3, amr=("pwd", "otp", "mfa"), auth_time=now, sid=f"sid-{who.person}")
    with house.database.write() as db:
        browser.set_cookie(f"yinxin-8000-{kind}", callers.open_session(db, kind, caller, now=now, hours=1))
    return browser


def post(browser: FlaskClient, page: str, to: str, **fields: str) -> Any:
    return browser.post(to, data={"csrf": token_in(browser.get(f"{page}?lang=en").text), **fields})


def sent(browser: FlaskClient, **fields: str) -> Any:
    return post(browser, "/desk", "/desk", **({"kind": "question", "words": "How?"} | fields))


def test_anybody_asks_and_follows_by_number_alone(site: Flask, at: House, now: datetime) -> None:
    browser = site.test_client()
    answer = sent(browser, contact="100-8800-0049", license=UNKNOWN.lower())
    assert answer.status_code == 303
    number = answer.location.removeprefix("/desk/").partition("?")[0]
    page = site.test_client().get(f"/desk/{number.lower()}?lang=en")
    assert page.status_code == 200
    assert number in page.text
    assert "How?" not in page.text  # who finds the number does not find the words
    assert "100-8800-0049" not in page.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "praise"),
        ("words", ""),
        ("words", "x" * 2001),
        ("license", "2.999.x"),
        ("agency", "nobody"),
        ("contact", "x" * 201),
    ],
)
def test_a_wrong_field_is_named(site: Flask, field: str, value: str) -> None:
    answer = sent(site.test_client(), **{field: value})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text


def test_a_mistyped_number_and_an_unknown_one_are_told_apart(site: Flask) -> None:
    browser = site.test_client()
    assert post(browser, "/desk", "/desk/find", number="R-20261122").status_code == 422
    assert browser.get("/desk/R-20261122-0000000000-1").status_code == 400
    assert browser.get(f"/desk/{numbers.fresh('R', DAY)}").status_code == 404


def test_numbers_cannot_be_tried_without_end(site: Flask) -> None:
    browser = site.test_client()
    tried = [f"/desk/{numbers.fresh('R', DAY)}" for _ in range(61)]
    codes = {browser.get(one, environ_overrides=CROWD).status_code for one in tried}
    assert codes == {404, 429}


def test_nobody_floods_the_desk(site: Flask) -> None:
    browser = site.test_client()
    form = {"csrf": token_in(browser.get("/desk").text), "kind": "question", "words": "How?"}
    codes = [browser.post("/desk", data=form, environ_overrides=CROWD).status_code for _ in range(11)]
    assert codes == [303] * 10 + [429]


def test_a_form_of_another_site_is_refused(site: Flask) -> None:
    assert site.test_client().post("/desk", data={"kind": "question", "words": "How?"}).status_code == 403


def test_a_citizen_finds_what_he_asked_under_his_name_and_nobody_else_does(
    site: Flask, at: House, now: datetime
) -> None:
    mine = signed_in(site, at, "my", Caller(person="citizen"), now)
    other = signed_in(site, at, "my", Caller(person="other"), now)
    assert sent(mine, mine="yes").status_code == 303
    assert sent(mine).status_code == 303  # this one without his name
    found = re.findall(r"/my/tickets/(Q[0-9a-f-]+)", mine.get("/my/tickets?lang=en").text)
    assert len(found) == 1
    assert "How?" in mine.get(f"/my/tickets/{found[0]}").text
    assert other.get(f"/my/tickets/{found[0]}").status_code == 404
    assert post(other, "/desk", f"/my/tickets/{found[0]}/rate", level="1").status_code == 404
    assert site.test_client().get("/my/tickets").status_code == 303


def test_an_officer_answers_and_the_asker_rates(site: Flask, at: House, now: datetime) -> None:
    visitor, officer = site.test_client(), signed_in(site, at, "console", QIYUN, now)
    number = sent(visitor, contact="100-8800-0049").location.removeprefix("/desk/").partition("?")[0]
    id = numbers.key(at.vault, number)
    hub = signed_in(site, at, "console", HUB, now)
    here = f"/console/desk/{id}"
    assert id in hub.get("/console/desk?lang=en").text
    assert officer.get(here).status_code == 404  # not dispatched yet
    assert post(hub, here, f"{here}/receive").status_code == 303
    assert post(hub, here, f"{here}/dispatch", agency=MARKET.code).status_code == 303
    before = officer.get(f"{here}?lang=en").text
    assert "100-8800-0049" not in before  # only who takes it learns how to reach the asker
    assert post(officer, here, f"{here}/take").status_code == 303
    assert "100-8800-0049" in officer.get(here).text
    assert post(officer, here, f"{here}/note", note="secret remark").status_code == 303
    assert post(officer, here, f"{here}/reply", answer="At the portal.").status_code == 303
    status = f"/desk/{number}"
    page = visitor.get(f"{status}?lang=en").text
    assert "At the portal." in page
    assert hashlib.sha256(b"At the portal.").hexdigest() in page
    assert "secret remark" not in page
    assert "qiyun-desk" not in page
    assert post(visitor, status, f"{status}/rate", level="4").status_code == 303
    assert post(visitor, "/desk", f"{status}/rate", level="5").status_code == 409
    assert "Your rating: Satisfied" in visitor.get(f"{status}?lang=en").text
    assert post(officer, "/console/desk", f"{here}/explode").status_code == 400
    assert "The desk in numbers" in hub.get("/console/desk?done=1&lang=en").text


def test_the_console_is_for_the_desk(site: Flask, at: House, now: datetime) -> None:
    _, id = asked(at, now)
    seer = signed_in(site, at, "console", replace(HUB, rights=frozenset({"see"})), now)
    for path in ("/console/desk", f"/console/desk/{id}", "/console/desk-figures"):
        assert seer.get(path).status_code == 403
        assert site.test_client().get(path).status_code == 303
    supervisor = signed_in(site, at, "console", replace(HUB, rights=frozenset({"see", "supervision"})), now)
    assert supervisor.get("/console/desk-figures?lang=en").status_code == 200


def test_an_officer_finds_a_ticket_by_the_number_that_he_is_told(site: Flask, at: House, now: datetime) -> None:
    number, id = asked(at, now)
    officer = signed_in(site, at, "console", HUB, now)
    found = post(officer, "/console/desk", "/console/desk/find", number=number.lower())
    assert found.location == f"/console/desk/{id}"


def test_every_step_has_its_word(at: House) -> None:
    assert set(ticket_record.PAST) == set(TicketStep)
