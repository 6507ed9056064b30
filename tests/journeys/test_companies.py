"""A company's people: its representative appoints a manager, he an agent for one matter, who applies and is stopped."""

import re
from datetime import timedelta
from typing import Any

import pytest

from admin.model.item import Audience
from admin.store import cases as store
from admin.store import items
from hub import clock, ledger
from tests.world import World
from yinxin.tour.browser import Browser
from yinxin.tour.cases import FOOD, Application
from yinxin.tour.story import Story


def person(made: World) -> Story:
    """Somebody whom nobody has used yet, known at level 3."""
    story = Story(made.sites, Browser(), Browser(), made.officers)
    for step in (story.get_person, story.sign_in_at_a, story.open_wallet):
        step()
    return story


def invites(by: Story, whom: Story, code: str, role: str, **more: Any) -> None:
    page = by.citizen.open(f"{by.sites.hub}/companies/{code}/invite/{role}?lang=en")
    assert page.status_code == 200, by.citizen.where
    by.citizen.submit("number", name=whom.name, number=whom.number, **more)
    assert "The invitation was made" in by.citizen.page.text, by.citizen.page.text
    assert whom.name in by.citizen.page.text


def accepts(story: Story) -> None:
    page = story.citizen.open(f"{story.sites.hub}/companies?lang=en").text
    way = re.search(r'href="(/companies/invitations/[0-9a-f]+)"', page)
    assert way, page
    story.citizen.open(f"{story.sites.hub}{way[1]}")
    story.citizen.submit("decision", decision="accept")
    assert "You may act for" in story.citizen.page.text


@pytest.fixture(scope="module")
def manager(made: World, merchant: Story) -> Story:
    """Appointed by the representative."""
    story = person(made)
    invites(merchant, story, merchant.company, "manager")
    accepts(story)
    return story


@pytest.fixture(scope="module")
def agent(made: World, merchant: Story, manager: Story) -> Story:
    """Appointed by the manager for the food business license, for a week, as the form offers it; he acts for the company."""
    story = person(made)
    invites(manager, story, merchant.company, "agent", all="named", matters=[FOOD])
    accepts(story)
    story.company, story.license = merchant.company, merchant.license
    story.citizen.open(f"{story.sites.hub}/as?lang=en")
    assert "Food business license" in story.citizen.page.text  # the matters stand at the choice
    story.citizen.submit("whom", whom=merchant.company)
    return story


def test_the_week_is_offered_and_the_people_stand_on_the_page(made: World, merchant: Story, agent: Story) -> None:
    page = merchant.citizen.open(f"{made.sites.hub}/companies/{merchant.company}?lang=en").text
    last = f"{clock.now() + timedelta(days=7, hours=8):%Y-%m-%d}"
    assert agent.name in page
    assert last in page
    assert agent.number not in page
    chinese = merchant.citizen.open(f"{made.sites.hub}/companies/{merchant.company}?lang=zh-Hans").text
    assert "管理员" in chinese
    assert "经办人" in chinese
    merchant.citizen.open(f"{made.sites.hub}/companies?lang=en")


def test_the_agent_applies_prefilled_and_one_paper_is_avoided(made: World, merchant: Story, agent: Story) -> None:
    application = Application(agent)
    application.apply()
    with made.house.database.read() as db:
        case = store.case(db, application.number)
    assert (case.acting_for, case.materials_asked, case.materials_avoided) == (merchant.company, 3, 1)
    application.decide()
    made.tick()
    shown = merchant.citizen.open(f"{made.sites.hub}/wallet/?lang=en").text
    assert application.license in shown  # the company's, not the agent's
    with made.house.database.read() as db:
        (event,) = [one for one in ledger.events(db, subject=application.number) if one.kind == "case.submitted"]
    assert event.by.endswith(f"for {merchant.company}")


def test_another_matter_is_refused_and_the_page_says_who_can_give_more(made: World, agent: Story) -> None:
    with made.house.database.read() as db:
        here = [one.code for one in items.public(db) if one.here and one.for_(Audience.company)]
    other = next(code for code in here if code != FOOD)
    page = agent.citizen.open(f"{made.sites.hub}/my/cases/new/{other}?lang=en")
    assert page.status_code == 403
    assert "Your mandate is not for this matter" in page.text
    way = agent.citizen.open(f"{made.sites.hub}/companies/{agent.company}?lang=en")
    assert "Your mandate, and whom to ask" in way.text
    assert agent.citizen.fetch(f"{made.sites.hub}/companies/{agent.company}/invite/agent").status_code == 403


def test_a_stranger_learns_nothing_of_the_company(made: World, merchant: Story) -> None:
    stranger = person(made)
    page = stranger.citizen.open(f"{made.sites.hub}/companies/{merchant.company}?lang=en")
    assert page.status_code == 403
    assert merchant.name not in page.text


def test_the_manager_is_removed_and_the_agent_is_blocked_at_the_next_click(
    made: World, merchant: Story, manager: Story, agent: Story
) -> None:
    agent.citizen.open(f"{made.sites.hub}/my/cases?lang=en")
    assert agent.citizen.path == "/my/cases"
    page = merchant.citizen.open(f"{made.sites.hub}/companies/{merchant.company}?lang=en").text
    card = page[page.index(manager.name) :]
    way = re.search(rf'href="(/companies/{merchant.company}/people/[0-9a-f]+)"', card)
    assert way
    confirm = merchant.citizen.open(f"{made.sites.hub}{way[1]}")
    assert agent.name in confirm.text  # what falls with it is said before
    merchant.citizen.submit(action="/remove")
    assert "The mandate has ended" in merchant.citizen.page.text
    for click in ("/my/cases", "/my/", "/wallet/", "/account", f"/my/cases/new/{FOOD}"):
        agent.citizen.open(f"{made.sites.hub}{click}")
        assert agent.citizen.path == "/login", click
    page = merchant.citizen.open(f"{made.sites.hub}/companies/{merchant.company}?lang=en").text
    for story in (manager, agent):
        assert story.name in page.partition("Mandates that ended")[2]
    made.tick()
    assert ledger.verify(made.house) is not None
