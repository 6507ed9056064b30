"""The portal and the console's service items in a browser: for everyone, in both languages, without JavaScript too."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from admin import services, status
from admin.model.operator import Right
from admin.store import items
from deploy.demo.seed import PLACES
from deploy.demo.seed_services import HEALTH, seed_services
from hub import callers, clock, tree
from hub.callers import Caller
from idp.provider import clients
from seals import store as seals
from seals.model import Agency
from tests.admin import offices
from tests.admin.test_services import PUBLIC
from tests.browser.accessible import assert_accessible
from tests.browser.conftest import Live, Visit
from tests.browser.presses import presses
from tests.idp.rp import department

pytestmark = pytest.mark.usefixtures("leaving")
both = pytest.mark.parametrize("language", ["zh-Hans", "en"])
CODE = f"{HEALTH}-0001"
OPEN = (
    "/",
    "/services",
    "/services?q=zzz",
    f"/services/{CODE}",
    "/departments",
    f"/departments/{HEALTH}",
    "/kinds",
    "/status",
)
CONSOLE = (
    "/console/services",
    "/console/services/new",
    f"/console/services/{CODE}",
    f"/console/services/{CODE}/edit",
    "/console/clients",
    "/console/clients/qiyun-market",
    "/console/policies",
)


@pytest.fixture(scope="session")
def portal(live: Live) -> Live:
    """Departments with services; the first ones look at themselves for a few minutes."""
    now = clock.now()
    with live.house.database.write() as db:
        for place in PLACES:
            tree.keep(db, place)
        seals.keep_agency(db, Agency(HEALTH, "栖云市卫生健康委员会", "Qiyun Health Commission", "hub/880000/880100"))
    seed_services(live.house, now)
    clients.add(live.house, department(), by="test", now=now)
    for minutes in range(3):
        status.sample(live.house, now - timedelta(minutes=minutes))
    return live


def visitor(browser: Browser, live: Live, language: str, *rights: Right, **options: Any) -> Page:
    """A browser, signed in to the console if it is an officer's."""
    locale = {"zh-Hans": "zh-CN"}.get(language, language)
    context = browser.new_context(locale=locale, reduced_motion="reduce", **options)
    context.set_default_timeout(10_000)
    if rights:
        now = clock.now()
        names = frozenset(right.value for right in (*rights, Right.see))
        person = f"officer-{'-'.join(sorted(names))}"
        who = Caller(
            person=person, level=1, amr=("pwd", "otp", "mfa"), auth_time=now, sid=person, place="hub", rights=names
        )
        offices.proved(live.house, person)
        with live.house.database.write() as db:
            value = callers.open_session(db, "console", who, now=now, hours=1)
        context.add_cookies([{"name": live.house.settings.cookie("console"), "value": value, "url": live.hub}])
    return context.new_page()


@pytest.fixture(scope="module")
def office(browser: Browser, portal: Live) -> Iterator[dict[str, Page]]:
    """An officer of services at his desk, in each language."""
    pages = {language: visitor(browser, portal, language, Right.services) for language in ("zh-Hans", "en")}
    yield pages
    for page in pages.values():
        page.context.close()


def look(page: Page) -> None:
    """A phone and a desk."""
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 700})
        assert_accessible(page)


@both
@pytest.mark.parametrize("path", OPEN)
def test_the_portal_is_for_everyone(pass_by: Visit, portal: Live, path: str, language: str) -> None:
    look(pass_by(portal.hub + path, language=language))


@both
@pytest.mark.parametrize("path", CONSOLE)
def test_the_console_is_for_everyone(office: dict[str, Page], portal: Live, path: str, language: str) -> None:
    page = office[language]
    answer = page.goto(portal.hub + path)
    assert answer
    assert (answer.status, page.url) == (200, portal.hub + path)
    look(page)


def test_the_front_page_is_light(browser: Browser, portal: Live) -> None:
    page = visitor(browser, portal, "en")
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(len(answer.body())) if answer.ok else None)
    page.goto(portal.hub, wait_until="networkidle")
    assert len(sizes) <= 15
    assert sum(sizes) <= 200_000, "before compression; a tenth of it over the wire"


def test_a_visitor_finds_a_service_with_the_keyboard_alone_and_without_javascript(
    browser: Browser, portal: Live
) -> None:
    page = visitor(browser, portal, "zh-Hans", java_script_enabled=False)
    page.goto(portal.hub)
    page.get_by_role("searchbox").focus()
    page.keyboard.type("我想看医生")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="家庭医生签约服务")).to_be_visible()
    presses(page.get_by_role("link", name="家庭医生签约服务"))
    expect(page.get_by_role("link", name="申请办理")).to_have_attribute("href", f"/my/cases/new/{CODE}")
    expect(page.locator("h1")).to_have_text("家庭医生签约服务")


@both
def test_a_form_with_mistakes_is_for_everyone(browser: Browser, portal: Live, language: str) -> None:
    page = visitor(browser, portal, language, Right.services)
    page.goto(f"{portal.hub}/console/services/new")
    presses(page.locator("main form button").last)
    expect(page.locator("#errors")).to_be_focused()
    look(page)


def test_two_officers_bring_a_service_into_the_portal_without_javascript(browser: Browser, portal: Live) -> None:
    asks = visitor(browser, portal, "en", Right.services, java_script_enabled=False)
    asks.goto(f"{portal.hub}/console/services/new")
    code = f"{HEALTH}-0009"
    asks.locator("#code").fill(code)
    presses(asks.locator("main form button").last)
    expect(asks).to_have_title(re.compile("^Error:"))
    expect(asks.locator("#errors a").first).to_have_attribute("href", "#name")
    for name, words in {
        "name": "母婴健康手册",
        "name_en": "Mother and child handbook",
        "legal_basis": "《中华人民共和国母婴保健法》",
        "legal_basis_en": "Law on Maternal and Infant Health Care",
        "statutory_days": "5",
        "promised_days": "1",
        "url": "https://health.qiyun.example/apply",
        "keys": json.dumps({"keys": [PUBLIC]}),
        "redirect_uris": "https://health.qiyun.example/callback",
        "purpose": "办理母婴健康手册",
        "purpose_en": "To give you the handbook",
    }.items():
        asks.locator(f"#{name}").fill(words)
    asks.get_by_label("with a client of its own").check()
    presses(asks.locator("main form button").last)
    expect(asks.locator("#sandbox")).to_be_visible()
    asks.locator("#reason").fill("ready")
    presses(asks.get_by_role("button", name="Ask for production"))
    request = asks.url
    expect(asks.get_by_role("button", name="Approve")).to_have_count(0)
    decides = visitor(browser, portal, "en", Right.approve, java_script_enabled=False)
    decides.goto(request)
    presses(decides.get_by_role("button", name="Approve"))
    with portal.house.database.read() as db:
        assert items.item(db, code).public
        assert services.waits(db, code, clock.now()) is None
    sees = visitor(browser, portal, "en", Right.services)
    for page in (request, f"{portal.hub}/console/services/{code}"):
        sees.goto(page)
        look(sees)
    decides.goto(f"{portal.hub}/services?q=handbok")
    expect(decides.get_by_role("link", name="Mother and child handbook")).to_be_visible()
