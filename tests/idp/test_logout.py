"""Signing out: who asks, who is asked, what ends, who is told."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, request
from werkzeug.test import TestResponse

from hub import callers, clock, outbox
from hub.house import House
from idp.model.registration import Registration
from idp.provider import clients, logout
from tests.idp.rp import Visit, Visits, department

BYE = "https://market.qiyun.example/bye"


def sign_out(visit: Visit, **params: str) -> TestResponse:
    """Ask for it, and follow to the page that says so."""
    return seen(visit, visit.browser.get("/oidc/logout", query_string=params))


def seen(visit: Visit, answer: TestResponse) -> TestResponse:
    """The page at the end of a sign-out, which has an address of its own."""
    return visit.browser.get(answer.location) if "/oidc/logout/done" in answer.headers.get("Location", "") else answer


def signed_in(visit: Visit) -> bool:
    return "error" not in visit.answer(prompt="none")


def test_the_hint_of_this_login_signs_out_and_goes_on_with_state(visit: Visit) -> None:
    visit.signs_in()
    hint = visit.tokens()["id_token"]
    answer = sign_out(visit, id_token_hint=hint, post_logout_redirect_uri=BYE, state="a b")
    assert answer.status_code == 303
    assert answer.location == f"{BYE}?state=a+b"
    assert not signed_in(visit)


def test_an_expired_hint_is_fine(visit: Visit) -> None:
    visit.signs_in()
    hint = visit.tokens()["id_token"]
    with clock.shifted(3600):
        assert sign_out(visit, id_token_hint=hint, post_logout_redirect_uri=BYE).location == BYE


WRONG: list[dict[str, str]] = [
    {"id_token_hint": "not.a.token"},
    {"id_token_hint": "{tampered}"},
    {"id_token_hint": "{access}"},
    {"id_token_hint": "{hint}", "client_id": "wallet"},
    {"client_id": "nobody"},
    {"post_logout_redirect_uri": BYE},
    {"id_token_hint": "{hint}", "post_logout_redirect_uri": BYE + "?x=1"},
    {"id_token_hint": "{hint}", "post_logout_redirect_uri": "https://evil.example/"},
    {"client_id": "qiyun-market", "post_logout_redirect_uri": BYE + "/"},
]


@pytest.mark.parametrize("params", WRONG, ids=str)
def test_a_wrong_request_is_a_page_and_ends_nothing(visit: Visit, params: dict[str, str]) -> None:
    visit.signs_in()
    tokens = visit.tokens()
    hint: str = tokens["id_token"]
    values = {"hint": hint, "tampered": hint[:-6] + "AAAAAA", "access": tokens["access_token"]}
    answer = sign_out(visit, **{name: value.format(**values) for name, value in params.items()})
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert signed_in(visit)


@pytest.mark.parametrize(
    "params", [{}, {"client_id": "qiyun-market"}, {"client_id": "qiyun-market", "post_logout_redirect_uri": BYE}]
)
def test_a_link_alone_asks_the_person(visit: Visit, params: dict[str, str]) -> None:
    visit.signs_in()
    page = sign_out(visit, **params)
    assert page.status_code == 200
    assert signed_in(visit)
    assert ("https://market.qiyun.example" in page.headers["Content-Security-Policy"]) == (
        "post_logout_redirect_uri" in params
    )
    confirmed = visit.browser.post("/oidc/logout/confirmed", data=params | {"csrf": field(page, "csrf")})
    assert not signed_in(visit)
    assert confirmed.status_code == 303
    onward = BYE if "post_logout_redirect_uri" in params else "http://localhost:8000/oidc/logout/done"
    assert confirmed.location == onward
    assert 'id="signed-out"' in visit.browser.get("/oidc/logout/done?id=unknown").text


def test_the_question_cannot_be_answered_by_another_site(visit: Visit) -> None:
    visit.signs_in()
    assert visit.browser.post("/oidc/logout/confirmed").status_code == 403
    assert signed_in(visit)


def test_the_hint_of_an_earlier_login_asks_the_person(visit: Visit) -> None:
    visit.signs_in(now=clock.now() - timedelta(minutes=1))
    hint = visit.tokens()["id_token"]
    visit.signs_in()
    assert sign_out(visit, id_token_hint=hint).status_code == 200
    assert signed_in(visit)


@pytest.mark.parametrize("channel", ["none", "front", "back"])
def test_a_service_knows_the_login_by_a_name_only_if_it_is_told_of_its_end(visits: Visits, channel: str) -> None:
    """Front-Channel Logout 1.0 3, Back-Channel Logout 1.0 2.1; without it a hint says whom it is about and when he came."""
    at = "https://market.qiyun.example/out"
    kept: dict[str, dict[str, Any]] = {
        "none": {},
        "front": {"registered": Registration(frontchannel_logout_uri=at)},
        "back": {"backchannel_logout_uri": at},
    }
    visit = visits(department(id=f"channel-{channel}", **kept[channel]))
    visit.signs_in(now=clock.now() - timedelta(minutes=5))
    old = visit.tokens()["id_token"]
    assert ("sid" in visit.claims(old)) == (channel != "none")
    visit.signs_in()  # the same person once more
    assert sign_out(visit, id_token_hint=old).status_code == 200
    assert signed_in(visit)
    hint = visit.tokens()["id_token"]
    other = visits(visit.client)
    other.signs_in()  # somebody else
    assert sign_out(other, id_token_hint=hint).status_code == 200
    assert signed_in(other)
    sign_out(visit, id_token_hint=hint)
    assert not signed_in(visit)


def test_who_is_signed_out_already_goes_straight_on(visit: Visit) -> None:
    visit.signs_in()
    hint = visit.tokens()["id_token"]
    for _ in range(2):
        assert sign_out(visit, id_token_hint=hint, post_logout_redirect_uri=BYE).location == BYE
    assert sign_out(visit, client_id=visit.client.id, post_logout_redirect_uri=BYE).location == BYE


def test_a_posted_request_comes_back_by_our_own_get(visit: Visit) -> None:
    visit.signs_in()
    hint = visit.tokens()["id_token"]
    answer = visit.browser.post("/oidc/logout", data={"id_token_hint": hint, "post_logout_redirect_uri": BYE})
    assert answer.status_code == 303
    assert visit.browser.get(answer.location).location == BYE


def test_signing_out_ends_the_session_the_tokens_and_the_sessions_of_our_own_sites(visit: Visit) -> None:
    caller = visit.signs_in()
    tokens = visit.tokens()
    with visit.house.database.write() as db:
        wallet = callers.open_session(db, "wallet", replace(caller, session=None), now=clock.now(), hours=1)
    visit.browser.set_cookie(visit.house.settings.cookie("wallet"), wallet)
    cookie = visit.browser.get_cookie(visit.house.settings.cookie("idp"))
    sign_out(visit, id_token_hint=tokens["id_token"])
    assert visit.userinfo(tokens["access_token"]).status_code == 401
    assert visit.refresh(tokens["refresh_token"]).status_code == 400
    with visit.app.test_request_context("/", headers={"Cookie": f"{visit.house.settings.cookie('wallet')}={wallet}"}):
        assert callers.current(visit.house, request, "wallet", clock.now()) is None
    assert cookie is not None
    visit.browser.set_cookie(cookie.key, cookie.value)  # the old cookie is refused
    assert not signed_in(visit)


# -- the back channel


@pytest.fixture
def told(house: House, app: Flask) -> Visit:
    """A department whose back channel is an application in this process, at a provider with nothing else to deliver."""
    visit = Visit(house, app, department(backchannel_logout_uri="https://market.qiyun.example/told"))
    visit.signs_in()
    return visit


def receiver(house: House, answers: list[int]) -> list[dict[str, Any]]:
    """A relying party's own server, which answers as it is told and remembers what it got."""
    site, got = Flask("site"), list[dict[str, Any]]()

    @site.post("/told")
    def take() -> tuple[str, int]:
        got.append({"token": request.form["logout_token"], "type": request.content_type})
        return "", answers.pop(0)

    house.fetch.serve_here("https://market.qiyun.example", site)
    return got


