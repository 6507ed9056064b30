"""A company's application: half of it is known already, another one decides, one license comes of it, anyone verifies it."""

import re
from datetime import timedelta

import pytest

from admin import case_figures, finish
from admin.model.case import CaseState
from admin.store import cases as store
from docs.figures.cases import figures
from hub import clock, ledger
from licenses import store as licenses
from tests.world import World
from yinxin.tour.browser import Browser
from yinxin.tour.cases import ANSWERS, FOOD, PLAN, Application
from yinxin.tour.story import Story

QIYUN = "hub/880000/880100"


@pytest.fixture(scope="module")
def story(merchant: Story) -> Story:
    """A citizen who acts for a company that holds a business license."""
    return merchant


@pytest.fixture
def application(story: Story) -> Application:
    """One more application of the company, submitted."""
    made = Application(story)
    made.apply()
    return made


def open_case(story: Story, number: str, officer: str = "qiyun.jingban") -> Browser:
    browser = story.officers[officer]
    browser.open(f"{story.sites.hub}/console/cases/{number}?lang=en")
    return browser


def state(made: World, number: str) -> CaseState:
    with made.house.database.read() as db:
        return store.case(db, number).state


def test_the_company_gets_its_license_and_anyone_verifies_it(application: Application, made: World) -> None:
    application.decide()
    assert application.verify()
    with made.house.database.read() as db:
        case = store.case(db, application.number)
        events = ledger.events(db, subject=application.number)
    assert (case.materials_asked, case.materials_avoided, case.visits) == (3, 1, 0)
    assert [event.kind for event in reversed(events)] == [
        "case.submitted",
        "case.looked",
        "case.accepted",
        "case.looked",
        "case.approved",
        "case.issued",
        "case.looked",
    ]


def test_what_the_form_lacks_is_asked_and_what_was_typed_stays(story: Story) -> None:
    citizen = story.citizen
    citizen.open(f"{story.sites.hub}/my/cases/new/{FOOD}?lang=en")
    citizen.submit(action=f"/new/{FOOD}")
    form = citizen.path
    citizen.submit("premises", then="check", **(ANSWERS | {"items": ""}))
    assert citizen.page.status_code == 422
    assert citizen.path == form
    for field in ("items", *(name for name in citizen.find("premises").names if name.startswith("material-"))):
        assert f'href="#{field}"' in citizen.page.text
    assert ANSWERS["premises"] in citizen.page.text
    citizen.open(f"{story.sites.hub}{form}")
    assert ANSWERS["premises"] in citizen.page.text  # on the server, not in the page


def test_a_returned_application_is_answered_and_decided(application: Application, story: Story, made: World) -> None:
    officer = open_case(story, application.number)
    officer.submit(action="/return", words="请写明是否制售冷食")
    assert state(made, application.number) is CaseState.returned
    citizen = story.citizen
    citizen.open(f"{story.sites.hub}/my/notices?lang=en")
    assert application.number in citizen.page.text
    citizen.open(f"{story.sites.hub}/my/cases/{application.number}/answer?lang=en")
    assert "请写明是否制售冷食" in citizen.page.text
    citizen.submit("premises", answer="不制售冷食", **(ANSWERS | {"items": "热食类食品制售"}))
    assert state(made, application.number) is CaseState.submitted
    application.decide()
    with made.house.database.read() as db:
        fields = licenses.application_of(db, made.house.vault, application.license).application.fields
    assert fields["items"] == "热食类食品制售"


def test_a_refused_application_names_reason_and_law_and_yields_nothing(
    application: Application, story: Story, made: World
) -> None:
    officer = open_case(story, application.number)
    officer.submit(action="/refuse", reason="场所不符合要求")
    assert officer.page.status_code == 422
    assert state(made, application.number) is CaseState.submitted
    officer.submit(action="/refuse", reason="场所不符合要求", legal_basis="食品安全法第三十五条")
    page = story.citizen.open(f"{story.sites.hub}/my/cases/{application.number}?lang=en").text
    assert "场所不符合要求" in page
    assert "食品安全法第三十五条" in page
    assert not re.search(r'"/wallet/[^"]', page)  # a way to the wallet itself, none to a license


def test_the_way_back_and_a_second_click_submit_nothing(story: Story, made: World) -> None:
    citizen = story.citizen
    citizen.open(f"{story.sites.hub}/my/cases/new/{FOOD}?lang=en")
    citizen.submit(action=f"/new/{FOOD}")
    papers = {name: PLAN for name in citizen.find("premises").names if name.startswith("material-")}
    citizen.attach(papers, "premises", then="check", **ANSWERS)
    check = citizen.page
    numbers = set()
    for _ in range(2):
        citizen.page = check
        citizen.submit(action="/submit")
        numbers.add(citizen.path)
    assert len(numbers) == 1


