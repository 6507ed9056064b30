"""Signing out on both sides, whoever begins: by the browser, behind its back, and from a frame in the other's page."""

import html
import re
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub import callers, clock, ledger, outbox
from idp.demo import prove
from idp.model.client import Client
from idp.model.logout import Told
from idp.model.registration import Registration
from idp.model.upstream import is_federated
from idp.provider import clients, grants, logout
from idp.upstream import breaker, configured, links
from tests.idp.citizen import Citizen
from tests.idp.rp import Visit, department
from tests.idp.two import BACK, PASSWORD, PROVINCE, WHO, Two, as_client


def test_our_sign_out_ends_the_provinces_session_too(two: Two) -> None:
    two.comes()
    page = two.get(f"{BACK}/oidc/logout")
    page = two.go(two.post(page, "/oidc/logout/confirmed"))
    assert "You are still signed in at Lanhai sign-in" in page.text
    there = html.unescape(re.findall(r'href="(http://localhost:8006[^"]+)"', page.text)[0])
    back = two.go(two.get(there))
    assert "You are signed out at your province too" in back.text
    assert not two.citizen.signed_in
    assert two.caller is None


def test_on_the_way_back_to_a_service_the_provinces_session_ends_too(two: Two) -> None:
    """The page that leads there has an address: loaded again it sends nothing a second time."""
    two.comes()
    clients.add(two.hub, department(), by="test", now=clock.now())
    asked = {"client_id": "qiyun-market", "post_logout_redirect_uri": "https://market.qiyun.example/bye"}
    page = two.get(f"{BACK}/oidc/logout?{urlencode(asked)}")
    at = two.post(page, "/oidc/logout/confirmed", **asked).location
    for _ in range(2):
        assert "Next you are signed out at Lanhai sign-in, too." in two.get(at).text
    assert two.caller is None


def test_the_provinces_sign_out_ends_ours_and_tells_our_services(two: Two) -> None:
    two.comes()
    assert two.caller is not None
    page = two.get(f"{PROVINCE}/oidc/logout")
    two.post(page, "/oidc/logout/confirmed")
    outbox.deliver(two.province, clock.now())
    assert two.caller is None


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30.", "x" * 30_000])
def test_nobody_ends_a_session_by_a_token_of_his_own(two: Two, token: str) -> None:
    two.comes()
    answer = two.hub_app.test_client().post("/upstream/lanhai/backchannel-logout", data={"logout_token": token})
    assert answer.status_code == 400
    assert two.caller is not None
    assert two.hub_app.test_client().post("/upstream/nobody/backchannel-logout", data={}).status_code == 400


FRAMED = f"{BACK}/upstream/lanhai/frontchannel-logout"
CALLBACK = "https://market.example/logout"


@pytest.fixture
def frames(two: Two) -> Two:
    """The province tells the hub by the browser alone."""
    registered = Registration(frontchannel_logout_uri=FRAMED, frontchannel_logout_session_required=True)
    client = replace(as_client(two.hub, two.upstream), backchannel_logout_uri="", registered=registered)
    clients.add(two.province, client, by="test", now=clock.now())
    two.comes()
    assert two.signed_in
    return two


def takes_part(two: Two, client: Client) -> str:
    """A service of ours is let in by the login that came of the province; gives its ID token."""
    visit, caller = Visit(two.hub, two.hub_app, client), two.caller
    assert caller is not None
    visit.browser, visit.person = two.browser, caller.person or ""
    visit.agrees()
    answer = visit.redeem(visit.code())
    assert answer.status_code == 200, answer.text
    return str((answer.json or {})["id_token"])


def framed_there(two: Two) -> str:
    """What the province's page frames after somebody has signed out there."""
    page = two.get(f"{PROVINCE}/oidc/logout")
    page = two.go(two.post(page, "/oidc/logout/confirmed"))
    (address,) = re.findall(r'<iframe[^>]* src="([^"]+)"', page.text)
    return html.unescape(address)


def test_a_frame_in_the_provinces_page_ends_ours_though_browsers_keep_our_cookies_from_it(frames: Two) -> None:
    """Front-Channel Logout 1.0 2, 4: it names the session."""
    takes_part(frames, department(backchannel_logout_uri=CALLBACK))
    address = framed_there(frames)
    answer = frames.hub_app.test_client().get(address.removeprefix(BACK))
    assert answer.status_code == 200
    assert "frame-ancestors http://localhost:8006" in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers
    assert frames.caller is None
    with frames.hub.database.read() as db:
        assert [one.to for one in outbox.deliveries(db) if one.kind == logout.KIND] == [CALLBACK]
        ended = ledger.events(db, kind="login.ended", limit=9)
    assert frames.hub_app.test_client().get(address.removeprefix(BACK)).status_code == 200  # twice is once
    with frames.hub.database.read() as db:
        assert len(ledger.events(db, kind="login.ended", limit=9)) == len(ended)


def test_a_service_that_can_only_be_told_by_the_browser_is_framed_in_turn(frames: Two) -> None:
    registered = Registration(frontchannel_logout_uri="https://market.example/front")
    takes_part(frames, department(registered=registered, backchannel_logout_uri=""))
    answer = frames.hub_app.test_client().get(framed_there(frames).removeprefix(BACK))
    assert '<iframe src="https://market.example/front"' in answer.text
    assert "frame-src https://market.example;" in answer.headers["Content-Security-Policy"]


