"""A document is sealed at a real browser: with a custodian's passkey, and without JavaScript; for everyone."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from hub import callers, clock
from seals import grants, lifecycle, seal_document, store
from seals.model import Design, Seal
from seals.store.tables import seal_table
from tests.browser.accessible import assert_accessible
from tests.browser.conftest import Live, Visit
from tests.browser.presses import presses
from tests.browser.test_every_page import OPERATOR
from tests.browser.test_people import with_device
from tests.seals import foreign
from tests.seals.conftest import HEALTH

__all__ = ["with_device"]
_SEALS: list[Seal] = []


@pytest.fixture
def seal(live: Live) -> Seal:
    """A seal of a body that has none, made once."""
    if not _SEALS:
        with live.house.database.write() as db:
            store.keep_agency(db, HEALTH)
        design = Design(HEALTH.name, "8801010000999")
        _SEALS.append(lifecycle.make_seal(live.house, HEALTH, by="test", now=clock.now(), design=design))
    return _SEALS[0]


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    path = tmp_path / "letter.pdf"
    path.write_bytes(foreign.pdf(pages=2))
    return path


def let_in(live: Live, page: Page, person: str, seal: Seal) -> None:
    """An officer with a grant for letters, at the console."""
    now = clock.now()
    grants.grant(live.house, seal.id, "", purposes=("document:letter",), officer=person, by="owner", now=now)
    who = replace(OPERATOR, person=person, auth_time=now, rights=frozenset({"see"}))
    with live.house.database.write() as db:
        value = callers.open_session(db, "console", who, now=now, hours=1)
    cookie: Any = {"name": live.house.settings.cookie("console"), "value": value, "url": live.hub}
    page.context.add_cookies([cookie])


def looked(page: Page, *, script: bool = True) -> None:
    """Judged narrow and wide."""
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        if script:  # axe needs it
            assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width if script else True


def upload(live: Live, page: Page, seal: Seal, letter: Path) -> None:
    page.goto(f"{live.hub}/console/documents/new")
    page.locator("#seal").select_option(seal.id)
    page.locator("#file").set_input_files(letter)
    presses(page.locator("main form button").first)
    page.wait_for_url(re.compile(r"/console/documents/\w{24}"))


def test_a_document_is_placed_by_pointing_and_sealed_without_javascript(
    live: Live, visit: Visit, seal: Seal, letter: Path
) -> None:
    page = visit(f"{live.hub}/", language="en", javascript=False)
    let_in(live, page, "clerk-without", seal)
    upload(live, page, seal, letter)
    page.locator("input[type=image]").click(position={"x": 140, "y": 120})
    assert page.locator("#x_mm").input_value() in {"104.9", "105.0", "105"}
    presses(page.get_by_role("button", name="Seal this document"))
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Take the sealed file").click()
    assert Path(waiting.value.path()).read_bytes().startswith(letter.read_bytes())


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_the_pages_of_a_document_are_for_everyone(
    live: Live, visit: Visit, seal: Seal, letter: Path, language: str
) -> None:
    page = visit(f"{live.hub}/", language=language)
    let_in(live, page, f"clerk-{language}", seal)
    page.goto(f"{live.hub}/console/documents?lang={language}")
    looked(page)
    upload(live, page, seal, letter)
    looked(page)
    presses(page.locator("form[action$='/seal'] button"))
    looked(page)


def test_a_custodian_sees_the_document_and_confirms_with_his_passkey(
    live: Live, with_device: Page, seal: Seal, letter: Path
) -> None:
    page = with_device
    page.goto(f"{live.hub}/account/passkey")
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url(re.compile("done=passkey"))
    held = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    caller = callers.of_cookie(live.house, held[live.house.settings.cookie("idp")], "idp", clock.now())
    assert caller
    assert caller.person
    let_in(live, page, caller.person, seal)
    with live.house.database.write() as db:
        db.execute(seal_table.update().where(seal_table.c.id == seal.id).values(sensitive=True))
        store.keep_custodians(db, seal.id, [caller.person], by="owner", now=clock.now())
    upload(live, page, seal, letter)
    presses(page.get_by_role("button", name="Ask the custodians"))
    presses(page.get_by_role("link", name="Confirm with my passkey"))
    page.wait_for_url(re.compile("/account/confirm/"))
    looked(page)
    page.get_by_role("button", name="Confirm with my passkey").click()
    page.get_by_text("You have confirmed this").wait_for()
    looked(page)
    seal_document.resume(live.house, clock.now())
    presses(page.get_by_role("link", name="Go on there"))
    page.get_by_text("The document is sealed").wait_for()
    with live.house.database.write() as db:
        db.execute(seal_table.update().where(seal_table.c.id == seal.id).values(sensitive=False))
