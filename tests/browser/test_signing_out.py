"""Signing out at a real browser: every frame is loaded, nothing else is let in, and the page goes on by itself."""

import pytest

import app as front
from idp.model.registration import Registration
from tests.browser.accessible import assert_accessible
from tests.browser.conftest import Live, Visit
from tests.browser.presses import presses
from tests.idp import rp


@pytest.mark.parametrize("javascript", [True, False])
def test_services_are_asked_in_frames_before_the_way_back(live: Live, visit: Visit, javascript: object) -> None:
    """Front-Channel Logout 1.0 2; without scripts the way back is a link."""
    framed = f"{live.verify}/healthz?framed"
    party = rp.Visit(
        live.house,
        front.create_app(live.house.settings, rooms=("idp",), house=live.house),
        rp.department(
            id=f"framed-{javascript}".lower(),
            post_logout_uris=(f"{live.verify}/?bye",),
            registered=Registration(frontchannel_logout_uri=framed, frontchannel_logout_session_required=True),
        ),
    )
    party.signs_in()
    hint = party.tokens()["id_token"]
    page = visit(f"{live.hub}/levels", javascript=javascript, language="en")
    name = live.house.settings.cookie("idp")
    value = party.browser.get_cookie(name)
    assert value
    page.context.add_cookies([{"name": name, "value": value.value, "url": live.hub}])
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{live.hub}/oidc/logout?id_token_hint={hint}&post_logout_redirect_uri={live.verify}/?bye")
    if not javascript:
        presses(page.locator("#onward"))
    page.wait_for_url(f"{live.verify}/?bye")
    (frame,) = [url for url in asked if url.startswith(framed)]
    assert "sid=" in frame
    assert asked.index(frame) < next(number for number, url in enumerate(asked) if url == f"{live.verify}/?bye")


def test_the_receipt_of_a_sign_out_is_a_page_for_everyone(live: Live, visit: Visit) -> None:
    party = rp.Visit(
        live.house,
        front.create_app(live.house.settings, rooms=("idp",), house=live.house),
        rp.department(id="receipted", backchannel_logout_uri=f"{live.verify}/healthz"),
    )
    party.signs_in()
    hint = party.tokens()["id_token"]
    page = visit(f"{live.hub}/levels", width=320)
    name = live.house.settings.cookie("idp")
    value = party.browser.get_cookie(name)
    assert value
    page.context.add_cookies([{"name": name, "value": value.value, "url": live.hub}])
    page.goto(f"{live.hub}/oidc/logout?id_token_hint={hint}")
    assert_accessible(page)
    presses(page.locator("a[href*='/logout/receipt/']"))
    page.wait_for_url("**/logout/receipt/*")
    assert_accessible(page)
    assert page.locator("main li").count() == 1
