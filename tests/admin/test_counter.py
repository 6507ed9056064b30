"""An officer serves a visitor without a telephone: what he needs for it, what is written down, and all that is refused."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import app as front
from admin import assessment, counter, rules
from admin.model.visit import MINUTES, Arrival, ArrivalWrong, Document, NotYourVisit, NoVisit, Visit, VisitEnded
from admin.store.visits import visits
from deploy.demo.register.site import create_app as create_register
from docs.figures.counter import figures
from hub import callers, clock, ledger, notices
from hub.callers import Caller
from hub.house import House
from hub.problems import Problem
from idp import realname
from idp.account import accounts
from idp.acting import mandates
from idp.attended import ServingOneself
from idp.model.mandate import Mandate, NoMandate, Role
from idp.model.organization import NotRepresentative, Organization
from idp.model.person import AccountEnded, Level, State
from idp.model.realname import NeedsGuardian, NotMatched, PaperIncomplete
from idp.numbers.rules import NumberWrong
from idp.realname.paper import FieldWrong
from idp.store import mandates as mandate_store
from idp.store import organizations, people, proofs
from licenses.model import License, LicenseUnknown
from tests.admin.test_desk import post, signed_in
from tests.browser.story import issue_one
from tests.hub.test_web import token_in
from tests.idp.citizen import JIA, OUYANG, PASSWORD

COMPANY = "91880101DEM000081U"
OFFICER = Caller(person="officer", place="hub/880000/880100", session="s-1", rights=frozenset({"see", "counter"}))
ARRIVAL = Arrival(*JIA, Document.citizen, "wants to print a license")
FORM = {"name": JIA[0], "number": JIA[1], "document": "citizen-card", "reason": "prints a license"}


@pytest.fixture
def at(house_on: House, tmp_path: Path) -> House:
    made = create_register(tmp_path / "register", house_on.settings.register_url, slow_seconds=0)
    house_on.fetch.serve_here(house_on.settings.register_url, made)
    return house_on


@pytest.fixture
def held(at: House, now: datetime) -> License:
    return issue_one(at, "residence-permit", now)


@pytest.fixture
def visit(at: House, now: datetime) -> Visit:
    return counter.open_visit(at, ARRIVAL, by=OFFICER, now=now)


def kinds(house: House, kind: str = "") -> list[str]:
    with house.database.read() as db:
        return [event.kind for event in ledger.events(db, kind=kind)]


def test_a_stranger_is_served_and_can_see_it_later(at: House, visit: Visit) -> None:
    with at.database.read() as db:
        person = people.person(db, visit.person)
        proof = proofs.evidence_of(db, visit.person)
        told = notices.of_person(db, visit.person)
        looked = ledger.events(db, kind="person.looked-up")[0]
        proved = ledger.events(db, kind="person.proved")[0]
    assert person
    assert person.level is Level.attended
    assert [(one.method, one.level) for one in proof] == [("counter", 4)]
    assert [one.title for one in told] == ["An officer opened a visit for you at a counter"]
    assert (looked.by, looked.facts) == ("person:officer", {"visit": visit.id})
    assert (proved.facts["document"], proved.facts["visit"]) == ("citizen-card", visit.id)
    assert not counter.account_in_doubt(at, visit)
    assert visit.shown == "示** 8801************15"
    assert (counter.visitor(visit).level, counter.visitor(visit).amr) == (4, ("counter",))


@pytest.mark.parametrize(
    ("name", "number", "document", "country", "born", "shown"),
    [
        ("TRAVELLER SAMPLE ANN", "P8800001", Document.passport, "uto", "1979-04-12", "P8"),
        ("VISITOR SAMPLE", "ZZZ880188010203", Document.foreigner, "", "1988-01-02", "ZZZ8"),
    ],
)
def test_papers_whose_numbers_tell_too_little_are_served_too(
    at: House, now: datetime, name: str, number: str, document: Document, country: str, born: str, shown: str
) -> None:
    arrival = replace(ARRIVAL, name=name, number=number, document=document, country=country, born=born)
    first = counter.open_visit(at, arrival, by=OFFICER, now=now)
    assert (
        counter.open_visit(at, arrival, by=OFFICER, now=now).person == first.person
    )  # found again by country and number
    assert number not in first.shown
    with at.database.read() as db:
        profile = people.profile(db, at.vault, first.person)
    assert (profile.number, profile.country, profile.born) == (number, country.upper() or "ZZZ", born)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"country": ""}, PaperIncomplete),
        ({"born": ""}, PaperIncomplete),
        ({"country": "U1O"}, FieldWrong),
        ({"born": "yesterday"}, FieldWrong),
        ({"born": "2999-01-01"}, FieldWrong),
        ({"born": "1979-04-13"}, NotMatched),
        ({"country": "ZZZ"}, NotMatched),
        ({"born": "2020-04-12"}, NeedsGuardian),
    ],
)
def test_a_passport_is_nothing_without_its_country_and_day_of_birth(
    at: House, now: datetime, change: dict[str, str], problem: type[Problem]
) -> None:
    ann = replace(
        ARRIVAL,
        name="TRAVELLER SAMPLE ANN",
        number="P8800001",
        document=Document.passport,
        **{"country": "UTO", "born": "1979-04-12"} | change,
    )
    with pytest.raises(problem):
        counter.open_visit(at, ann, by=OFFICER, now=now)


def test_nothing_personal_stands_in_the_ledger_or_in_clear(at: House, visit: Visit) -> None:
    with at.database.read() as db:
        text = str(list(ledger.export(db)))
        rows = b"".join(str(value).encode() for row in db.execute(visits.select()) for value in row)
    for secret in (*JIA, "wants to print"):
        assert secret not in text
        assert secret.encode() not in rows


def test_an_account_keeps_its_level(at: House, now: datetime) -> None:
    id = accounts.register(at, "jia.shili", PASSWORD, now=now).id
    realname.match(at, id, *JIA, now=now)
    visit = counter.open_visit(at, ARRIVAL, by=OFFICER, now=now)
    with at.database.read() as db:
        person = people.person(db, id)
    assert visit.person == id
    assert person
    assert person.level is Level.matched  # he has shown who he is, not that the account is his
    assert counter.account_in_doubt(at, visit)  # and the officer is told so


def test_a_code_of_the_account_gives_it_the_highest_level(at: House, now: datetime) -> None:
    id = accounts.register(at, "jia.shili", PASSWORD, now=now).id
    visit = counter.open_visit(at, replace(ARRIVAL, code=realname.counter_code(at, id)), by=OFFICER, now=now)
    with at.database.read() as db:
        person = people.person(db, id)
    assert person
    assert (visit.person, person.level) == (id, Level.attended)
    assert not counter.account_in_doubt(at, visit)


def test_a_wrong_code_opens_no_visit_and_stands_in_the_ledger(at: House, now: datetime) -> None:
    with pytest.raises(realname.CodeUnknown):
        counter.open_visit(at, replace(ARRIVAL, code="AAAA-AAAA"), by=OFFICER, now=now)
    assert kinds(at, "counter.") == ["counter.refused"]


def test_whoever_was_served_can_still_make_an_account(at: House, visit: Visit, now: datetime) -> None:
    id = accounts.register(at, "jia.shili", PASSWORD, now=now).id
    person = realname.match(at, id, *JIA, now=now)
    assert person.level is Level.matched
    assert counter.open_visit(at, ARRIVAL, by=OFFICER, now=now).person == id


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"number": "880101198503120016"}, NumberWrong),
        ({"name": "示例乙"}, NotMatched),
        ({"name": "示例小甲", "number": "880101201806010020"}, (NeedsGuardian, NumberWrong, NotMatched)),
        ({"company": "91880101DEM000082"}, NumberWrong),
        ({"company": COMPANY}, (NoMandate, NotRepresentative)),
    ],
    ids=["number", "name", "child", "code", "company"],
)
def test_who_is_not_who_he_says_is_not_served(at: House, now: datetime, changed: Any, problem: Any) -> None:
    with pytest.raises(problem):
        counter.open_visit(at, replace(ARRIVAL, **changed), by=OFFICER, now=now)
    assert kinds(at, "counter.") == ["counter.refused"]
    assert "counter.refused" in rules.LOOKED  # and supervision counts who tries


def test_a_company_s_account_without_a_live_check_gets_no_company(at: House, now: datetime) -> None:
    id = accounts.register(at, "ouyang", PASSWORD, now=now).id
    realname.match(at, id, *OUYANG, now=now)
    with pytest.raises(NoMandate):
        counter.open_visit(at, replace(ARRIVAL, name=OUYANG[0], number=OUYANG[1], company=COMPANY), by=OFFICER, now=now)


def test_the_legal_representative_comes_for_his_company(at: House, now: datetime) -> None:
    license = issue_one(at, "business-license", now)
    arrival = replace(ARRIVAL, name=OUYANG[0], number=OUYANG[1], company=COMPANY)
    visit = counter.open_visit(at, arrival, by=OFFICER, now=now)
    assert visit.acting_for == COMPANY
    assert [one.license.number for one in counter.held(at, visit, now)] == [license.number]
    assert counter.visit_of(at, visit.id, by=OFFICER, now=now) == visit
    with at.database.write() as db:
        mandate, _ = mandates.standing(at, db, visit.person, COMPANY, now)
        mandate_store.end(db, mandate.ended_at(now, "over"))
    with pytest.raises(NoMandate):  # what he came for is looked at anew at each step
        counter.visit_of(at, visit.id, by=OFFICER, now=now)


def test_nobody_serves_himself(at: House, now: datetime) -> None:
    id = accounts.register(at, "jia.shili", PASSWORD, now=now).id
    realname.match(at, id, *JIA, now=now)
    with pytest.raises(ServingOneself):
        counter.open_visit(at, ARRIVAL, by=replace(OFFICER, person=id), now=now)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301])
def test_a_reason_is_needed(reason: str) -> None:
    with pytest.raises(ArrivalWrong):
        replace(ARRIVAL, reason=reason)


def test_a_visit_is_one_officer_s_in_one_session_for_half_an_hour(at: House, visit: Visit, now: datetime) -> None:
    counter.visit_of(at, visit.id, by=OFFICER, now=now)
    for other in (replace(OFFICER, person="other"), replace(OFFICER, session="s-2")):
        with pytest.raises(NotYourVisit):
            counter.visit_of(at, visit.id, by=other, now=now)
    with pytest.raises(NoVisit):
        counter.visit_of(at, "none", by=OFFICER, now=now)
    with pytest.raises(VisitEnded):
        counter.visit_of(at, visit.id, by=OFFICER, now=now + timedelta(minutes=MINUTES))
    assert counter.expire(at, now + timedelta(minutes=MINUTES)) == 1
    assert counter.expire(at, now + timedelta(minutes=MINUTES)) == 0


def test_the_next_visit_ends_the_one_before(at: House, visit: Visit, now: datetime) -> None:
    counter.open_visit(at, replace(ARRIVAL, name=OUYANG[0], number=OUYANG[1]), by=OFFICER, now=now)
    with pytest.raises(VisitEnded):
        counter.visit_of(at, visit.id, by=OFFICER, now=now)


def test_what_is_printed_is_the_sealed_file_itself(at: House, held: License, visit: Visit, now: datetime) -> None:
    pdf = counter.print_license(at, visit, held.number, by=OFFICER, now=now)
    assert pdf == at.blobs.get(held.sealed)
    with at.database.read() as db:
        printed = ledger.events(db, subject=held.number, kind="license.printed")[0]
    assert (printed.by, printed.facts["visit"]) == ("person:officer", visit.id)


def test_somebody_else_s_license_is_not_printed(at: House, visit: Visit, now: datetime) -> None:
    other = issue_one(at, "business-license", now)
    with pytest.raises(LicenseUnknown):
        counter.print_license(at, visit, other.number, by=OFFICER, now=now)


def test_what_is_scanned_gets_anybody_s_answer(at: House, held: License, visit: Visit, now: datetime) -> None:
    asked: list[tuple[dict[str, Any], str]] = [
        ({"file": at.blobs.get(held.sealed)}, "valid"),
        ({"code": held.code}, "valid"),
        ({"number": held.number}, "valid"),
        ({"number": f"{held.number[:-1]}?"}, "cannot_say"),
        ({"file": at.blobs.get(held.sealed).replace(b"/Type", b"/Tipe", 1)}, "not_valid"),
    ]
    for question, verdict in asked:
        assert counter.scan(at, visit, **question, by=OFFICER, now=now).verdict.value == verdict


def test_an_ended_visit_is_rated_once_closed(at: House, held: License, visit: Visit, now: datetime) -> None:
    with pytest.raises(NotYourVisit):
        counter.ended_visit(at, visit.id, by=OFFICER)
    counter.close(at, visit.id, by=OFFICER, now=now)
    path = counter.rating_path(at, counter.ended_visit(at, visit.id, by=OFFICER), now)
    service, rating = assessment.look(at, path.rpartition("/")[2])
    assert (service.instance, service.channel, rating) == (visit.id, "counter", None)
    with pytest.raises(VisitEnded):
        counter.close(at, visit.id, by=OFFICER, now=now)
    for other in ({"person": "other"}, {"session": "s-2"}):  # nor he himself, days later
        with pytest.raises(NotYourVisit):
            counter.ended_visit(at, visit.id, by=replace(OFFICER, **other))  # type: ignore[arg-type]


@pytest.mark.parametrize("scope", ["hub", "hub/880000/880100", "hub/870000"])
def test_the_board_is_what_the_ledger_says(at: House, held: License, now: datetime, scope: str) -> None:
    counter.open_visit(at, ARRIVAL, by=replace(OFFICER, person="early"), now=now)
    counter.expire(at, now + timedelta(minutes=MINUTES))
    first = counter.open_visit(at, ARRIVAL, by=OFFICER, now=now)
    counter.print_license(at, first, held.number, by=OFFICER, now=now)
    counter.scan(at, first, number=held.number, by=OFFICER, now=now)
    counter.open_visit(at, ARRIVAL, by=OFFICER, now=now)
    with pytest.raises(NotMatched):
        counter.open_visit(at, replace(ARRIVAL, name="示例乙"), by=OFFICER, now=now)
    with at.database.read() as db:
        counted = counter.figures(db, scope)
        assert counted == figures(list(ledger.export(db, scope=scope)))
    if scope != "hub/870000":
        expected = {"visits": 3, "running": 1, "closed": 1, "expired": 1, "refused": 1, "printed": 1, "scanned": 1}
        assert expected.items() <= counted.items()


# -- pages


@pytest.fixture
def site(at: House) -> Flask:
    made = front.create_app(at.settings, house=at)
    made.testing = True
    return made


@pytest.fixture
def officer(site: Flask, at: House, now: datetime) -> FlaskClient:
    return signed_in(site, at, "console", OFFICER, now)


def arrive(officer: FlaskClient, **changed: str) -> Any:
    return post(officer, "/console/counter", "/console/counter", **(FORM | changed))


def found(pattern: str, page: str) -> str:
    match = re.search(pattern, page)
    assert match
    return match[1]


def test_a_wrong_code_is_told_at_its_field(officer: FlaskClient) -> None:
    answer = post(officer, "/console/counter", "/console/counter", **FORM, code="AAAA-AAAA")
    assert answer.status_code == 422
    assert 'href="#code"' in answer.text
    assert 'value="AAAA-AAAA"' in answer.text


def test_a_visit_on_pages(officer: FlaskClient, at: House, held: License) -> None:
    here = arrive(officer).location
    page = officer.get(f"{here}?lang=en").text
    assert "You are serving 示** 8801" in page
    assert JIA[1] not in page
    printed = officer.get(found(r'href="([^"]+/licenses/[^"]+)"', page))
    assert (printed.mimetype, printed.data) == ("application/pdf", at.blobs.get(held.sealed))
    scanned = post(officer, here, f"{here}/check", text=held.number)
    assert "A license with this number is in force." in scanned.text
    upload = {"csrf": token_in(page), "file": (BytesIO(at.blobs.get(held.sealed)), "scan.pdf")}
    told = officer.post(f"{here}/check?lang=en", data=upload, content_type="multipart/form-data")
    assert "This license is valid: genuine, and in force." in told.text
    assert post(officer, here, f"{here}/check").status_code == 422
    assert f'href="{here}"' in officer.get("/console/counter").text  # who looked elsewhere finds the way back
    done = post(officer, here, f"{here}/close").location
    assert "/rate/" in officer.get(done).text
    assert f'href="{here}"' not in officer.get("/console/counter").text
    assert officer.get(f"{here}/rating.svg").mimetype == "image/svg+xml"
    assert officer.get(here).status_code == 409


def test_a_code_for_a_new_password_is_given_with_a_second_tap_and_shown_once(
    officer: FlaskClient, at: House, now: datetime
) -> None:
    proved_account(at, now)
    here = arrive(officer).location
    page = officer.get(f"{here}/recovery?lang=en").text
    assert "You never see it" in page
    given = post(officer, f"{here}/recovery", f"{here}/recovery").text
    assert re.search(r">([A-Z2-9]{4}-){3}[A-Z2-9]{4}<", given)
    assert "person.recovery-code-given" in kinds(at)


def test_whoever_has_no_account_gets_no_code(officer: FlaskClient, at: House) -> None:
    here = arrive(officer).location
    refused = post(officer, f"{here}/recovery", f"{here}/recovery")
    assert refused.status_code == 409
    assert "person.recovery-code-given" not in kinds(at)


def proved_account(house: House, now: datetime) -> None:
    """The visitor has an account, and proved his number in it."""
    person = accounts.register(house, "jia.shili", "seven quiet lanterns upstream", now=now)
    realname.match(house, person.id, *JIA, now=now)


@pytest.mark.parametrize(
    ("field", "value"),
    [("document", "library-card"), ("name", ""), ("name", "示例乙"), ("number", ""), ("number", "880101198503120016"),
     ("reason", ""), ("company", COMPANY)],
)  # fmt: skip
def test_a_wrong_field_is_named(officer: FlaskClient, field: str, value: str) -> None:
    answer = arrive(officer, **{field: value})
    assert answer.status_code == 422
    assert "yx-field--wrong" in answer.text


def test_country_and_day_of_birth_are_asked_for_in_the_next_step(officer: FlaskClient) -> None:
    ann = {"name": "TRAVELLER SAMPLE ANN", "number": "P8800001", "document": "passport"}
    assert 'name="born"' not in officer.get("/console/counter").text
    asked = arrive(officer, **ann)
    assert asked.status_code == 200
    assert ('name="born"' in asked.text, 'name="country"' in asked.text, "yx-field--wrong" in asked.text) == (
        True,
        True,
        False,
    )
    assert 'value="P8800001"' in asked.text
    wrong = arrive(officer, **ann, country="UTO", born="1979-02-31")
    assert wrong.status_code == 422
    assert 'href="#born"' in wrong.text
    assert arrive(officer, **ann, country="UTO", born="1979-04-12").status_code == 303


def test_the_counter_needs_its_right_and_a_fresh_second_factor(site: Flask, at: House, now: datetime) -> None:
    for rights, status in ((frozenset({"see", "desk"}), 403), (frozenset({"counter"}), 200)):
        browser = signed_in(site, at, "console", replace(OFFICER, rights=rights), now)
        assert browser.get("/console/counter").status_code == status
    old = signed_in(site, at, "console", OFFICER, now - timedelta(minutes=6))
    answer = old.get("/console/counter")
    assert (answer.status_code, "again=1" in answer.location) == (303, True)
    assert site.test_client().get("/console/counter").status_code == 303


def test_one_factor_is_not_enough(site: Flask, at: House, now: datetime) -> None:
    browser = site.test_client()
    weak = replace(OFFICER, level=1, amr=("pwd",), auth_time=now, sid="s")
    with at.database.write() as db:
        browser.set_cookie("yinxin-8000-console", callers.open_session(db, "console", weak, now=now, hours=1))
    assert browser.get("/console/counter").status_code == 403


def test_a_form_that_was_open_too_long_opens_no_visit(site: Flask, at: House, now: datetime) -> None:
    browser = signed_in(site, at, "console", OFFICER, now)
    token = token_in(browser.get("/console/counter").text)
    with clock.shifted(seconds=301):
        assert browser.post("/console/counter", data=FORM | {"csrf": token}).status_code == 401


def test_another_officer_cannot_look_in(site: Flask, at: House, officer: FlaskClient, now: datetime) -> None:
    here = arrive(officer).location
    other = signed_in(site, at, "console", replace(OFFICER, person="other"), now)
    again = signed_in(site, at, "console", OFFICER, now)  # the same officer, at another screen
    for browser in (other, again):
        assert browser.get(here).status_code == 403
        assert post(browser, "/console/counter", f"{here}/close").status_code == 403
    assert site.test_client().get(here).status_code == 303


def test_the_visitor_reads_who_opened_his_matters_and_why(site: Flask, at: House, visit: Visit, now: datetime) -> None:
    mine = signed_in(site, at, "my", Caller(person=visit.person), now)
    page = mine.get("/my/visits?lang=en").text
    assert "wants to print a license" in page
    assert "Identity card" in page
    other = signed_in(site, at, "my", Caller(person="other"), now)
    assert "wants to print a license" not in other.get("/my/visits?lang=en").text
    assert site.test_client().get("/my/visits").status_code == 303


def put(house: House, id: str, state: State, now: datetime) -> None:
    with house.database.write() as db:
        assert people.set_state(db, id, state, why="court", at=now, over=State.active)


def test_whose_account_is_suspended_acts_for_nobody_at_a_counter_either(at: House, now: datetime) -> None:
    proved_account(at, now)
    id = counter.open_visit(at, ARRIVAL, by=OFFICER, now=now).person
    with at.database.write() as db:
        organizations.keep(db, Organization(COMPANY, "望舒示范餐饮有限公司", "key", now))
        mandate_store.add(db, Mandate("m-manager", COMPANY, id, Role.manager, now))
    visit = counter.open_visit(at, replace(ARRIVAL, company=COMPANY), by=OFFICER, now=now)
    put(at, id, State.suspended, now)
    with pytest.raises(NoMandate):
        counter.visit_of(at, visit.id, by=OFFICER, now=now)
    with pytest.raises(NoMandate):
        counter.open_visit(at, replace(ARRIVAL, company=COMPANY), by=OFFICER, now=now)


def test_nobody_is_served_with_the_paper_of_the_dead(at: House, now: datetime) -> None:
    proved_account(at, now)
    put(at, counter.open_visit(at, ARRIVAL, by=OFFICER, now=now).person, State.deceased, now)
    with pytest.raises(AccountEnded):
        counter.open_visit(at, ARRIVAL, by=OFFICER, now=now)
    assert kinds(at, "counter.")[0] == "counter.refused"
