"""A citizen applies and an officer decides, in a browser: on a phone and a desk, in both languages, without JavaScript too."""

import re
import secrets
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from admin import decide
from admin.store import cases as store
from hub import clock
from hub.callers import Caller
from tests.admin.applicants import ITEM, PDF, WROTE, World
from tests.browser.accessible import assert_accessible
from tests.browser.conftest import Live
from tests.browser.presses import presses

pytestmark = pytest.mark.usefixtures("leaving")
both = pytest.mark.parametrize("language", ["zh-Hans", "en"])
PLAN: Any = {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": PDF}


@pytest.fixture(scope="session")
def world(live: Live) -> World:
    """A company with a business license, and the service."""
    return World(live.house, clock.now())


def visitor(browser: Browser, live: Live, world: World, kind: str, who: Caller, language: str, **options: Any) -> Page:
    """A browser that is signed in."""
    name, value = world.cookie(kind, who)
    locale = {"zh-Hans": "zh-CN"}.get(language, language)
    context = browser.new_context(locale=locale, reduced_motion="reduce", **options)
    context.set_default_timeout(10_000)
    context.add_cookies([{"name": name, "value": value, "url": live.hub}])
    return context.new_page()


def look(page: Page) -> None:
    """A phone and a desk."""
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 700})
        assert_accessible(page)


def write(page: Page, world: World) -> None:
    page.locator("#premises").fill(WROTE["premises"])
    page.get_by_role("radio").nth(1).check()
    page.locator("#items").fill(WROTE["items"])
    page.locator(f"#material-{world.paper}").set_input_files(PLAN)


@both
def test_a_citizen_s_way_is_for_everyone(browser: Browser, live: Live, world: World, language: str) -> None:
    page = visitor(browser, live, world, "my", world.citizen, language)
    page.goto(f"{live.hub}/my/cases/new/{ITEM}")
    look(page)
    presses(page.locator("main form button").last)
    look(page)
    presses(page.locator("button[value=check]"))
    expect(page.locator("#errors")).to_be_focused()
    look(page)
    write(page, world)
    presses(page.locator("button[value=check]"))
    expect(page).to_have_url(re.compile("/check$"))
    look(page)
    presses(page.locator("main form button"))
    expect(page).to_have_url(re.compile(r"/my/cases/C-\d{8}-\w{10}-\w$"))
    look(page)
    number = page.url.rpartition("/")[2]
    decide.give_back(world.house, number, "请写明是否制售冷食", caller=world.officer(), now=clock.now())
    page.reload()
    look(page)
    page.goto(f"{page.url}/answer")
    look(page)
    page.goto(f"{live.hub}/my/cases")
    look(page)


@both
def test_an_officer_s_day_is_for_everyone(browser: Browser, live: Live, world: World, language: str) -> None:
    case = world.submitted(secrets.token_hex(8))
    page = visitor(browser, live, world, "console", world.officer(), language)
    for path in ("", "?view=all", "/board"):
        page.goto(f"{live.hub}/console/cases{path}")
        look(page)
    page.goto(f"{live.hub}/console/cases/{case.number}")
    look(page)
    page.locator("summary").nth(1).click()
    presses(page.locator("form[action$=refuse] button"))
    expect(page.locator("#errors")).to_be_focused()
    look(page)
    presses(page.locator("form[action$=accept] button"))
    look(page)
    presses(page.locator("form[action$=approve] button"))
    expect(page.locator("form[action$=approve]")).to_have_count(0)
    look(page)
    assert world.case(case.number).license


def test_it_works_without_javascript_and_with_the_keyboard_s_enter(browser: Browser, live: Live, world: World) -> None:
    page = visitor(browser, live, world, "my", world.citizen, "en", java_script_enabled=False)
    page.goto(f"{live.hub}/my/cases/new/{ITEM}")
    presses(page.locator("main form button").last)
    write(page, world)
    page.locator("#premises").press("Enter")  # goes on to check: the first button of the form
    expect(page).to_have_url(re.compile("/check$"))


def test_what_was_typed_survives_the_end_of_the_session(browser: Browser, live: Live, world: World) -> None:
    page = visitor(browser, live, world, "my", world.citizen, "en")
    page.goto(f"{live.hub}/my/cases/new/{ITEM}")
    presses(page.locator("main form button").last)
    draft = page.url
    page.locator("#premises").fill("示范路93号")
    page.context.clear_cookies(name=world.cookie("my", world.citizen)[0])
    presses(page.locator("button[value=save]"))
    expect(page).to_have_url(re.compile("/login"))
    name, value = world.cookie("my", world.citizen)
    page.context.add_cookies([{"name": name, "value": value, "url": live.hub}])
    page.goto(draft)
    expect(page.locator("#premises")).to_have_value("示范路93号")
    with world.house.database.read() as db:
        content = store.content(db, world.house.vault, draft.rpartition("/")[2])
    assert content.fields["premises"] == "示范路93号"
