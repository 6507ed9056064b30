"""Accounts of people in the console, at a real browser: for every officer, on a phone too, in both languages."""

import os
import secrets
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from admin.model.operator import Right
from deploy.demo.seed import PLACES
from hub import clock, tree
from idp.model.person import Level, Person, Profile
from idp.store import people
from tests.browser.conftest import Live
from tests.browser.presses import presses
from tests.browser.test_services import both, look, visitor

pytestmark = pytest.mark.usefixtures("leaving")
DOCUMENT = "(2026)栖云民初1号"
NAME = "示例己"


@pytest.fixture
def number(live: Live) -> str:
    """A person with a proved account that nobody else's test has."""
    now, found = clock.now(), f"88030119{secrets.randbelow(30) + 60}0101{secrets.randbelow(900) + 100}"
    digits = found + "10X98765432"[sum(int(d) * 2 ** (17 - at) for at, d in enumerate(found)) % 11]
    key = people.holder_key(live.house.vault, "111", digits)
    with live.house.database.write() as db:
        for place in PLACES:
            tree.keep(db, place)
        made = Person(f"account-{digits}", now, level=Level.present, holder_key=key, proved=now)
        people.add(db, live.house.vault, made, Profile(f"account-{digits}", NAME, digits, "111"))
    return digits


def shown(page: Page, name: str) -> None:
    """For everyone; and a picture, where somebody asks for one."""
    look(page)
    if folder := os.environ.get("YINXIN_SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@both
def test_an_account_is_found_looked_at_and_suspended_by_two(
    browser: Browser, live: Live, number: str, language: str
) -> None:
    asks = visitor(browser, live, language, Right.people)
    asks.goto(f"{live.hub}/console/people")
    shown(asks, f"people-{language}")
    presses(asks.locator("main form button").last)
    expect(asks.locator("#errors")).to_be_visible()
    shown(asks, f"people-wrong-{language}")
    for field, words in {"name": NAME, "number": number, "document": DOCUMENT}.items():
        asks.locator(f"#{field}").fill(words)
    presses(asks.locator("main form button").last)
    shown(asks, f"person-{language}")
    for operation in ("suspend", "renumber", "merge", "correct"):
        asks.goto(f"{live.hub}/console/people/account-{number}/do/{operation}")
        shown(asks, f"do-{operation}-{language}")
    asks.goto(f"{live.hub}/console/people/account-{number}/do/suspend")
    asks.locator("#document").fill(DOCUMENT)
    presses(asks.locator("main form button").last)
    look(asks)
    decides = visitor(browser, live, language, Right.approve)
    decides.goto(asks.url)
    shown(decides, f"approval-{language}")
    presses(decides.locator("button[value=approve]"))
    asks.goto(f"{live.hub}/console/people/account-{number}")
    shown(asks, f"suspended-{language}")
    with live.house.database.read() as db:
        found = people.person(db, f"account-{number}")
    assert found is not None
    assert not found.usable
