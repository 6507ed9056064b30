"""People at a real browser: registering, proving a name, agreeing, passkeys; for everyone, and without JavaScript."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from hub import clock
from idp.account import invite
from idp.provider import clients
from tests.browser.accessible import assert_accessible
from tests.browser.conftest import Live, Visit
from tests.browser.presses import presses
from tests.idp.rp import department

PASSWORD = "seven quiet lanterns upstream"
BOTH = pytest.mark.parametrize("language", ["zh-Hans", "en"])


def registered(live: Live, visit: Visit, **options: object) -> Page:
    """A visitor with a fresh account, on the account page."""
    page = visit(f"{live.hub}/register", **options)
    page.locator("#account").fill(f"visitor.{secrets.token_hex(6)}")
    page.locator("#password").fill(PASSWORD)
    presses(page.locator("main form button").first)
    page.wait_for_url(re.compile("/account"))
    return page


def fresh_person(live: Live, visit: Visit) -> tuple[str, str]:
    """Name and number of somebody whom the register has just made."""
    page = visit(live.register, language="en", javascript=False)
    presses(page.get_by_role("button", name="Make a fresh person"))
    page.locator("#made dd").first.wait_for()
    name, number = page.locator("#made dd").all_inner_texts()
    return name, number


def proves(page: Page, live: Live, person: tuple[str, str]) -> None:
    page.goto(f"{live.hub}/realname")
    page.locator("#name").fill(person[0])
    page.locator("#number").fill(person[1])
    presses(page.locator("main form button").first)
    page.goto(f"{live.hub}/realname")
    presses(page.locator("main form button").first)
    presses(page.locator("button[value=match]"))
    page.wait_for_url(re.compile("/account"))


def at_both_widths(page: Page) -> None:
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 700})
        assert_accessible(page)


@BOTH
def test_pages_that_refuse_are_for_everyone(live: Live, visit: Visit, language: str) -> None:
    """What the gallery does not show: a form that comes back with what is wrong."""
    page = visit(f"{live.hub}/login", language=language)
    page.locator("#account").fill("nobody.here")
    page.locator("#password").fill("a wrong one")
    presses(page.locator("main form button").first)
    at_both_widths(page)
    page = registered(live, visit, language=language)
    page.goto(f"{live.hub}/realname")
    page.locator("#number").fill("880101198503120016")
    presses(page.locator("main form button").first)
    at_both_widths(page)


@BOTH
def test_the_register_is_for_everyone_too(live: Live, visit: Visit, language: str) -> None:
    page = visit(live.register, language=language)
    at_both_widths(page)


@BOTH
def test_from_nothing_to_a_service_without_javascript(live: Live, visit: Visit, language: str) -> None:
    client = replace(department(id=f"site-{secrets.token_hex(4)}"), redirect_uris=(f"{live.verify}/callback",))
    clients.add(live.house, client, by="test", now=clock.now())
    asked = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": f"{live.verify}/callback",
        "scope": "openid profile realname",
        "acr_values": "urn:yinxin:loa:3",
        "state": "s",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    name, number = fresh_person(live, visit)
    page = visit(f"{live.hub}/oidc/authorize?{urlencode(asked)}", language=language, javascript=False, width=320)
    presses(page.locator("main a[href*=register]"))
    page.locator("#account").fill(f"visitor.{secrets.token_hex(6)}")
    page.locator("#password").fill(PASSWORD)
    presses(page.locator("main form button").first)
    page.locator("#name").fill(name)
    page.locator("#number").fill(number)
    presses(page.locator("main form button").first)
    presses(page.locator("button[value=match]"))  # at the register, and back
    assert name in page.locator("main").inner_text()
    presses(page.locator("button[value=agree]"))
    page.wait_for_url(re.compile(r"/callback\?code="))
    page.goto(f"{live.hub}/oidc/authorize?{urlencode(asked)}")
    page.wait_for_url(re.compile(r"/callback\?code="))  # the second time nothing is asked


@pytest.fixture
def with_device(live: Live, visit: Visit) -> Iterator[Page]:
    """A visitor whose browser has an authenticator that knows its owner."""
    page = registered(live, visit, language="en")
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    about = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    about |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": about})
    yield page
    session.detach()


def test_a_passkey_is_added_and_then_nothing_is_typed(live: Live, with_device: Page) -> None:
    page = with_device
    page.goto(f"{live.hub}/account/passkey")
    page.locator("#label").fill("my laptop")
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url(re.compile("done=passkey"))
    assert "my laptop" in page.locator("main").inner_text()
    page.goto(f"{live.hub}/account/sessions")
    presses(page.get_by_role("button", name="Sign out everywhere"))
    page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false")  # by the button
    page.goto(f"{live.hub}/login")
    assert_accessible(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(re.compile("/account"))


def test_a_passkey_that_is_not_used_leaves_words_and_the_form(live: Live, visit: Visit) -> None:
    page = visit(f"{live.hub}/login", language="en")
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    about = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": about | {"isUserVerified": False}})
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("The passkey was not used. You can try again.").wait_for()
    assert page.get_by_role("button", name="Sign in with a passkey").is_enabled()


def test_without_javascript_no_passkey_is_offered(live: Live, visit: Visit) -> None:
    page = visit(f"{live.hub}/login", language="en", javascript=False)
    assert page.get_by_role("button", name="Sign in", exact=True).is_visible()
    assert not page.get_by_role("button", name="Sign in with a passkey").is_visible()


@BOTH
def test_an_operators_first_visit_is_for_everyone(live: Live, visit: Visit, language: str) -> None:
    _, link = invite.invite(live.house, "office", by="operator", now=clock.now())
    page = visit(link, language=language)
    at_both_widths(page)
    page.locator("#account").fill(f"operator.{secrets.token_hex(6)}")
    page.locator("#password").fill("xk7 qp2z vv")
    presses(page.locator("main form button").first)
    page.wait_for_url(re.compile("second-factor"))
    at_both_widths(page)
