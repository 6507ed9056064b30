"""A citizen rates what was decided for him; the office puts it right and replies; strangers see the figures, never the rater."""

import re

import pytest

from admin import assessment
from admin.model.rating import TaskState
from admin.store import ratings as store
from docs.figures import assessment as counted
from hub import clock, ledger
from tests.world import World
from yinxin.tour.assessment import REPLY, WORDS, Chapter
from yinxin.tour.browser import Browser
from yinxin.tour.cases import Application
from yinxin.tour.story import Story


@pytest.fixture(scope="module")
def chapter(merchant: Story) -> Chapter:
    """A citizen whose application was decided by an officer of Qiyun."""
    application = Application(merchant)
    application.apply()
    application.decide()
    return Chapter(merchant)


def test_a_bad_rating_is_put_right_and_the_citizen_reads_the_reply(chapter: Chapter, made: World) -> None:
    assert chapter.find_link().startswith("C-")
    assert chapter.rate()
    assert chapter.put_right().endswith("by qiyun.fuhe")  # the other one decided
    assert chapter.read_reply() == REPLY
    with made.house.database.read() as db:
        assert store.task(db, chapter.rating).state is TaskState.closed
        kinds = [event.kind for event in reversed(ledger.events(db, subject=chapter.rating))]
    assert kinds[0] == "rating.given"
    assert kinds[-1] == "rating.closed"


def test_a_second_rating_is_refused_and_a_forged_link_leads_nowhere(chapter: Chapter, made: World) -> None:
    stranger = Browser()
    page = stranger.open(f"{chapter.link}?lang=en")
    assert "Thank you for your rating" in page.text
    assert WORDS not in page.text
    assert stranger.open(f"{chapter.link[:-1]}a?lang=en").status_code == 404
    assert stranger.open(f"{made.sites.hub}/rate/{'a' * 32}").status_code == 404


def test_who_decided_cannot_look_after_the_rating(chapter: Chapter, made: World) -> None:
    officer = made.officers["qiyun.jingban"]
    page = officer.open(f"{made.sites.hub}/console/assessment/{chapter.rating}?lang=en").text
    assert "about your own work" in page
    assert "Replied" in page
    decider = store_officer(made, chapter.rating)
    officer.submit(action="/sign-out", to=f"/console/assessment/{chapter.rating}/assign", officer=decider)
    assert officer.page.status_code == 403


def store_officer(made: World, rating: str) -> str:
    with made.house.database.read() as db:
        return store.rating(db, rating).service.officer


def test_other_places_and_other_offices_do_not_see_it(chapter: Chapter, made: World) -> None:
    data_officer = made.officers["yunlan.shuju"]
    assert data_officer.open(f"{made.sites.hub}/console/assessment/{chapter.rating}").status_code == 403
    stranger = Browser()
    stranger.open(f"{made.sites.hub}/console/assessment/{chapter.rating}")
    assert stranger.path == "/login"


def test_an_appeal_is_decided_by_a_second_person(chapter: Chapter, made: World) -> None:
    """The officer who appeals cannot decide; in the demo only he may approve, so nobody does."""
    hub, fuhe = made.sites.hub, made.officers["qiyun.fuhe"]
    fuhe.open(f"{hub}/console/assessment/{chapter.rating}?lang=en")
    fuhe.submit(action="/appeal", reason="It was about another office.")
    assert "An appeal waits for a second person" in fuhe.page.text
    found = re.search(r'href="(/console/approvals/[0-9a-f]+)"', fuhe.open(f"{hub}/console/approvals?lang=en").text)
    assert found
    page = fuhe.open(f"{hub}{found[1]}?lang=en")
    assert "Exclude a rating from the figures" in page.text
    digest = re.search(r"[0-9a-f]{64}", page.text)
    assert digest
    fuhe.submit(action="/withdraw", to=f"{found[1]}/decide", decision="approve", digest=digest[0])
    assert fuhe.page.status_code == 403
    jingban = made.officers["qiyun.jingban"]  # has no right to approve
    jingban.open(f"{hub}/console/assessment?lang=en")
    jingban.open(f"{hub}/console/assessment/{chapter.rating}")
    fuhe.open(f"{hub}{found[1]}?lang=en")
    fuhe.submit(action="/withdraw")
    with made.house.database.read() as db:
        assert store.rating(db, chapter.rating).excluded is None


def test_the_boards_show_what_the_ledger_counts(chapter: Chapter, made: World) -> None:
    now = clock.now()
    for scope in ("hub", "hub/880000", "hub/870000"):
        with made.house.database.read() as db:
            events = list(ledger.export(db, scope=scope))
            assert assessment.figures(db, scope, now) == counted.figures(events, now)
            shown = [(s.agency, s.item, s.ratings, s.satisfied, s.fixed) for s in assessment.scoreboard(db, scope)]
            assert shown == counted.scoreboard(events)
    board = Browser().open(f"{made.sites.hub}/scoreboard?lang=en")
    assert "too few yet" in board.text
    assert "%</" not in board.text
