"""A visit to a counter over HTTP, from the document to the rating, and what an officer cannot do."""

import pytest

from admin import counter
from docs.figures.counter import figures
from hub import ledger
from tests.journeys.test_sharing import company
from tests.world import World
from yinxin.tour import counter as chapter
from yinxin.tour.browser import Browser
from yinxin.tour.cases import FOOD
from yinxin.tour.counter import OFFICER, Visit
from yinxin.tour.story import Story

ANSWERS = {
    "premises": "栖云市望舒区示范路92号一层",
    "premises_en": "Ground floor, 92 Shifan Rd, Wangshu District, Qiyun",
    "business_kind": "餐饮服务经营者",
    "items": "热食类食品制售",
    "items_en": "Hot dishes",
}


def test_the_counter_gives_what_the_site_gives(made: World) -> None:
    story = company(made)
    for _, step in chapter.steps(story):
        step()
    made.tick()
    with made.house.database.read() as db:
        counted = counter.figures(db, "hub")
        assert counted == figures(list(ledger.export(db)))
        looked = ledger.events(db, kind="person.looked-up")
    assert (counted["visits"], counted["printed"], counted["scanned"], counted["closed"]) == (1, 1, 1, 1)
    assert len(looked) == 1
    assert story.number not in str(list(looked))


def test_an_application_at_the_counter_is_decided_by_another_officer(made: World) -> None:
    story = company(made)
    visit = Visit(story)
    visit.arrive()
    officer = made.officers[OFFICER]
    officer.open(f"{made.sites.hub}{visit.at}/apply/{FOOD}?lang=en")
    assert story.company in officer.page.text
    officer.submit("premises", **ANSWERS | {"premises": ""})
    assert officer.page.status_code == 422
    officer.submit("premises", **ANSWERS)
    assert "The application is handed in" in officer.page.text
    number = officer.facts[0]
    mine = story.citizen.open(f"{made.sites.hub}/my/cases/{number}?lang=en")
    assert mine.status_code == 200
    assert ANSWERS["premises_en"] in mine.text
    _who_took_it_does_not_decide(made, number)


def _who_took_it_does_not_decide(made: World, number: str) -> None:
    taker, other = made.officers[OFFICER], made.officers["qiyun.fuhe"]
    at = f"{made.sites.hub}/console/cases/{number}?lang=en"
    assert "/accept" not in taker.open(at).text
    assert "/accept" in other.open(at).text


@pytest.mark.parametrize("who", ["qiyun.fuhe", "hub.jiandu", "yunlan.shuju"])
def test_who_has_no_right_does_not_serve(made: World, who: str) -> None:
    assert made.officers[who].open(f"{made.sites.hub}/console/counter").status_code == 403


def test_somebody_else_s_name_opens_nothing(made: World) -> None:
    story = company(made)
    officer, before = made.officers[OFFICER], opened(made)
    officer.open(f"{made.sites.hub}/console/counter?lang=en")
    seen = {"document": "citizen-card", "reason": "A test", "number": story.number}
    officer.submit("document", name="示例乙", **seen)
    assert officer.page.status_code == 422
    assert opened(made) == before
    stranger = Story(made.sites, Browser(), Browser(), made.officers)
    stranger.get_person()
    officer.submit("document", name=stranger.name, **seen | {"number": stranger.number, "company": story.company})
    assert officer.page.status_code == 422  # he does not represent that company
    assert opened(made) == before


def opened(made: World) -> int:
    """How many visits there were."""
    with made.house.database.read() as db:
        return len(ledger.events(db, kind="counter.opened", limit=100))