def test_each_service_of_the_login_is_told_once(told: Visit) -> None:
    first, second = told.tokens(), told.tokens()
    got = receiver(told.house, [200])
    sign_out(told, id_token_hint=second["id_token"])
    assert outbox.deliver(told.house, clock.now()) == 1
    claims = told.claims(got[0]["token"])
    named = told.claims(first["id_token"])
    assert got[0]["type"] == "application/x-www-form-urlencoded"
    assert claims["iss"] == told.house.settings.issuer_url
    assert claims["aud"] == told.client.id
    assert (claims["sub"], claims["sid"]) == (named["sub"], named["sid"])
    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert claims["exp"] - claims["iat"] <= 120
    assert "nonce" not in claims


def test_a_service_that_fails_is_told_again_with_a_fresh_token(told: Visit) -> None:
    tokens = told.tokens()
    got = receiver(told.house, [503, 204])
    sign_out(told, id_token_hint=tokens["id_token"])
    assert outbox.deliver(told.house, clock.now(), logout.SENDERS) == 0
    with clock.shifted(60):
        assert outbox.deliver(told.house, clock.now(), logout.SENDERS) == 1
    jtis = {told.claims(one["token"])["jti"] for one in got}
    assert len(jtis) == 2


def test_ending_all_logins_of_a_person_tells_the_same(told: Visit) -> None:
    told.tokens()
    got = receiver(told.house, [200])
    with told.house.database.write() as db:
        assert logout.end(db, clock.now(), person=told.person, why="account locked") == [told.client.id]
    assert outbox.deliver(told.house, clock.now(), logout.SENDERS) == 1
    assert len(got) == 1


def test_a_service_without_a_back_channel_or_without_part_in_the_login_is_not_told(told: Visit) -> None:
    silent = Visit(told.house, told.app, department(id="silent"), browser_of=told)
    silent.agrees()
    hint = silent.tokens()["id_token"]
    sign_out(told, id_token_hint=hint)
    with told.house.database.read() as db:
        assert outbox.deliveries(db) == []


def test_a_service_that_ended_meanwhile_still_gets_its_last_word(told: Visit) -> None:
    tokens = told.tokens()
    got = receiver(told.house, [200])
    sign_out(told, id_token_hint=tokens["id_token"])
    clients.end(told.house, told.client.id, by="test", now=clock.now())
    assert outbox.deliver(told.house, clock.now(), logout.SENDERS) == 1
    assert len(got) == 1


def test_the_page_names_the_services_that_are_told(told: Visit) -> None:
    told.tokens()
    page = sign_out(told)
    after = seen(told, told.browser.post("/oidc/logout/confirmed", data={"csrf": field(page, "csrf")}))
    assert after.request.method == "GET"  # loaded again, it sends nothing a second time
    assert told.client.name in after.text


def field(page: TestResponse, name: str) -> str:
    return page.text.split(f'name="{name}" value="')[1].split('"')[0]