def test_a_withdrawn_application_is_not_decided(application: Application, story: Story, made: World) -> None:
    officer = open_case(story, application.number)
    story.citizen.open(f"{story.sites.hub}/my/cases/{application.number}")
    story.citizen.submit(action="/withdraw")
    officer.submit(action="/accept")
    assert officer.page.status_code == 409
    assert state(made, application.number) is CaseState.withdrawn


def test_an_officer_without_the_right_or_of_another_place_sees_nothing(application: Application, story: Story) -> None:
    for account in ("yunlan.shuju", "hub.jiandu"):
        browser = open_case(story, application.number, account)
        assert browser.page.status_code == 403
        assert ANSWERS["premises"] not in browser.page.text


def test_another_citizen_finds_no_such_application(application: Application, made: World) -> None:
    other = Story(made.sites, Browser(), Browser(), made.officers)
    for step in (other.get_person, other.sign_in_at_a, other.open_wallet):
        step()
    page = other.citizen.open(f"{made.sites.hub}/my/cases/{application.number}?lang=en")
    assert page.status_code == 404
    page = other.citizen.open(f"{made.sites.hub}/my/cases/new/{FOOD}?lang=en")
    assert "This service is for companies" in page.text


def test_a_stranger_is_asked_who_he_is(application: Application, made: World) -> None:
    stranger = Browser()
    for path in ("cases", f"cases/{application.number}", f"cases/new/{FOOD}"):
        stranger.open(f"{made.sites.hub}/my/{path}")
        assert stranger.path == "/login"


def test_a_low_level_leads_to_the_step_that_is_missing(made: World) -> None:
    """The service needs a live check; the citizen has proved name and number only."""
    other = Story(made.sites, Browser(), Browser(), made.officers)
    other.get_person()
    other.sign_in_at_a()
    other.citizen.open(f"{made.sites.hub}/my/cases/new/{FOOD}?lang=en")
    assert other.citizen.path == "/realname"
    other.citizen.submit(action="/realname/live")
    other.citizen.submit("outcome", outcome="match")
    assert other.citizen.path == f"/my/cases/new/{FOOD}"


def test_a_crash_between_decision_and_license_is_made_good(
    application: Application, story: Story, made: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("the power went")

    officer = open_case(story, application.number)
    officer.submit(action="/accept")
    with monkeypatch.context() as broken:
        broken.setattr(finish, "issue", crash)
        with pytest.raises(Exception, match="failed"):
            officer.submit(action="/approve")
    page = story.citizen.open(f"{story.sites.hub}/my/cases/{application.number}?lang=en").text
    assert "Approved: the license is being made" in page
    assert finish.resume(made.house, clock.now() + timedelta(minutes=2)) == [application.number]
    assert re.search(r'"/wallet/[^"]', story.citizen.open(f"{story.sites.hub}/my/cases/{application.number}").text)


def test_the_board_counts_what_the_ledger_counts(story: Story, made: World, application: Application) -> None:
    now = clock.now()
    for scope in ("hub", QIYUN, "hub/870000"):
        with made.house.database.read() as db:
            assert case_figures.figures(db, scope, now) == figures(list(ledger.export(db, scope=scope)), now)
    board = story.officers["qiyun.jingban"].open(f"{story.sites.hub}/console/cases/board?lang=en")
    with made.house.database.read() as db:
        submitted = case_figures.figures(db, QIYUN, now)["submitted"]
    assert str(submitted) in story.officers["qiyun.jingban"].facts
    assert board.status_code == 200


def test_one_chooses_for_whom_one_acts(application: Application, story: Story) -> None:
    """The link on the page leads to the choice, and back; what was begun for the company waits for the company."""
    citizen, hub = story.citizen, story.sites.hub
    try:
        act_for(story, "myself")
        assert "You act for yourself." in citizen.page.text
        assert application.number not in citizen.page.text
        page = citizen.open(f"{hub}/my/cases/{application.number}?lang=en")
        assert page.status_code == 403
        assert "You began this while acting for somebody else" in page.text
    finally:
        act_for(story, story.company)
    assert application.number in citizen.page.text


def act_for(story: Story, whom: str) -> None:
    story.citizen.open(f"{story.sites.hub}/my/cases?lang=en")
    way = story.citizen.page.text.partition(f'href="{story.sites.hub}/as?')[2].partition('"')[0]
    story.citizen.open(f"{story.sites.hub}/as?{way}")
    story.citizen.submit("whom", whom=whom)
    assert story.citizen.path == "/my/cases"
