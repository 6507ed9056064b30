"""The console's page of keys and certificates in the browser: on a telephone and at a desk, in both languages."""

import os

import pytest
from playwright.sync_api import Browser

from hub import callers, clock
from hub.caller import Caller
from tests.browser.accessible import assert_accessible
from tests.browser.conftest import Live

SHOTS = os.environ.get("YINXIN_SHOTS", "")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_keys_and_certificates_can_be_read_everywhere(live: Live, browser: Browser, language: str) -> None:
    now = clock.now()
    who = Caller(
        person="keeper",
        level=3,
        amr=("pwd", "otp", "mfa"),
        auth_time=now,
        sid="k",
        place="hub",
        rights=frozenset({"see"}),
    )
    with live.house.database.write() as db:
        value = callers.open_session(db, "console", who, now=now, hours=1)
    context = browser.new_context(locale=language, reduced_motion="reduce")
    context.add_cookies([{"name": live.house.settings.cookie("console"), "value": value, "url": live.hub}])
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(f"{live.hub}/console/trust")
    for width in (320, 1100):
        page.set_viewport_size({"width": width, "height": 800})
        assert_accessible(page)
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/trust-{language}-{width}.png", full_page=True)
    assert page.locator("table").count() >= 3
    context.close()
