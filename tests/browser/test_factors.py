"""Ways to sign in at a real browser: a phone, paper, passkeys; for everyone, and without JavaScript where that can be."""

import re
import secrets

import pytest
from playwright.sync_api import Page

from hub import clock, outbox
from tests.browser.conftest import Live, Visit
from tests.browser.presses import presses
from tests.browser.test_people import BOTH, PASSWORD, at_both_widths, registered, with_device

__all__ = ["with_device"]
PHONE = f"138{secrets.randbelow(10**8):08}"


def code_at_the_phone(live: Live, visit: Visit) -> str:
    """What the demo's phone shows, as a person reads it there."""
    outbox.deliver(live.house, clock.now())
    page = visit(f"{live.register}/phone", language="en", javascript=False)
    found = re.search(r"\b[0-9]{8}\b", page.locator("section").first.inner_text())
    assert found
    return found[0]


def press(page: Page, action: str) -> None:
    presses(page.locator(f"form[action*='{action}'] button").first)


@BOTH
@pytest.mark.parametrize("javascript", [True, False])
def test_a_phone_and_paper_are_ways_to_sign_in_for_everyone(
    live: Live, visit: Visit, language: str, javascript: object
) -> None:
    account = f"visitor.{secrets.token_hex(6)}"
    options = {"language": language, "javascript": javascript}
    page = visit(f"{live.hub}/register", **options)
    page.locator("#account").fill(account)
    page.locator("#password").fill(PASSWORD)
    presses(page.locator("main form button").first)
    adds_a_phone(live, visit, page, javascript)
    codes = makes_codes(live, page, javascript)
    by_message = visit(f"{live.hub}/login", width=360, **options)
    half(by_message, account)
    looked(by_message, javascript)
    press(by_message, "login/sms/send")
    by_message.locator("#code").fill(code_at_the_phone(live, visit))
    looked(by_message, javascript)
    press(by_message, "login/sms")
    by_message.wait_for_url(re.compile("/account"))
    by_paper = visit(f"{live.hub}/login", **options)
    half(by_paper, account)
    presses(by_paper.locator("a[href*=recovery-code]"))
    for code, seen in (("WRON-GWRO-NGWR-ONGW", "recovery-code"), (codes[0], "/account")):
        by_paper.locator("#code").fill(code)
        presses(by_paper.locator("main form button").first)
        by_paper.wait_for_url(re.compile(seen))
        looked(by_paper, javascript)


def adds_a_phone(live: Live, visit: Visit, page: Page, javascript: object) -> None:
    page.goto(f"{live.hub}/account/security")
    looked(page, javascript)
    page.goto(f"{live.hub}/account/contact/phone")
    page.locator("#value").fill("1")
    press(page, "contact/phone")
    looked(page, javascript)
    page.locator("#value").fill(PHONE)
    press(page, "contact/phone")
    page.locator("#code").fill(code_at_the_phone(live, visit))
    looked(page, javascript)
    press(page, "contact/phone")
    press(page, "account/sms")


def makes_codes(live: Live, page: Page, javascript: object) -> list[str]:
    page.goto(f"{live.hub}/account/recovery-codes")
    looked(page, javascript)
    presses(page.locator("main form button").last)
    codes = page.locator("main ol li").all_inner_texts()
    assert len(codes) == 10
    looked(page, javascript)
    page.goto(f"{live.hub}/account/security")
    looked(page, javascript)
    return codes


def looked(page: Page, javascript: object) -> None:
    if javascript:  # axe needs it
        at_both_widths(page)


def half(page: Page, account: str) -> None:
    page.locator("#account").fill(account)
    page.locator("#password").fill(PASSWORD)
    presses(page.locator("main form button").first)


@BOTH
def test_the_demos_phone_is_for_everyone(live: Live, visit: Visit, language: str) -> None:
    at_both_widths(visit(f"{live.register}/phone", language=language))


def test_several_passkeys_have_names_and_say_where_they_are(live: Live, with_device: Page) -> None:
    page = with_device
    page.goto(f"{live.hub}/account/passkey")
    page.locator("#label").fill("my laptop")
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url(re.compile("done=passkey"))
    assert "only on this device" in page.locator("main").inner_text()
    at_both_widths(page)
    presses(page.get_by_role("link", name="Rename"))
    at_both_widths(page)
    page.locator("#label").fill("the old laptop")
    presses(page.locator("main form button").last)
    page.wait_for_url(re.compile("done=named"))
    assert "the old laptop" in page.locator("main").inner_text()


def test_the_browser_offers_a_passkey_in_the_field_of_the_account_name(live: Live, visit: Visit) -> None:
    """The page asks for it when it is shown, and gives up when somebody presses the button."""
    page = visit("about:blank", language="en")
    page.add_init_script(
        """window.asked = [];
        PublicKeyCredential.isConditionalMediationAvailable = async () => true;
        navigator.credentials.get = (options) => new Promise((_, refuse) => {
          window.asked.push(options.mediation || "button");
          options.signal?.addEventListener("abort", () => { window.asked.push("given up"); refuse(new Error("x")); });
        });"""
    )
    page.goto(f"{live.hub}/login")
    page.wait_for_function("window.asked.length == 1")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_function("window.asked.length == 3")
    assert page.evaluate("window.asked") == ["conditional", "given up", "button"]


def test_a_passkey_chosen_in_the_field_signs_in(live: Live, with_device: Page) -> None:
    """The device of the test chooses as soon as it is asked."""
    page = with_device
    page.goto(f"{live.hub}/account/passkey")
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url(re.compile("done=passkey"))
    page.context.clear_cookies()
    page.goto(f"{live.hub}/login")
    page.wait_for_url(re.compile("/account"))


def test_a_new_account_is_told_what_would_keep_it_better(live: Live, visit: Visit) -> None:
    page = registered(live, visit, language="en")
    page.goto(f"{live.hub}/account/security")
    assert "Only a password keeps your account." in page.locator("main").inner_text()
