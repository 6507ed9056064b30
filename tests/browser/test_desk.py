"""A suspicion in two taps, asking and following, and the desk that answers, with a browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from admin import desk
from admin.desk import Question
from admin.model.ticket import TicketKind
from hub import clock, numbers
from hub.callers import Caller
from licenses.model import License
from tests.browser.accessible import assert_accessible
from tests.browser.conftest import Live, Visit
from tests.browser.presses import presses
from tests.browser.test_every_page import both, held, look, operator, page

__all__ = ["held", "operator", "page"]  # fixtures
NUMBER = re.compile(r"R-\d{8}-\w{10}-\w")
HUB = Caller(person="another-officer", place="hub", rights=frozenset({"see", "desk"}))


def report(page: Page, tap: str) -> str:
    """The two taps on a result; the number that is shown."""
    page.locator(tap).click()
    presses(page.locator("#report-form button[type=submit]"))
    expect(page).to_have_url(re.compile("/reported/"))
    found = NUMBER.search(page.locator("main").inner_text())
    assert found
    return found[0]


def test_a_scanned_code_is_reported_in_two_taps(live: Live, held: License, visit: Visit) -> None:
    visitor = visit(held.code, width=360, language="en")
    expect(visitor.locator("#result[data-reason=code-in-force] [data-act=report]")).to_be_visible()
    number = report(visitor, "[data-act=report]")
    assert_accessible(visitor)
    presses(visitor.get_by_role("link", name="Follow this report"))
    expect(visitor.locator("main")).to_contain_text(number)
    expect(visitor.locator("main")).to_contain_text(held.number)
    assert_accessible(visitor)


def test_without_javascript_as_well(live: Live, held: License, visit: Visit) -> None:
    visitor = visit(f"{live.verify}/", width=320, language="en", javascript=False)
    visitor.locator("#number").fill(held.number)
    presses(visitor.locator("#number-form button"))
    report(visitor, "summary:has-text('Something is wrong')")


def test_without_internet_the_page_says_that_a_report_needs_it(live: Live, held: License, visit: Visit) -> None:
    visitor = visit(held.code, language="en")
    expect(visitor.locator("[data-act=report]")).to_be_visible()
    visitor.context.set_offline(True)
    visitor.locator("[data-act=report]").click()
    expect(visitor.locator("[data-part=offline]")).to_contain_text("needs a connection")


@both
def test_the_report_s_page(live: Live, page: Page, language: str) -> None:
    look(page, f"{live.verify}/report", language)


@both
@pytest.mark.parametrize("path", ["/desk", "/desk/{number}?new=1"])
def test_a_page_for_who_asks(live: Live, page: Page, language: str, path: str) -> None:
    now = clock.now()
    number = desk.ask(live.house, Question(TicketKind.question, "怎样办理？"), now)
    look(page, f"{live.hub}{path.format(number=number)}", language)


@both
@pytest.mark.parametrize("who", ["operator"])
@pytest.mark.parametrize("taken", [False, True])
def test_the_desk_s_pages(live: Live, page: Page, who: str, language: str, *, taken: bool) -> None:
    now = clock.now()
    number = desk.ask(live.house, Question(TicketKind.complaint, "怎样办理？", contact="100-8800-0049"), now)
    id = numbers.key(live.house.vault, number)
    desk.receive(live.house, id, by=HUB, now=now)
    if taken:
        desk.take(live.house, id, by=Caller(person="operator-1", place="hub"), now=now)
    for path in ("desk", f"desk/{id}", "desk-figures"):
        look(page, f"{live.hub}/console/{path}", language)
