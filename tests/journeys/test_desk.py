"""A suspicion from the verifier to the rating of its answer, over HTTP, and what nobody may do on the way."""

import pytest

from admin import desk
from docs.figures.desk import figures
from hub import clock, ledger
from tests.journeys.test_sharing import company
from tests.world import World
from yinxin.tour.browser import Astray, Browser
from yinxin.tour.desk import OFFICER, Suspicion


def test_a_suspicion_reaches_the_department_and_comes_back_answered(made: World) -> None:
    story = company(made)
    suspicion = Suspicion(story)
    suspicion.report()
    _the_console_shows_it_at_the_license(made, story.license)
    _strangers_and_other_places_see_nothing(made, suspicion.number)
    suspicion.answer()
    suspicion.follow()
    _what_was_rated_is_not_rated_again(story.verifier)
    now = clock.now()
    made.tick()
    with made.house.database.read() as db:
        counted = desk.figures(db, "hub", now)
        assert counted == figures(list(ledger.export(db)), now)
    assert (counted["suspicion"], counted["replied_in_time"], counted["rated"]) == (1, 1, 1)


def _the_console_shows_it_at_the_license(made: World, number: str) -> None:
    supervisor = made.officers["hub.jiandu"]
    page = supervisor.open(f"{made.sites.hub}/console/licenses/{number}?lang=en").text
    assert "Questions and reports about this license" in page
    assert "Suspicion" in supervisor.open(f"{made.sites.hub}/console/desk-figures?lang=en").text


def _strangers_and_other_places_see_nothing(made: World, number: str) -> None:
    stranger = Browser()
    page = stranger.open(f"{made.sites.hub}/desk/{number}?lang=en").text
    assert "Another name stands on the wall." not in page
    assert stranger.open(f"{made.sites.hub}/console/desk").url.path == "/login"
    data = made.officers["yunlan.shuju"]  # of the province, without the right
    assert data.open(f"{made.sites.hub}/console/desk").status_code == 403


def _what_was_rated_is_not_rated_again(verifier: Browser) -> None:
    with pytest.raises(Astray):
        verifier.find("level")


def test_who_answers_takes_it_first(made: World) -> None:
    story = company(made)
    suspicion = Suspicion(story)
    suspicion.report()
    officer = made.officers[OFFICER]
    officer.open(f"{made.sites.hub}/console/desk?lang=en")
    officer.submit(action="/console/desk/find", number=suspicion.number)
    with pytest.raises(Astray):
        officer.find("answer")  # not before it was taken
