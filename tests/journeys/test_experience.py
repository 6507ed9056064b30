"""What a supervisor learns of a real day: people sign in, prove their names and check licenses; only steps are counted."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from admin import experience
from admin.model.experience import Period
from docs.figures.experience import figures as counted_again
from hub import clock, ledger
from tests.world import World, world
from yinxin.tour import experience as chapter
from yinxin.tour.browser import Browser
from yinxin.tour.story import Story

PHONE = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36"
)


@pytest.fixture(params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path: Any, valkey_url: str) -> Iterator[World]:
    """A demo in this process on each of the two databases."""
    postgres = request.getfixturevalue("postgres_server") if request.param == "postgresql" else None
    with world(tmp_path, valkey_url, postgres=postgres) as made:
        made.house.tally.flush()
        made.house.tally.waiting()
        made.house.shared.take_all(f"tally:{clock.timestamp() // 60}")  # what making the world has counted
        yield made


def on_a_phone(**headers: str) -> Browser:
    """A browser as a phone has it."""
    browser = Browser()
    browser._http.headers.update({"User-Agent": PHONE, **headers})
    return browser


def fold(running: World) -> dict[str, int | float]:
    """Let the minute go by, and give the figures of the board."""
    running.house.tally.flush()
    with clock.shifted(61):
        experience.fold(running.house, clock.now())
        with running.house.database.read() as db:
            return experience.figures(db, "hub", clock.now(), Period.hour)


def export(running: World) -> list[dict[str, Any]]:
    """The ledger as its export gives it."""
    with running.house.database.read() as db:
        events = ledger.events(db, limit=10_000)
    lines = [{"kind": e.kind, "subject": e.subject, "at": e.at.isoformat(), "facts": e.facts} for e in events]
    return json.loads(json.dumps(lines))  # type: ignore[no-any-return]


def names(events: list[dict[str, Any]]) -> set[str]:
    """Everything that was counted, by its five words."""
    return {name for event in events if event["kind"] == "experience.counted" for name in event["facts"]["counts"]}


def test_a_day_of_people_becomes_the_figures_of_the_board(running: World) -> None:
    story = Story(running.sites, on_a_phone(), on_a_phone(), running.officers)
    for step in (
        story.get_person,
        story.sign_in_at_a,
        story.open_b,
        story.open_wallet,
        story.be_issued,
        story.download,
    ):
        step()
    story.verify_file()
    story.verify_code_and_number()
    story.verify_altered()
    told = fold(running)
    expected = {
        "login.begun": 3,  # department A, department B, wallet
        "login.consent-shown": 2,  # our own wallet needs none
        "login.returned": 3,
        "realname.begun": 1,
        "realname.matched": 1,
        "realname.live-begun": 1,
        "realname.live-passed": 1,
        "issue.intended": 1,
        "issue.issued": 1,
        "verification.asked.uploaded": 2,
        "verification.asked.scanned": 1,
        "verification.asked.typed": 1,
        "verification.answered.valid": 3,
        "verification.answered.not_valid": 1,
        "login.completion": 1.0,
        "answers.failed": 0,
    }
    assert {name: told[name] for name in expected} == expected
    assert told["answers"] > 20
    assert told == counted_again(export(running)), "the ledger alone tells the same"


def test_languages_and_devices_are_told_apart_and_nothing_else(running: World) -> None:
    on_a_phone().open(f"{running.sites.hub}/login?lang=en")
    on_a_phone(**{"Accept-Language": "zh-CN"}).open(f"{running.sites.hub}/login")
    Browser().open(f"{running.sites.hub}/login")
    fold(running)
    events = [event for event in export(running) if event["kind"] == "experience.counted"]
    assert all(event["facts"].keys() == {"counts"} for event in events)
    assert sorted(name for name in names(events) if name.startswith("step ")) == [
        "step login shown en phone",
        "step login shown none program",
        "step login shown zh-Hans phone",
    ]


@pytest.mark.parametrize("signal", [{"Sec-GPC": "1"}, {"DNT": "1"}])
def test_who_does_not_want_to_be_counted_walks_the_whole_way_uncounted(running: World, signal: dict[str, str]) -> None:
    story = Story(running.sites, on_a_phone(**signal), on_a_phone(**signal), running.officers)
    for step in (story.get_person, story.sign_in_at_a, story.open_b, story.open_wallet):
        step()
    story.verifier.open(f"{running.sites.verify}/")
    body = {"page": "verification.check", "language": "en", "LCP": 900}
    assert story.verifier._http.post(f"{running.sites.verify}/api/vitals", json=body).status_code == 204
    fold(running)
    assert not [name for name in names(export(running)) if "phone" in name or name.startswith(("step", "vital"))]


def test_the_supervisor_reads_and_takes_the_board_with_him(running: World) -> None:
    """And nobody else does: not the officer of a city, not a citizen."""
    on_a_phone().open(f"{running.sites.hub}/login?lang=en")
    officer = running.officers["hub.jiandu"]
    fold(running)
    page = officer.open(f"{running.sites.hub}/console/experience?period=hour&lang=en")
    assert page.status_code == 200
    assert "Sign-in page shown" in page.text
    assert officer.fetch(f"{running.sites.hub}/console/experience.csv").text.startswith("\ufefftable,group")
    rows = officer.fetch(f"{running.sites.hub}/console/experience.json?period=hour").json()["rows"]
    assert {"group": "login", "item": "shown"}.items() <= rows[1].items()
    city = running.officers["qiyun.jingban"]
    for end in ("", ".csv", ".json"):
        assert city.open(f"{running.sites.hub}/console/experience{end}").status_code == 403
        assert Browser().open(f"{running.sites.hub}/console/experience{end}").url.path == "/login"


def test_the_chapter_of_the_tour(running: World) -> None:
    story = Story(running.sites, Browser(), Browser(), running.officers)
    story.get_person()
    story.sign_in_at_a()
    said = [step() for _words, step in chapter.steps(story)]
    assert said[0] == ""
    assert said[1].endswith("in the last minute")
    told = fold(running)
    assert told["pages"] == 1
    assert told["LCP.p75"] == 1100  # three quarters between 800 and 1200
