"""Every page of identity, for everyone: both languages, small and large, large text, keyboard alone, without JavaScript.

`make gallery` also saves what each looks like, into docs/gallery.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

import app as front
from tests.browser import pictures, story
from tests.browser.accessible import assert_accessible
from tests.browser.conftest import Live
from tests.browser.gallery import CITIZEN, ELSEWHERE, FRESH, NEWCOMER, PAGES, PHONE, People, Shown
from tests.browser.presses import presses
from tests.browser.test_people import proves

BOTH = pytest.mark.parametrize("language", ["zh-Hans", "en"])
EACH = pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.title)
WIDE = "[document.documentElement.scrollWidth, innerWidth]"
CONTROLS = """() => [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
  .filter(e => !e.disabled && e.tabIndex >= 0 && e.checkVisibility({checkVisibilityCSS: true, contentVisibilityAuto: true}))
  .filter(e => e.type !== 'radio' || e.checked || !document.querySelector(`input[name="${e.name}"]:checked`))
  .length"""
HERE = """() => { const e = document.activeElement; if (!e || e === document.body) return null;
  const s = getComputedStyle(e), near = [s, getComputedStyle(e, '::after')];
  if (e.labels && e.labels[0]) near.push(getComputedStyle(e.labels[0], '::before'));
  const lit = x => x.outlineStyle !== 'none' && parseFloat(x.outlineWidth) >= 2 || x.boxShadow !== 'none';
  const box = e.getBoundingClientRect();
  return {html: e.outerHTML.slice(0, 120), seen: e.type === 'date' || near.some(lit), top: box.top + scrollY,
          bottom: box.bottom + scrollY, inside: box.right > 0 && box.left < innerWidth}; }"""
COVERED = """() => {
  const found = [...document.querySelectorAll('main :is(a[href], button, input:not([type=hidden]), summary)')]
    .filter(e => e.checkVisibility({checkVisibilityCSS: true}))
    .filter(e => { e.scrollIntoView({block: 'center', behavior: 'instant'}); const box = e.getClientRects()[0];
      const there = box && document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
      if (!there || e.contains(there) || there.contains(e)) return false;
      return ![...e.labels || []].some(label => label.contains(there)); });
  scrollTo(0, 0); return found.map(e => e.outerHTML.slice(0, 120)); }"""


@pytest.fixture(scope="module")
def states(live: Live, browser: Browser) -> dict[str, Any]:
    """The cookies of a citizen with a company, and of somebody who has just registered."""
    made: dict[str, Any] = {}
    for who in (NEWCOMER, CITIZEN):
        context = browser.new_context(locale="zh-CN")
        context.set_default_timeout(15_000)
        page = context.new_page()
        story.register(page, live.hub, f"gallery.{who}")
        if who == CITIZEN:
            made["company"] = _proved_with_company(live, page)
        made[who] = context.storage_state()
        context.close()
    return made | {PHONE: made[CITIZEN]}


def _proved_with_company(live: Live, page: Page) -> str:
    page.goto(live.register)
    presses(page.locator("form[action^='/people?'] button"))
    page.locator("#made dd").first.wait_for()
    name, number = page.locator("#made dd").all_inner_texts()[:2]
    proves(page, live, (name, number))
    page.goto(f"{live.register}/?made={number}")
    presses(page.locator("form[action='/companies'] button").first)
    page.locator("#made dd").first.wait_for()
    company = page.locator("#made dd").all_inner_texts()[1]
    page.goto(f"{live.hub}/companies")
    page.locator("#code").fill(company)
    presses(page.locator("form:has(#code) button[type=submit]"))
    return company


class Walk:
    """Browsers for each kind of visitor, opened once."""

    def __init__(self, live: Live, browser: Browser, states: dict[str, Any]) -> None:
        self._browser, self._states = browser, states
        self._people = People(live, browser, company=states["company"])
        self._pages: dict[tuple[str, bool], Page] = {}
        self._contexts: list[BrowserContext] = []

    def open(self, shown: Shown, language: str, *, javascript: bool = True) -> Page:
        """The page, in a language, on a phone."""
        page = self._page(shown.who, javascript=javascript)
        page.set_viewport_size({"width": 360, "height": 740})
        host = self._people.live.hub
        page.context.add_cookies([{"name": "lang", "value": language, "url": host}])
        if isinstance(shown.way, str):
            answer = page.goto(f"{host}{shown.way.format(company=self._people.company)}")
            assert answer
            assert answer.status == 200, page.locator("body").inner_text()
        else:
            shown.way(self._people, page)
        assert page.locator("html").get_attribute("lang") == language
        return page

    def _page(self, who: str, *, javascript: bool) -> Page:
        if who == FRESH or (who, javascript) not in self._pages:
            state = self._states.get(who)
            context = self._browser.new_context(
                storage_state=state, java_script_enabled=javascript, locale="zh-CN", reduced_motion="reduce"
            )
            context.set_default_timeout(15_000)
            self._contexts.append(context)
            self._pages[who, javascript] = context.new_page()
        return self._pages[who, javascript]

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture(scope="module")
def walk(live: Live, browser: Browser, states: dict[str, Any]) -> Iterator[Walk]:
    """Somebody to walk through all pages with."""
    walking = Walk(live, browser, states)
    yield walking
    walking.close()
    pictures.index([shown.title for shown in PAGES])


def test_no_page_is_forgotten(live: Live) -> None:
    rules = front.create_app(live.house.settings, house=live.house).url_map.iter_rules()
    pages = {rule.endpoint for rule in rules if rule.endpoint.startswith("idp.") and "GET" in (rule.methods or ())}
    shown = {shown.endpoint for shown in PAGES}
    assert not pages - shown - ELSEWHERE.keys(), "show them in tests/browser/gallery.py"
    assert not (shown | ELSEWHERE.keys()) - pages, "they are gone"
    assert len({one.title for one in PAGES}) == len(PAGES)


@BOTH
@EACH
def test_a_page_is_for_everyone(walk: Walk, shown: Shown, language: str) -> None:
    page = walk.open(shown, language)
    assert_accessible(page)
    assert not page.evaluate(COVERED), "something lies over them"
    pictures.take(page, shown.title, language, "phone")
    if language == "zh-Hans":  # the controls are the same in both
        _keyboard_reaches_every_control_in_the_order_of_the_page(page)
    page.set_viewport_size({"width": 320, "height": 568})
    _fits(page, "at 320 px")
    page.set_viewport_size({"width": 1280, "height": 800})
    _fits(page, "at 1280 px")
    pictures.take(page, shown.title, language, "desk")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    _fits(page, "with text of twice the size")


@EACH
def test_without_javascript_every_form_can_be_sent(walk: Walk, shown: Shown) -> None:
    page = walk.open(shown, "zh-Hans", javascript=False)
    assert page.locator("h1").count() == 1
    for form in page.locator("main form:visible").all():
        buttons = form.locator("button:visible, input[type=submit]:visible")
        fields = form.locator("input:not([type=hidden]):visible, select:visible, textarea:visible")
        assert buttons.count() or not fields.count(), form.inner_html()


def _fits(page: Page, how: str) -> None:
    wide, width = page.evaluate(WIDE)
    assert wide <= width, f"scrolls sideways {how}: {wide} px in a window of {width} px"


def _keyboard_reaches_every_control_in_the_order_of_the_page(page: Page) -> None:
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0); getSelection().removeAllRanges()")
    expected = page.evaluate(CONTROLS)
    seen: list[dict[str, Any]] = []
    for _ in range(4 * expected + 3):  # a field for a date takes several
        page.keyboard.press("Tab")
        here = page.evaluate(HERE)
        if here is None or (len(seen) > 1 and here["html"] == seen[0]["html"]):
            break
        assert here["seen"], f"no visible focus: {here['html']}"
        assert here["inside"], f"out of the window: {here['html']}"
        if not seen or here["html"] != seen[-1]["html"]:
            seen.append(here)
    assert len(seen) >= expected, f"{len(seen)} of {expected} reached"
    for before, after in pairwise(seen[1:]):  # the first is the link that skips the navigation
        assert after["bottom"] > before["top"] - 2, f"jumps up: {before['html']} -> {after['html']}"
