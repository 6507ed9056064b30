"""The counter's pages with a browser: what the officer sees while he serves somebody."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from licenses.model import License
from tests.browser.accessible import assert_accessible
from tests.browser.conftest import Live
from tests.browser.presses import presses
from tests.browser.story import JIA
from tests.browser.test_every_page import both, held, operator

__all__ = ["held", "operator"]  # fixtures


@both
def test_an_officer_s_visit(live: Live, browser: Browser, operator: Any, held: License, language: str) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 568}, storage_state=operator)
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(f"{live.hub}/console/counter?lang={language}")
    assert_accessible(page)
    page.locator("#name").fill(JIA[0])
    presses(page.locator("main form button"))
    expect(page.locator("#errors")).to_be_visible()
    assert_accessible(page)
    page.locator("#document").check()
    page.locator("#number").fill(JIA[1])
    page.locator("#reason").fill("打印证照")
    presses(page.locator("main form button"))
    expect(page.locator("main")).to_contain_text("8801")
    assert JIA[1] not in page.content()
    assert_accessible(page)
    here = page.url
    presses(page.locator("a[href$='/recovery']"))
    assert_accessible(page)
    presses(page.locator("main form:not([action]) button"))  # the code, or that there is no account
    assert_accessible(page)
    page.goto(here)
    _looks_at_a_license_and_ends(page, held)
    context.close()


def _looks_at_a_license_and_ends(page: Page, held: License) -> None:
    page.locator("#text").fill(held.number)
    presses(page.locator("form[action$=check] button"))
    expect(page.locator("#answer")).to_be_visible()
    assert_accessible(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    assert_accessible(page)
    presses(page.locator("form[action$=close] button"))
    code = page.locator("main img")
    expect(code).to_be_visible()
    assert code.evaluate("image => image.naturalWidth") > 0
    assert_accessible(page)


@both
@pytest.mark.parametrize("width", [320, 1280])
def test_the_board(live: Live, browser: Browser, operator: Any, language: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 568}, storage_state=operator)
    page = context.new_page()
    page.goto(f"{live.hub}/console/counter-figures?lang={language}")
    assert_accessible(page)
    context.close()