def test_a_frame_that_does_not_name_the_session_ends_nothing(frames: Two) -> None:
    """Whoever makes one knows no session's name; the cookie of this browser counts for nothing."""
    sid = parse_qs(urlsplit(framed_address(frames)).query)["sid"][0]
    here = "/upstream/lanhai/frontchannel-logout"
    for asked, status in (
        ({}, 400),
        ({"iss": PROVINCE}, 400),
        ({"iss": PROVINCE, "sid": ""}, 400),
        ({"iss": PROVINCE, "sid": "s" * 256}, 400),
        ({"iss": PROVINCE, "sid": "another"}, 200),
        ({"iss": "http://localhost:8007", "sid": sid}, 400),
        ({"sid": sid}, 400),
    ):
        assert frames.browser.get(f"{here}?{urlencode(asked)}").status_code == status, asked
        assert frames.signed_in, asked
    assert frames.browser.get(f"{here.replace('lanhai', 'nobody')}?{urlencode(asked)}").status_code == 400


def framed_address(two: Two) -> str:
    """What the province would frame."""
    with two.province.database.read() as db:
        sids = [caller.sid or "" for caller, _, _ in callers.sessions(db, two.citizen.person, clock.now())]
        told = [Told(party.client, party.person, party.sid, "") for party in grants.parties(db, sids)]
    ((address,),) = logout.frames(two.province, told, clock.now()).values()
    return address


def test_our_sign_out_comes_back_when_the_province_has_ended_its_session_already(two: Two) -> None:
    """It has no session any more, and nobody to ask: it sends the browser straight back."""
    two.comes()
    with two.province.database.write() as db:
        callers.end_sessions(db, at=clock.now(), person=two.citizen.person)
    page = two.get(f"{BACK}/oidc/logout")
    page = two.go(two.post(page, "/oidc/logout/confirmed"))
    there = html.unescape(re.findall(r'href="(http://localhost:8006[^"]+)"', page.text)[0])
    assert "You are signed out at your province too" in two.go(two.get(there)).text


def test_our_sign_out_does_not_lead_to_a_province_that_does_not_answer(two: Two) -> None:
    two.comes()
    breaker.failed(two.hub, two.upstream)
    page = two.go(two.post(two.get(f"{BACK}/oidc/logout"), "/oidc/logout/confirmed"))
    assert page.status_code == 200
    assert PROVINCE not in page.text
    assert two.caller is None


@pytest.mark.parametrize("connects", ["from his account", "after the province has named him"])
def test_who_connected_an_account_is_led_to_sign_out_there_too(two: Two, register: FlaskClient, connects: str) -> None:
    """Else the province would let in whoever comes to this browser next."""
    mine = Citizen(two.hub, two.hub_app, register, "own.account")
    mine.registers(PASSWORD)
    prove(two.hub, mine.person, WHO, clock.now())
    fields = {"account": "own.account", "password": PASSWORD}
    if connects == "from his account":
        two.go(two.post(two.get(f"{BACK}/login"), "/login", **fields))
        page = two.comes("/upstream?next=/account/security")
    else:
        page = two.comes()
        login = html.unescape(re.findall(r'href="(/login[^"]+)"', page.text)[0])
        page = two.go(two.post(two.get(f"{BACK}{login}"), login, **fields))
        page = two.go(two.post(page, "/upstream/link", yes="1"))
    assert [link.upstream for link, _ in links.of(two.hub, mine.person)] == ["lanhai"]
    assert two.caller is not None
    assert not is_federated(two.caller.amr)
    configured.end(two.hub, "lanhai", by="test", now=clock.now())
    configured.add(two.hub, two.upstream, by="test", now=clock.now())
    assert two.signed_in  # the province did not vouch for this login
    page = two.go(two.post(two.get(f"{BACK}/oidc/logout"), "/oidc/logout/confirmed"))
    there = html.unescape(re.findall(r'href="(http://localhost:8006[^"]+)"', page.text)[0])
    page = two.go(two.get(there))
    if connects != "from his account":  # nothing was kept by which the province could know that it is he
        page = two.go(two.post(page, "/oidc/logout/confirmed", **hidden(page)))
    assert "You are signed out at your province too" in page.text
    assert not two.citizen.signed_in


def hidden(page: TestResponse) -> dict[str, str]:
    """What a form hands on."""
    found = re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', page.text)
    return {name: html.unescape(value) for name, value in found if name != "csrf"}


def test_a_service_that_signs_him_out_gets_him_back_by_way_of_the_province(two: Two) -> None:
    """RP-Initiated Logout 2, along the chain: the service, us, the province, us, the service."""
    two.comes()
    home = "https://market.example/bye"
    client = department(post_logout_uris=(home,))
    hint = takes_part(two, client)
    asked = {"id_token_hint": hint, "post_logout_redirect_uri": home, "state": "s-1"}
    page = two.get(f"{BACK}/oidc/logout?{urlencode(asked)}")
    for _ in range(9):
        found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page.text)
        onward = page.location or (html.unescape(found[1]) if found else "")
        if onward.startswith(home):
            break
        page = two.get(urljoin(page.request.url, onward))
    assert onward == f"{home}?state=s-1"
    assert not two.signed_in
    assert not two.citizen.signed_in
