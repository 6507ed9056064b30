"""The console: an operator sees his part of the tree and does what he has the right to, no more."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin import operators
from admin.model.operator import NotAnOperator, Operator, Right, RightWrong, SecondFactorMissing, rights_of
from admin.store import operators as store
from admin.web import events
from admin.web.frame import beijing
from hub import callers, inbox, ledger, tree
from hub.callers import Caller
from hub.house import House
from hub.problems import NotAllowed, NotFound
from hub.tree import Place
from idp.account import invite
from idp.provider import clients
from seals import lifecycle
from seals import store as seals
from seals.model import Agency, Seal, State
from tests.hub.test_web import token_in
from tests.idp.rp import Visit

EVERYTHING = frozenset(right.value for right in Right)
PAGES = ("", "licenses", "seals", "clients", "ledger", "operators", "boards", "assessment-figures")
QIYUN = Agency(
    "11880100DEM000049A", "栖云市市场监督管理局", "Qiyun Administration for Market Regulation", "hub/880000/880100"
)
XICHENG = Agency("11870100DEM000065U", "汐城市民政局", "Xicheng Civil Affairs Bureau", "hub/870000/870100")


@pytest.fixture
def two_seals(house: House, now: datetime) -> Any:
    with house.database.write() as db:
        for path in ("hub/880000", "hub/880000/880100", "hub/870000", "hub/870000/870100"):
            tree.keep(db, Place(path, "place", path[-6:], path, path))
    codes = {QIYUN: "8801010000017", XICHENG: "8701010000065"}
    return [lifecycle.make_seal(house, agency, code13=code, by="test", now=now) for agency, code in codes.items()]


@pytest.fixture
def operator(house: House, client: FlaskClient, now: datetime) -> Any:
    def sign_in(place: Any = "hub", rights: Any = EVERYTHING, amr: Any = ("pwd", "otp", "mfa")) -> Any:
        who = Caller(person="op1", level=1, amr=amr, auth_time=now, sid="s1", place=place, rights=frozenset(rights))
        with house.database.write() as db:
            client.set_cookie("yinxin-8000-console", callers.open_session(db, "console", who, now=now, hours=1))
        return client

    return sign_in


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_every_page_opens_for_an_operator(operator: Any, two_seals: Any, page: str, language: str) -> None:
    answer = operator().get(f"/console/{page}?lang={language}")
    assert answer.status_code == 200, answer.text
    assert f'lang="{language}"' in answer.text


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_sent_to_sign_in(client: FlaskClient, page: str) -> None:
    answer = client.get(f"/console/{page}")
    assert answer.status_code == 303
    assert "/console/sign-in" in answer.location


@pytest.mark.parametrize("page", PAGES)
def test_one_factor_is_not_enough(operator: Any, page: str) -> None:
    assert operator(amr=("pwd",)).get(f"/console/{page}").status_code == 403


BOARDS = ("cases/board", "assessment-figures", "desk-figures", "counter-figures", "sharing/board", "supervision")


@pytest.mark.parametrize("board", BOARDS)
def test_a_supervisor_finds_and_opens_every_board(operator: Any, board: str) -> None:
    supervisor = operator(rights={"see", "supervision"})
    assert f'href="/console/{board}"' in supervisor.get("/console/boards").text
    assert supervisor.get(f"/console/{board}").status_code == 200


@pytest.mark.parametrize("board", BOARDS)
def test_a_board_is_for_who_does_the_work_and_for_supervision(operator: Any, board: str) -> None:
    assert operator(rights={"see", "services"}).get(f"/console/{board}").status_code == 403


def test_the_frame_shows_what_its_reader_may_open(operator: Any) -> None:
    everything, little = operator().get("/console/").text, operator(rights={"see", "desk"}).get("/console/").text
    for path in ("cases", "counter", "desk", "sharing", "supervision", "boards", "operators"):
        assert f'href="/console/{path}"' in everything
        assert (f'href="/console/{path}"' in little) is (path == "desk")


def test_times_are_those_of_clocks_in_china(operator: Any, two_seals: Any, now: datetime) -> None:
    assert beijing(datetime(2026, 11, 22, 20, 0, tzinfo=UTC)) == "2026-11-23 04:00"
    assert beijing(now) in operator().get("/console/ledger").text


def test_an_event_is_told_in_words_and_in_the_ledger_s_own(operator: Any, two_seals: Any) -> None:
    assert "启用印章" in operator().get("/console/?lang=zh-Hans").text
    page = operator().get("/console/ledger?lang=en").text
    assert "Seal put into use" in page
    assert "seal.activate" in page
    assert events.words("something.new") == "something.new"


def test_an_operator_sees_only_his_part_of_the_tree(operator: Any, two_seals: Any) -> None:
    mine, other = two_seals
    browser = operator(place="hub/880000")
    text = browser.get("/console/seals?lang=en").text
    assert QIYUN.name_en in text
    assert XICHENG.name_en not in text
    assert browser.get(f"/console/seals/{mine.id}").status_code == 200
    assert browser.get(f"/console/seals/{other.id}").status_code == 404
    assert browser.get(f"/console/seals/{other.id}/picture.svg").status_code == 404


def suspend(browser: FlaskClient, seal: Seal, reason: str = "lost") -> Any:
    token = token_in(browser.get("/console/operators").text or "")
    return browser.post(f"/console/seals/{seal.id}/suspend", data={"csrf": token, "suspend_reason": reason})


def test_a_seal_is_suspended_and_the_ledger_says_so(operator: Any, two_seals: Any, house: House) -> None:
    browser = operator()
    assert suspend(browser, two_seals[0]).status_code == 303
    with house.database.read() as db:
        assert seals.seal(db, two_seals[0].id).state is State.suspended
        assert ledger.events(db, subject=two_seals[0].id, kind="seal.suspend")[0].by == "person:op1"


def test_a_seal_of_another_place_is_not_touched(operator: Any, two_seals: Any, house: House) -> None:
    assert suspend(operator(place="hub/880000"), two_seals[1]).status_code == 404
    with house.database.read() as db:
        assert seals.seal(db, two_seals[1].id).state is State.active


def test_a_step_without_its_right_is_refused(operator: Any, two_seals: Any) -> None:
    browser = operator(rights={"see", "operators"})
    assert suspend(browser, two_seals[0]).status_code == 403
    assert operator(rights={"see"}).get("/console/operators").status_code == 403


def test_a_step_without_its_form_is_refused(operator: Any, two_seals: Any) -> None:
    answer = operator().post(f"/console/seals/{two_seals[0].id}/suspend", data={"reason": "x"})
    assert answer.status_code == 403


def test_a_step_without_a_reason_is_refused(operator: Any, two_seals: Any) -> None:
    assert suspend(operator(), two_seals[0], reason=" ").status_code == 422


def test_an_invitation_makes_an_operator(house: House, now: datetime) -> None:
    link = operators.invite(house, "desk", "hub", rights_of("licenses"), by=None, now=now)
    person = invite.take(house, link.rpartition("/")[2], "operator@example.com", "a long enough passphrase", now=now)
    caller = Caller(person=person.id, amr=("pwd", "otp", "mfa"), auth_time=now)
    entered = operators.enter(house, caller, now)
    assert (entered.place, entered.rights) == ("hub", frozenset({"see", "licenses"}))
    with pytest.raises(SecondFactorMissing):
        operators.enter(house, Caller(person=person.id, amr=("pwd",), auth_time=now), now)
    with house.database.read() as db:
        assert inbox.read(db, invite.TAKEN) == []


@pytest.mark.parametrize(
    ("amr", "way"),
    [
        (("pwd",), "http://localhost:8000/account/second-factor?next=%2Fconsole%2F"),
        (("pwd", "otp", "mfa", "fed"), "/console/sign-in?again=1&amp;next=%2Fconsole%2F"),
    ],
)
def test_who_lacks_a_factor_of_his_own_is_led_to_where_he_gets_one(
    house: House, app: Flask, now: datetime, amr: tuple[str, ...], way: str
) -> None:
    console = clients.known(house, "console", now)
    assert console
    visit = Visit(house, app, console)
    caller = replace(visit.signs_in(agrees=False), amr=amr, session=None, sid="another")
    with house.database.write() as db:
        visit.browser.set_cookie("yinxin-8000-idp", callers.open_session(db, "idp", caller, now=now, hours=1))
        store.add(db, Operator("i", "desk", "hub", frozenset({Right.see}), "test", now, person=visit.person))
        store.arrived(db, "i", visit.person)
    house.fetch.serve_here(house.settings.issuer_url, app)
    begun = visit.browser.get("/console/sign-in")
    page = visit.browser.get(visit.browser.get(begun.location).location)
    assert page.status_code == 403
    assert f'href="{way}"' in page.text


def test_a_person_without_an_office_stays_outside(house: House, now: datetime) -> None:
    with pytest.raises(NotAnOperator):
        operators.enter(house, Caller(person="p9", amr=("mfa",), auth_time=now), now)


def test_nobody_gives_more_than_he_has(house: House, now: datetime, two_seals: Any) -> None:
    giver = Caller(person="op1", place="hub/880000", rights=frozenset({"see", "operators"}))
    for place, rights in (("hub", "operators"), ("hub/870000", "see"), ("hub/880000", "licenses")):
        with pytest.raises(NotAllowed):
            operators.invite(house, "x", place, rights_of(rights), by=giver, now=now)
    assert operators.invite(house, "x", "hub/880000/880100", rights_of("operators"), by=giver, now=now)


def test_a_place_that_does_not_exist_has_no_operator(house: House, now: datetime) -> None:
    with pytest.raises(NotFound):
        operators.invite(house, "x", "hub/999999", rights_of(""), by=None, now=now)


def test_a_right_that_does_not_exist_is_refused() -> None:
    with pytest.raises(RightWrong):
        rights_of("licenses,everything")


def test_a_dismissed_operator_is_out_at_once(operator: Any, house: House, now: datetime) -> None:
    operators.invite(house, "desk", "hub", rights_of(""), by=None, now=now)
    with house.database.write() as db:
        invitation = store.all_operators(db)[0].invitation
        store.arrived(db, invitation, "op1")
    browser = operator()
    assert browser.get("/console/").status_code == 200
    chief = Caller(person="chief", place="hub", rights=frozenset(("see", "operators")))
    operators.dismiss(house, invitation, by=chief, now=now)
    assert browser.get("/console/").status_code == 303
    with pytest.raises(NotFound):
        operators.dismiss(house, invitation, by=chief, now=now)


def test_nobody_dismisses_an_operator_with_more_rights_than_his_own(house: House, now: datetime) -> None:
    operators.invite(house, "chief", "hub", rights_of("licenses,seals,operators"), by=None, now=now)
    with house.database.read() as db:
        invitation = store.all_operators(db)[0].invitation
    clerk = Caller(person="clerk", place="hub", rights=frozenset(("see", "operators")))
    with pytest.raises(NotAllowed):
        operators.dismiss(house, invitation, by=clerk, now=now)
    with house.database.read() as db:
        assert [one.label for one in store.all_operators(db)] == ["chief"]


@pytest.mark.parametrize("before", ["2026-01-01", "9999-12-31T23:59:59-23:59", "yesterday", "1", ""])
def test_a_list_begins_at_a_moment_or_at_the_newest(operator: Any, two_seals: Any, before: str) -> None:
    assert operator().get("/console/licenses", query_string={"before": before}).status_code == 200
