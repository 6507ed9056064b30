"""A sign-in that a third party begins: we lead people to the service, which sends them back with a request of its own."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask

from hub import clock
from hub.house import House
from idp.model.client import ClientWrong
from idp.model.registration import Registration
from idp.provider import clients, initiation
from tests.idp.rp import Visits, department

AT = "https://market.qiyun.example/begin"
BEGINS = department(id="begins", registered=Registration(initiate_login_uri=AT))


def test_a_sign_in_that_is_gone_begins_again_at_the_service(visits: Visits) -> None:
    """OpenID Connect Core 4; module oidcc-3rd-party-init-login."""
    visit = visits(BEGINS)
    page = visit.browser.get("/login?flow=gone.begins")
    assert page.status_code == 400
    iss = urlencode({"iss": visit.house.settings.issuer_url})
    assert f'href="{AT}?{iss}"' in page.text


def test_a_pushed_request_that_is_gone_names_its_service_too(visits: Visits) -> None:
    visit = visits(BEGINS)
    visit.signs_in()
    form = visit.asked()
    pushed = visit.token(form, path="/oidc/par").json or {}
    at = f"/oidc/authorize?{urlencode({'client_id': 'begins', 'request_uri': pushed['request_uri']})}"
    assert visit.browser.get(at).status_code == 303
    page = visit.browser.get(at)
    assert page.status_code == 400
    assert f'href="{AT}?iss=' in page.text


def test_an_account_opens_the_services_that_let_others_begin(visits: Visits) -> None:
    visit = visits(BEGINS)
    visit.signs_in()
    visits(department(id="silent"), browser_of=visit).agrees()
    page = visit.browser.get("/account/services?lang=en").text
    assert page.count("Open the service") == 1
    assert f'href="{AT}?iss=' in page


def test_the_address_keeps_its_query_and_names_no_target(visits: Visits) -> None:
    visit = visits(department(id="query", registered=Registration(initiate_login_uri=f"{AT}?site=1")))
    said = parse_qs(urlsplit(initiation.address(visit.house, visit.client, login_hint="a b")).query)
    assert said == {"site": ["1"], "iss": [visit.house.settings.issuer_url], "login_hint": ["a b"]}
    assert initiation.address(visit.house, department()) == ""


@pytest.mark.parametrize("wrong", ["http://market.qiyun.example/begin", "javascript:alert(1)", f"{AT}#x", "/begin"])
def test_only_a_safe_address_can_be_registered(wrong: str) -> None:
    with pytest.raises(ClientWrong):
        department(registered=Registration(initiate_login_uri=wrong)).checked()


def test_our_own_sites_begin_a_sign_in_when_our_provider_asks(house: House, app: Flask) -> None:
    wallet = clients.known(house, "wallet", clock.now())
    assert wallet is not None
    at = initiation.address(house, wallet)
    assert at.startswith(f"{house.settings.home_url}/wallet/sign-in?iss=")
    begun = app.test_client().get(at.removeprefix(house.settings.home_url))
    assert begun.status_code == 303
    assert begun.location.startswith(f"{house.settings.issuer_url}/oidc/authorize?")


def test_our_own_sites_begin_nothing_for_another_provider(app: Flask) -> None:
    assert app.test_client().get("/wallet/sign-in?iss=https://evil.example").status_code == 400
