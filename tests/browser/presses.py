"""Pressing what leads to another page. A bare click gives back at once, and what is read next may still be the old one."""

from playwright.sync_api import Locator


def presses(what: Locator) -> None:
    """Send a form or follow a link, and wait until the page to which that leads has come, whole."""
    with what.page.expect_navigation():
        what.click()
