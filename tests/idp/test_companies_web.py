"""The pages of a company's people: by forms, in both languages, with every refusal at its field."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from hub import clock
from hub.house import House
from idp.acting import companies_people, mandates
from idp.acting.companies_people import Invited
from idp.model.company import Wanted
from idp.model.mandate import Mandate, Role
from idp.store import mandates as store
from idp.store import offers, organizations
from idp.store.people import person_table
from tests.idp.citizen import JIA
from tests.idp.staff import ABDU, CODE, FOOD, YAN, appointed, company, proved, signed_in
from tests.idp.test_companies_people import someone


class Person:
    """Somebody at a browser."""

    def __init__(self, house: House, app: Flask, id: str, now: datetime, language: str = "en") -> None:
        self.house, self.id, self.language = house, id, language
        self.browser = app.test_client()
        opened = mandates.act(house, signed_in(house, id, now), None, now=now)
        self.browser.set_cookie(house.settings.cookie("idp"), opened.cookie)

    def get(self, path: str) -> TestResponse:
        return self.browser.get(path, headers={"Accept-Language": self.language})

    def post(self, path: str, *, form_at: str = "", **fields: Any) -> TestResponse:
        page = self.get(form_at or path)
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
        assert token, page.text
        data = {"csrf": token[1]} | fields
        return self.browser.post(path, data=data, headers={"Accept-Language": self.language})


@pytest.fixture
def boss(house: House, app: Flask, now: datetime) -> Person:
    return Person(house, app, company(house, now), now)


def form(who: tuple[str, str] = JIA, **more: Any) -> dict[str, Any]:
    return {"name": who[0], "number": who[1]} | more


def waiting(house: House) -> int:
    with house.database.read() as db:
        return len(offers.open_for(db, CODE, clock.now()))


def test_an_agent_is_invited_and_accepts_by_form(house: House, app: Flask, boss: Person, now: datetime) -> None:
    page = boss.get(f"/companies/{CODE}/invite/agent").text
    assert f"{now + timedelta(days=7, hours=8):%Y-%m-%d}" in page  # a week is offered
    days = dict(re.findall(r'name="(since|until)" type="date" value="([0-9-]+)"', page))
    sent = boss.post(f"/companies/{CODE}/invite/agent", **form(all="named", matters=[FOOD]), **days)
    assert sent.status_code == 303
    shown = boss.get(sent.location).text
    assert "It waits in the account of whoever proves this name" in shown
    assert JIA[0] in shown
    assert JIA[1] not in shown
    jia = Person(house, app, proved(house, JIA, now), now)
    way = re.search(r"/companies/invitations/[0-9a-f]+", jia.get("/companies").text)
    assert way
    assert "Food business license" in jia.get(way[0]).text
    assert jia.post(way[0], decision="accept").location == f"/companies?claimed={CODE}"
    assert "For these matters: Food business license" in jia.get("/companies").text
    assert jia.get(way[0]).status_code == 404  # answered


def test_the_days_are_whole_days_in_china(house: House, app: Flask, boss: Person, now: datetime) -> None:
    since, until = f"{now + timedelta(days=2):%Y-%m-%d}", f"{now + timedelta(days=4):%Y-%m-%d}"
    boss.post(f"/companies/{CODE}/invite/agent", **form(all="all", since=since, until=until))
    with house.database.read() as db:
        (offer,) = offers.open_for(db, CODE, now)
    assert offer.until is not None
    assert f"{offer.since + timedelta(hours=8):%Y-%m-%d %H:%M}" == f"{since} 00:00"
    assert f"{offer.until - timedelta(seconds=1) + timedelta(hours=8):%Y-%m-%d}" == until
    jia = Person(house, app, proved(house, JIA, now), now)
    asked = jia.get(f"/companies/invitations/{offer.id}").text
    assert until in asked  # the last day, as it was typed: not the midnight after it
    assert f"{offer.until + timedelta(hours=8):%Y-%m-%d}" not in asked


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"all": "named"}, "Choose at least one matter"),
        ({"all": "named", "matters": ["nonsense"]}, "Choose at least one matter"),
        ({"all": "all", "until": "2026-13-40"}, "Choose a last day"),
        ({"all": "all", "until": "yesterday"}, "Choose a last day"),
        ({"all": "all", "until": "2020-01-01"}, "Choose a last day"),
        ({"all": "all", "until": "2199-01-01"}, "a year at most"),
        ({"all": "all", "since": "x"}, "Choose a first day"),
        ({"all": "all", "number": "880101198503120016"}, "mistyped"),
        ({"all": "all", "number": ""}, ""),
        ({"all": "all", "name": ""}, ""),
    ],
)
def test_what_is_wrong_stands_at_its_field_with_what_was_typed(
    house: House, boss: Person, typed: dict[str, Any], said: str
) -> None:
    usual = form(until=f"{clock.now() + timedelta(days=7):%Y-%m-%d}", all="all")
    answer = boss.post(f"/companies/{CODE}/invite/agent", **usual | typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'class="yx-wrong"' in answer.text
    assert waiting(house) == 0


def test_the_sixth_manager_is_refused_on_the_page(house: House, boss: Person) -> None:
    for index in range(5):
        one = someone(index)
        assert boss.post(f"/companies/{CODE}/invite/manager", **form((one.name, one.number))).status_code == 303
    answer = boss.post(f"/companies/{CODE}/invite/manager", **form())
    assert answer.status_code == 409
    assert "A company has at most five managers" in answer.text
    assert waiting(house) == 5


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_everybody_sees_what_is_his_to_see(
    house: House, app: Flask, boss: Person, now: datetime, language: str
) -> None:
    manager = appointed(house, boss.id, JIA, Role.manager, now)
    agent = appointed(house, manager.person, YAN, Role.agent, now, only=(FOOD,))
    other = appointed(house, boss.id, ABDU, Role.agent, now)
    seen = {
        one: Person(house, app, one, now, language).get(f"/companies/{CODE}").text
        for one in (boss.id, manager.person, agent.person)
    }
    names = {boss.id: "欧阳示例", manager.person: JIA[0], agent.person: YAN[0], other.person: ABDU[0]}
    for viewer, page in seen.items():
        hidden = {other.person} if viewer == agent.person else set()
        for person, name in names.items():
            assert (name in page) is (person not in hidden), (viewer, name)
    assert ("管理员" if language == "zh-CN" else "Manager") in seen[boss.id]
    assert "/invite/manager" in seen[boss.id]
    assert "/invite/manager" not in seen[manager.person]
    assert "/invite/agent" in seen[manager.person]
    assert "/invite/" not in seen[agent.person]


def test_a_stranger_and_a_page_that_is_not_his(house: House, app: Flask, boss: Person, now: datetime) -> None:
    manager = appointed(house, boss.id, JIA, Role.manager, now)
    stranger = Person(house, app, proved(house, YAN, now), now)
    for path in (
        f"/companies/{CODE}",
        "/companies/91880101DEM000099X",
        f"/companies/{CODE}/invite/agent",
        f"/companies/{CODE}/people/{manager.id}",
    ):
        answer = stranger.get(path)
        assert answer.status_code == 403
        assert JIA[0] not in answer.text
    assert boss.get(f"/companies/{CODE}/invite/king").status_code == 403
    assert boss.get(f"/companies/{CODE}/people/nonsense").status_code == 403
    assert boss.get("/companies/invitations/nonsense").status_code == 404


def test_what_falls_with_a_manager_is_said_before_and_stands_in_the_history_after(
    house: House, app: Flask, boss: Person, now: datetime
) -> None:
    manager = appointed(house, boss.id, JIA, Role.manager, now)
    appointed(house, manager.person, YAN, Role.agent, now)
    page = f"/companies/{CODE}/people/{manager.id}"
    assert YAN[0] in boss.get(page).text
    assert boss.post(f"{page}/remove", form_at=page).status_code == 303
    after = boss.get(f"/companies/{CODE}").text
    history = after.partition("Mandates that ended")[2]
    assert JIA[0] in history
    assert "the mandate above it ended" in history
    assert boss.post(f"{page}/remove", form_at="/companies").status_code == 403  # twice


def test_an_agent_lays_his_mandate_down(house: House, app: Flask, boss: Person, now: datetime) -> None:
    agent = appointed(house, boss.id, JIA, Role.agent, now)
    jia = Person(house, app, agent.person, now)
    page = f"/companies/{CODE}/people/{agent.id}"
    assert "Lay down your mandate" in jia.get(page).text
    assert jia.post(f"{page}/remove", form_at=page).location == "/companies"
    with house.database.read() as db:
        assert store.held_by(db, agent.person, clock.now()) == []


def test_the_new_representative_confirms_from_a_list(house: House, boss: Person, now: datetime) -> None:
    manager = appointed(house, boss.id, JIA, Role.manager, now)
    with house.database.write() as db:
        store.suspend(db, manager.id, now)
    assert "Waiting for the legal representative" in boss.get(f"/companies/{CODE}").text
    way = f"/companies/{CODE}/people/{manager.id}/confirm"
    assert boss.post(way, form_at=f"/companies/{CODE}").status_code == 303
    assert "Waiting for the legal representative" not in boss.get(f"/companies/{CODE}").text


def test_appointing_and_removing_need_a_factor_shown_a_short_while_ago(
    house: House, app: Flask, boss: Person, now: datetime
) -> None:
    manager = appointed(house, boss.id, JIA, Role.manager, now)
    person = f"/companies/{CODE}/people/{manager.id}"
    with clock.shifted(seconds=20 * 60):
        for path in (f"/companies/{CODE}/invite/agent", person):
            assert "/login?again=1" in boss.get(path).location
        assert boss.post(f"{person}/remove", form_at=f"/companies/{CODE}").location == person
        with house.database.read() as db:
            assert [one.id for one in store.held_by(db, manager.person, clock.now())] == [manager.id]


def test_a_wrong_code_is_offered_as_it_was_probably_meant(house: House, boss: Person) -> None:
    answer = boss.post("/companies", code="９１８８０１０１ＤＥＭ００００８１Ｕ")
    assert answer.status_code == 422
    assert f'value="{CODE}"' in answer.text


def test_a_company_that_cannot_be_acted_for_says_why(house: House, app: Flask, boss: Person, now: datetime) -> None:
    with house.database.write() as db:
        db.execute(organizations.organization_table.update().values(state="revoked"))
    assert "Revoked, says the register" in boss.get("/companies").text
    page = boss.get(f"/companies/{CODE}").text
    assert "/invite/" not in page


def test_an_invitation_below_level_three_is_not_shown(house: House, app: Flask, boss: Person, now: datetime) -> None:
    offer = companies_people.invite(
        house, boss.id, CODE, Invited(*JIA), Wanted(Role.agent, now, now + timedelta(days=7)), now=now
    )
    id = proved(house, JIA, now)
    with house.database.write() as db:
        db.execute(person_table.update().where(person_table.c.id == id).values(level=2))
    jia = Person(house, app, id, now)
    assert offer.id not in jia.get("/companies").text
    assert jia.get(f"/companies/invitations/{offer.id}").status_code == 303  # to the live check


def test_one_chooses_among_companies_with_role_matters_and_end(
    house: House, app: Flask, boss: Person, now: datetime
) -> None:
    agent: Mandate = appointed(house, boss.id, JIA, Role.agent, now, only=(FOOD,))
    jia = Person(house, app, agent.person, now)
    page = jia.get("/as").text
    assert "Food business license" in page
    assert "until 20" in page
    assert jia.post("/as", whom=CODE).status_code == 303
    shown = jia.get("/companies").text
    assert "You act for:" in shown
    assert "/as?next=/account" in shown  # one control, on every page
