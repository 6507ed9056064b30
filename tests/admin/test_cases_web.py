"""The pages of applications: a citizen writes, checks, sends, follows; an officer decides; strangers see nothing."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from admin import decide, drafts
from admin.model.case import CaseState, NoCase
from admin.store import cases as store
from admin.store import items
from hub import clock, ledger
from hub.callers import Caller
from hub.house import House
from tests.admin.applicants import COMPANY, ITEM, PDF, RIGHTS, WROTE, World
from tests.hub.test_web import token_in


@pytest.fixture
def world(house: House, now: datetime) -> World:
    return World(house, now)


class Visitor:
    """A browser at the site."""

    def __init__(self, world: World, client: FlaskClient) -> None:
        self.world, self.client = world, client

    def enter(self, kind: str, who: Caller) -> None:
        self.client.set_cookie(*self.world.cookie(kind, who))

    def leave(self) -> None:
        self.client.delete_cookie(self.world.house.settings.cookie("my"))

    def get(self, path: str, language: str = "en") -> TestResponse:
        return self.client.get(f"{path}{'&' if '?' in path else '?'}lang={language}")

    def post(self, path: str, *, page: str = "", **values: Any) -> TestResponse:
        token = token_in(self.get(page or path).text)
        return self.client.post(path, data={"csrf": token, **values})

    def begun(self) -> str:
        """A draft; its path."""
        sent = self.post(f"/my/cases/new/{ITEM}")
        assert sent.status_code == 303, sent.text
        return str(sent.location)

    def written(self, **changed: Any) -> TestResponse:
        path = self.begun()
        plan: dict[str, Any] = {f"material-{self.world.paper}": (BytesIO(PDF), "plan.pdf")}
        return self.post(path, **(WROTE | plan | {"then": "check"} | changed))

    def submitted(self) -> str:
        check = self.written()
        sent = self.post(check.location.replace("/check", "/submit"), page=check.location)
        return str(sent.location)


@pytest.fixture
def citizen(world: World, client: FlaskClient) -> Visitor:
    visitor = Visitor(world, client)
    visitor.enter("my", world.citizen)
    return visitor


@pytest.fixture
def officer(world: World, client: FlaskClient) -> Visitor:
    visitor = Visitor(world, client)
    visitor.enter("console", world.officer())
    return visitor


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_a_citizen_applies_from_the_first_page_to_the_last(citizen: Visitor, language: str) -> None:
    page = citizen.get(f"/my/cases/new/{ITEM}", language).text
    assert case_license(citizen.world) in page
    path = citizen.begun()
    form = citizen.get(path, language).text
    for known in (COMPANY["name"], COMPANY["domicile"], case_license(citizen.world)):
        assert known in form
    assert 'name="operator"' not in form  # it is shown, not asked
    assert 'name="premises"' in form
    plan: dict[str, Any] = {f"material-{citizen.world.paper}": (BytesIO(PDF), "plan.pdf")}
    check = citizen.post(path, **(WROTE | plan | {"then": "check"})).location
    page = citizen.get(check, language).text
    assert WROTE["premises"] in page
    assert "plan.pdf" in page
    case = citizen.post(check.replace("/check", "/submit"), page=check).location
    answer = citizen.get(case, language)
    assert answer.status_code == 200
    assert f'lang="{language}"' in answer.text
    assert case.rpartition("/")[2] in citizen.get("/my/cases", language).text


def case_license(world: World) -> str:
    assert world.license
    return world.license.number


def test_a_double_click_and_the_way_back_give_one_case(citizen: Visitor) -> None:
    check = citizen.written().location
    token = token_in(citizen.get(check).text)
    path = check.replace("/check", "/submit")
    first, second = (citizen.client.post(path, data={"csrf": token}).location for _ in range(2))
    assert first == second
    assert [citizen.get(back).location for back in (check, check.replace("/check", ""))] == [first, first]
    with citizen.world.house.database.read() as db:
        assert len(store.cases(db)) == 1
        assert store.drafts_of(db, "citizen", citizen.world.citizen.acting_for, citizen.world.now) == []


def test_what_is_missing_is_told_beside_its_field_and_what_was_typed_stays(citizen: Visitor) -> None:
    check = citizen.written(premises="", items="热食类")
    answer = citizen.client.get(check.location, follow_redirects=True)
    assert answer.status_code == 422
    assert 'href="#premises"' in answer.text
    assert 'id="premises-error"' in answer.text
    assert "热食类" in answer.text


FILES = {"a picture in another form": b"GIF89a", "a script": b"<script>", "more than 3 MB": b"%PDF-" + b"x" * 3_000_000}


@pytest.mark.parametrize("what", FILES)
def test_a_file_that_cannot_be_kept_is_refused_and_the_rest_is_kept(citizen: Visitor, what: str) -> None:
    answer = citizen.written(**{f"material-{citizen.world.paper}": (BytesIO(FILES[what]), "x.pdf")})
    assert answer.status_code == 422
    assert f"material-{citizen.world.paper}-error" in answer.text
    assert WROTE["premises"] in answer.text


def test_what_was_typed_after_the_session_ended_comes_back_after_signing_in(citizen: Visitor) -> None:
    path = citizen.begun()
    token = token_in(citizen.get(path).text)
    citizen.leave()
    answer = citizen.client.post(path, data={"csrf": token, "premises": "示范路91号", "then": "check"})
    assert answer.status_code == 303
    assert "/my/sign-in" in answer.location
    assert citizen.get(path).status_code == 303  # not signed in: nothing is shown
    citizen.enter("my", citizen.world.citizen)
    page = citizen.get(path).text
    assert "示范路91号" in page
    assert "What you had written is here again" in page
    assert "here again" not in citizen.get(path).text
    assert "示范路91号" in citizen.get(path).text


def test_another_browser_cannot_put_words_into_a_draft(citizen: Visitor, app: Any) -> None:
    path = citizen.begun()
    thief = Visitor(citizen.world, app.test_client())
    token = token_in(thief.get("/ask").text)
    thief.client.post(path, data={"csrf": token, "premises": "假地址"})
    assert "假地址" not in citizen.get(path).text


def test_without_a_session_nothing_is_kept_for_a_draft_that_is_not_there(citizen: Visitor) -> None:
    path = citizen.begun()
    token = token_in(citizen.get(path).text)
    citizen.leave()
    assert citizen.client.post("/my/cases/drafts/" + "0" * 32, data={"csrf": token, "premises": "x"}).status_code == 404


def test_the_level_of_the_service_is_asked_for_and_leads_back(citizen: Visitor) -> None:
    path = citizen.begun()
    citizen.enter("my", replace(citizen.world.citizen, level=2))
    for page in (f"/my/cases/new/{ITEM}", path, f"{path}/check"):
        answer = citizen.client.get(page)
        assert answer.status_code == 303
        assert "level=3" in answer.location
        assert "next=" in answer.location


def test_what_stands_on_a_license_is_not_shown_below_the_level_of_the_wallet(citizen: Visitor) -> None:
    """Also where the service itself asks for less."""
    case, draft = citizen.submitted(), citizen.begun()
    with citizen.world.house.database.write() as db:
        items.keep(db, replace(citizen.world.item, level=2))
    world, number = citizen.world, case.rpartition("/")[2]
    decide.give_back(world.house, number, "more", caller=world.officer(), now=clock.now())
    token = token_in(citizen.get(case).text)
    citizen.enter("my", replace(citizen.world.citizen, level=2))
    for path in (f"/my/cases/new/{ITEM}", draft, f"{draft}/check", case, f"{case}/answer"):
        answer = citizen.client.get(path)
        assert answer.status_code == 303, path
        assert "level=3" in answer.location
        assert COMPANY["domicile"] not in answer.text
    for path in (draft, f"{case}/answer"):
        assert COMPANY["domicile"] not in citizen.client.post(path, data={"csrf": token, "premises": ""}).text


def test_below_the_level_a_sent_form_is_kept_and_nothing_is_submitted(citizen: Visitor) -> None:
    check = citizen.written().location
    token = token_in(citizen.get(check).text)
    citizen.enter("my", replace(citizen.world.citizen, level=2))
    kept = citizen.client.post(
        check.replace("/check", ""), data={"csrf": token, "premises": "示范路92号", "then": "check"}
    )
    assert kept.location == check
    assert citizen.client.post(check.replace("/check", "/submit"), data={"csrf": token}).location == check
    citizen.enter("my", citizen.world.citizen)
    assert "示范路92号" in citizen.get(check.replace("/check", "")).text
    with citizen.world.house.database.read() as db:
        assert store.cases(db) == []


def test_a_person_is_told_that_the_service_is_for_companies(citizen: Visitor) -> None:
    citizen.enter("my", citizen.world.himself)
    page = citizen.get(f"/my/cases/new/{ITEM}")
    assert page.status_code == 200
    assert "This service is for companies" in page.text


@pytest.mark.parametrize("path", ["{draft}", "{draft}/check", "{case}", "{case}/answer"])
@pytest.mark.parametrize("who", ["a thief", "the same person for himself", "a stranger"])
def test_only_the_applicant_opens_his_pages(citizen: Visitor, path: str, who: str) -> None:
    case, draft = citizen.submitted(), citizen.begun()
    if who == "a stranger":
        citizen.leave()
    elif who == "a thief":
        citizen.enter("my", replace(citizen.world.citizen, person="thief"))
    else:
        citizen.enter("my", citizen.world.himself)
    answer = citizen.client.get(path.format(case=case, draft=draft))
    assert answer.status_code == {"a stranger": 303, "a thief": 404}.get(who, 403)
    assert WROTE["premises"] not in answer.text


@pytest.mark.parametrize("what", ["withdraw", "answer"])
def test_a_thief_changes_nothing(citizen: Visitor, what: str) -> None:
    case = citizen.submitted()
    token = token_in(citizen.get(case).text)
    citizen.enter("my", replace(citizen.world.citizen, person="thief"))
    assert citizen.client.post(f"{case}/{what}", data={"csrf": token}).status_code == 404
    assert citizen.world.case(case.rpartition("/")[2]).state is CaseState.submitted


def test_a_form_of_another_site_changes_nothing(citizen: Visitor) -> None:
    case = citizen.submitted()
    for path in (f"{case}/withdraw", f"/my/cases/new/{ITEM}"):
        assert citizen.client.post(path).status_code == 403


def test_a_draft_is_thrown_away_with_all_that_it_holds(citizen: Visitor) -> None:
    path = citizen.written().location.replace("/check", "")
    citizen.post(f"{path}/discard", page=path)
    assert citizen.get(path).status_code == 404
    with citizen.world.house.database.read() as db:
        assert db.execute(store.contents_table.select()).all() == []
        assert db.execute(store.files_table.select()).all() == []


def test_a_draft_waits_for_thirty_days(citizen: Visitor) -> None:
    path = citizen.begun()
    house, now = citizen.world.house, clock.now()
    assert drafts.expire(house, now + timedelta(days=29)) == 0
    assert drafts.expire(house, now + timedelta(days=31)) == 1
    assert citizen.get(path).status_code == 404


def test_a_returned_application_is_answered(citizen: Visitor) -> None:
    case = citizen.submitted()
    world, number = citizen.world, case.rpartition("/")[2]
    decide.give_back(world.house, number, "请写明经营项目", caller=world.officer(), now=clock.now())
    assert "请写明经营项目" in citizen.get(case).text
    assert WROTE["premises"] in citizen.get(f"{case}/answer").text
    wrong = citizen.post(f"{case}/answer", **WROTE | {"items": ""}, answer="看这里")
    assert wrong.status_code == 422
    assert "看这里" in wrong.text
    sent = citizen.post(f"{case}/answer", **WROTE | {"items": "冷食类"}, answer="已改")
    assert sent.location == case
    assert world.case(number).state is CaseState.submitted
    assert citizen.get(f"{case}/answer").location == case  # there is nothing to answer any more


def test_an_answer_typed_without_a_session_comes_back(citizen: Visitor) -> None:
    case = citizen.submitted()
    world, number = citizen.world, case.rpartition("/")[2]
    decide.give_back(world.house, number, "more", caller=world.officer(), now=clock.now())
    token = token_in(citizen.get(f"{case}/answer").text)
    citizen.leave()
    citizen.client.post(f"{case}/answer", data={"csrf": token, "items": "冷食类", "answer": "我的说明"})
    citizen.enter("my", world.citizen)
    page = citizen.get(f"{case}/answer").text
    assert "冷食类" in page
    assert "我的说明" in page


# -- officers


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
@pytest.mark.parametrize("view", ["open", "overdue", "mine", "all"])
def test_an_officer_sees_the_cases_of_his_place(officer: Visitor, view: str, language: str) -> None:
    case = officer.world.submitted()
    page = officer.get(f"/console/cases?view={view}", language)
    assert page.status_code == 200
    assert (case.number in page.text) == (view in ("open", "all"))
    assert COMPANY["legal_representative"] not in page.text


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_an_officer_accepts_and_approves(officer: Visitor, language: str) -> None:
    case = officer.world.submitted()
    path = f"/console/cases/{case.number}"
    page = officer.get(path, language).text
    assert WROTE["premises"] in page
    assert officer.client.get(f"{path}/papers/{officer.world.paper}").data == PDF
    officer.post(f"{path}/accept", page=path)
    officer.post(f"{path}/approve", page=path)
    done = officer.world.case(case.number)
    assert done.license in officer.get(path, language).text
    assert officer.get("/console/cases/board", language).status_code == 200


@pytest.mark.parametrize(("step", "fields"), [("return", ("words",)), ("refuse", ("reason", "legal_basis"))])
def test_a_step_without_words_is_asked_again(officer: Visitor, step: str, fields: tuple[str, ...]) -> None:
    case = officer.world.submitted()
    path = f"/console/cases/{case.number}"
    answer = officer.post(f"{path}/{step}", page=path)
    assert answer.status_code == 422
    for field in fields:
        assert f'href="#{field}"' in answer.text
    assert officer.world.case(case.number).state is CaseState.submitted


@pytest.mark.parametrize("page", ["", "/board", "/{number}", "/{number}/papers/{paper}"])
def test_without_the_right_there_is_nothing_to_see(officer: Visitor, page: str) -> None:
    case = officer.world.submitted()
    officer.enter("console", replace(officer.world.officer(), rights=RIGHTS - {"cases"}))
    path = f"/console/cases{page.format(number=case.number, paper=officer.world.paper)}"
    assert officer.client.get(path).status_code == 403


@pytest.mark.parametrize("page", ["/{number}", "/{number}/papers/{paper}"])
def test_another_place_finds_no_case(officer: Visitor, page: str) -> None:
    case = officer.world.submitted()
    officer.enter("console", officer.world.officer(place="hub/870000"))
    path = f"/console/cases{page.format(number=case.number, paper=officer.world.paper)}"
    assert officer.client.get(path).status_code == 404
    assert case.number not in officer.get("/console/cases?view=all").text
    with officer.world.house.database.read() as db:
        assert ledger.events(db, kind="case.looked") == []


@pytest.mark.parametrize("step", ["destroy", "answer", "withdraw", "again"])
def test_an_officer_has_only_his_own_steps(officer: Visitor, step: str) -> None:
    case = officer.world.submitted()
    path = f"/console/cases/{case.number}"
    assert officer.post(f"{path}/{step}", page=path).status_code in (400, 409)
    assert officer.world.case(case.number).state is CaseState.submitted


def test_his_own_application_has_no_buttons_and_no_way_around(officer: Visitor) -> None:
    case = officer.world.submitted()
    officer.enter("console", officer.world.officer("citizen"))
    path = f"/console/cases/{case.number}"
    assert f"{path}/accept" not in officer.get(path).text
    assert officer.post(f"{path}/accept", page="/console/cases/board").status_code == 403


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.dictionaries(st.sampled_from([*WROTE, "operator", "premises_en", "x", ""]), st.text(max_size=900)))
def test_whatever_is_typed_never_breaks_a_page(citizen: Visitor, typed: dict[str, str]) -> None:
    path = one_draft(citizen)
    token = token_in(citizen.get(path).text)
    sent = citizen.client.post(path, data={"csrf": token, "then": "check", **typed}, follow_redirects=True)
    null = any("\0" in word for word in [*typed, *typed.values()])  # refused for every form
    assert sent.status_code in ((400,) if null else (200, 422))


def one_draft(citizen: Visitor) -> str:
    """One draft for all examples: their number is limited for each person."""
    who, now = citizen.world.citizen, clock.now()
    with citizen.world.house.database.read() as db:
        begun = store.drafts_of(db, "citizen", who.acting_for, now)
    return f"/my/cases/drafts/{begun[0].id}" if begun else citizen.begun()


def test_a_draft_that_was_submitted_in_another_window_is_not_written_on_nor_thrown_away(citizen: Visitor) -> None:
    check = citizen.written().location
    path = check.replace("/check", "")
    token = token_in(citizen.get(check).text)
    case = citizen.client.post(f"{path}/submit", data={"csrf": token}).location
    for late in (path, f"{path}/discard"):
        assert citizen.client.post(late, data={"csrf": token, "premises": "别处"}).status_code == 404
    house = citizen.world.house
    drafts.discard(house, path.rpartition("/")[2])  # had it looked a moment earlier
    with pytest.raises(NoCase):
        drafts.write(house, path.rpartition("/")[2], {"premises": "别处"}, {}, clock.now())
    assert WROTE["premises"] in citizen.get(case).text


def test_a_wrong_file_and_an_empty_field_are_told_at_once(citizen: Visitor) -> None:
    answer = citizen.written(premises="", **{f"material-{citizen.world.paper}": (BytesIO(b"GIF89a"), "x.gif")})
    assert {f"material-{citizen.world.paper}-error", "premises-error"} <= set(
        re.findall(r'id="([^"]+-error)"', answer.text)
    )


def test_only_the_fields_and_papers_of_the_service_are_kept(citizen: Visitor) -> None:
    path = citizen.begun()
    sent: dict[str, Any] = {"strange": "x", "material-strange": (BytesIO(PDF), "x.pdf"), "premises": "示范路1号"}
    citizen.post(path, **sent)
    with citizen.world.house.database.read() as db:
        content = store.content(db, citizen.world.house.vault, path.rpartition("/")[2])
        assert db.execute(store.files_table.select()).all() == []
    assert content.fields == {"premises": "示范路1号"}
