"""Every page there is: for everyone, in both languages, on a phone and on a desk."""

import re
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from admin.model.operator import Right
from hub import callers, clock
from hub.callers import Caller
from licenses.model import License
from seals import store as seals
from tests.browser import story
from tests.browser.accessible import assert_accessible
from tests.browser.conftest import Live

OPERATOR = Caller(person="operator-1", level=1, amr=("pwd", "otp", "mfa"), sid="s1", place="hub")
PUBLIC = ("/register", "/login", "/pki")
CHECKING = ("/", "/check", "/?number=2.999.11880000DEM000014J001.11880100DEM000049A.20260000001.001.S")
CITIZEN = (
    "/account",
    "/account/app",
    "/account/passkey",
    "/account/password",
    "/account/second-factor",
    "/realname",
    "/companies",
    "/wallet/",
    "/wallet/{license}",
)
CONSOLE = (
    "",
    "assessment-figures",
    "boards",
    "clients",
    "documents",
    "documents/new",
    "ledger",
    "licenses",
    "licenses/{license}",
    "licenses/{license}/suspend",
    "licenses/{license}/revoke",
    "operators",
    "my-seals",
    "seals",
    "seals/apply",
    "seals/shapes",
    "seals/{seal}",
)
both = pytest.mark.parametrize("language", ["zh-Hans", "en"])


@pytest.fixture(scope="session")
def held(live: Live) -> License:
    """A license that 示例甲 holds."""
    return story.issue_one(live.house, "residence-permit", clock.now())


@pytest.fixture(scope="session")
def citizen(live: Live, held: License, browser: Browser) -> Any:
    """The cookies of a person who registered, proved his name and opened his wallet."""
    context = browser.new_context(locale="zh-CN")
    context.set_default_timeout(15_000)
    page = context.new_page()
    story.register(page, live.hub, "jia.shili")
    story.prove(page, live.hub)
    story.sign_in_to_wallet(page, live.hub)
    assert page.locator(f"a[href*='{held.number}']").count() == 1
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(scope="session")
def operator(live: Live) -> Any:
    """The cookies of an operator who may do everything."""
    now = clock.now()
    who = replace(OPERATOR, auth_time=now, rights=frozenset(right.value for right in Right))
    with live.house.database.write() as db:
        value = callers.open_session(db, "console", who, now=now, hours=1)
    name = live.house.settings.cookie("console")
    return {"cookies": [{"name": name, "value": value, "domain": "localhost", "path": "/", "expires": -1,
                         "httpOnly": True, "secure": False, "sameSite": "Lax"}], "origins": []}  # fmt: skip


@pytest.fixture
def page(browser: Browser, kept: dict[object, Page], leaving: None, request: pytest.FixtureRequest) -> Page:
    """A page with the cookies that the test's `who` names, the same for each of his tests; a stranger has a new one."""
    who = request.node.callspec.params.get("who", "")
    page = kept.get(who)
    if page is None:
        page = browser.new_context(storage_state=request.getfixturevalue(who) if who else None).new_page()
        page.set_default_timeout(15_000)
    if who:
        kept[who] = page
    page.set_viewport_size({"width": 320, "height": 568})
    return page


@both
@pytest.mark.parametrize("path", PUBLIC)
def test_a_page_for_strangers(live: Live, page: Page, path: str, language: str) -> None:
    look(page, f"{live.hub}{path}", language)


@both
@pytest.mark.parametrize("path", CHECKING)
def test_a_page_for_whoever_checks(live: Live, page: Page, path: str, language: str) -> None:
    look(page, f"{live.verify}{path}", language)


@both
@pytest.mark.parametrize("path", CITIZEN)
@pytest.mark.parametrize("who", ["citizen"])
def test_a_page_for_a_citizen(live: Live, page: Page, held: License, who: str, path: str, language: str) -> None:
    look(page, f"{live.hub}{path.format(license=held.number)}", language)


@both
@pytest.mark.parametrize("path", CONSOLE)
@pytest.mark.parametrize("who", ["operator"])
def test_a_page_for_an_operator(live: Live, page: Page, held: License, who: str, path: str, language: str) -> None:
    with live.house.database.read() as db:
        seal = seals.seals(db, agency=held.agency)[0].id
    look(page, f"{live.hub}/console/{path.format(license=held.number, seal=seal)}", language)


def look(page: Page, url: str, language: str) -> None:
    """Open it in a language, and judge it narrow and wide."""
    answer = page.goto(f"{url}{'&' if '?' in url else '?'}lang={language}")
    assert answer
    assert answer.status == 200, page.locator("body").inner_text()
    assert page.locator("html").get_attribute("lang") == language
    assert page.title()
    assert re.search(r"[\u4e00-\u9fff]" if language == "zh-Hans" else "[a-z]", page.locator("h1").inner_text())
    assert_accessible(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    assert_accessible(page)
