"""Token exchange (RFC 8693): a service calls another one's API in the name of a person, and the token says who does."""

from dataclasses import replace
from typing import Any

import pytest

from hub import callers, clock, ledger
from idp.consent import consents
from idp.model.client import FAPI2, GrantType, Registration
from idp.provider import clients
from idp.store import releases
from tests.idp.rp import Visit, Visits, department, public, with_key

EXCHANGE = GrantType.exchange.value
KIND = "urn:ietf:params:oauth:token-type:access_token"
API = "https://archive.qiyun.example/api"


@pytest.fixture
def archive(visits: Visits) -> Visit:
    """A service that is an API for others, and may itself ask the registry behind it."""
    clients.end(visits(department(id="registry")).house, "registry", by="test", now=clock.now())
    said = Registration(resource=API, exchanges_for=("registry",))
    kinds = (GrantType.exchange, GrantType.client_credentials)
    named = {"name": "市档案馆", "name_en": "City archive"}
    return visits(
        department(id="archive", **named, grant_types=kinds, redirect_uris=(), sector="archive", registered=said)
    )


@pytest.fixture
def market(visits: Visits, archive: Visit) -> Visit:
    """A service to which a person came, and that may ask the archive about him."""
    kinds = (GrantType.code, GrantType.refresh, GrantType.exchange)
    said = Registration(exchanges_for=("archive", "nobody"))
    visit = visits(department(id="market", grant_types=kinds, registered=said))
    visit.signs_in()
    return visit


def agree(visit: Visit, *scopes: str) -> None:
    with visit.house.database.write() as db:
        consents.grant(db, visit.person, visit.client, scopes, now=clock.now())


def csrf(page: str) -> str:
    return page.partition('name="csrf" value="')[2].partition('"')[0]


def form(token: str, **changes: str | None) -> dict[str, str]:
    plain: dict[str, str | None] = {
        "grant_type": EXCHANGE,
        "subject_token": token,
        "subject_token_type": KIND,
        "audience": "archive",
    }
    return {name: value for name, value in (plain | changes).items() if value is not None}


def error(answer: Any) -> str:
    assert answer.status_code in {400, 401}, answer.text
    return str(answer.json["error"])


def test_a_token_for_another_api_says_for_whom_and_by_whom(market: Visit, archive: Visit) -> None:
    """RFC 8693 2.2.1, 4.1; the person is called as the other service calls him (OpenID Connect Core 8.1)."""
    tokens = market.tokens(scope="openid profile offline_access")
    answer = market.token(form(tokens["access_token"], scope="openid")).json or {}
    assert (answer["issued_token_type"], answer["token_type"], answer["scope"]) == (KIND, "Bearer", "openid")
    assert "refresh_token" not in answer
    assert "id_token" not in answer
    claims, before = market.claims(answer["access_token"]), market.claims(tokens["access_token"])
    assert claims["aud"] == API
    assert claims["client_id"] == "market"
    assert claims["act"] == {"sub": "market", "client_id": "market"}
    assert claims["exp"] <= before["exp"]
    assert claims["sub"] != before["sub"]
    assert claims["may_act"] == {"sub": "archive"}
    assert {name: claims[name] for name in ("acr", "amr", "auth_time")} == {
        name: before[name] for name in ("acr", "amr", "auth_time")
    }


def test_it_opens_nothing_but_the_api_that_it_is_for(market: Visit, archive: Visit) -> None:
    token = (market.token(form(market.tokens()["access_token"])).json or {})["access_token"]
    assert market.userinfo(token).status_code == 401
    told = archive.token({"token": token}, path="/oidc/introspect").json or {}
    assert (told["active"], told["act"]["sub"]) == (True, "market")
    assert told["acr"] == "urn:yinxin:loa:2"


def test_whoever_passes_a_token_on_stands_in_it(market: Visit, archive: Visit, visits: Visits) -> None:
    """RFC 8693 4.1: the chain of those who act is kept."""
    token = market.tokens()["access_token"]  # of a sign-in before the registry was there: nobody was asked for it
    first = (market.token(form(token)).json or {})["access_token"]
    visits(department(id="registry", redirect_uris=(), grant_types=(GrantType.client_credentials,),
                      registered=Registration(resource="https://registry.example/api")))  # fmt: skip
    assert error(archive.token(form(first, audience="registry"))) == "invalid_target"
    assert market.answer(prompt="none")["error"] == "consent_required"
    agree(market, "api:registry")
    assert "code" in market.answer(prompt="none")
    answer = archive.token(form(first, audience="registry")).json or {}
    claims = market.claims(answer["access_token"])
    outer = {"sub": "archive", "client_id": "archive", "act": {"sub": "market", "client_id": "market"}}
    assert claims["act"] == outer
    assert claims["aud"] == "https://registry.example/api"
    assert "may_act" not in claims


def test_the_person_is_asked_once_sees_it_and_takes_it_back(market: Visit) -> None:
    """Nobody is called for in a place that he was not told of: page, receipt, list of consents, and the end of it."""
    market.person = ""
    market.signs_in(agrees=False)
    with market.house.database.write() as db:
        consents.grant(db, market.person, market.client, ("openid", "profile"), now=clock.now())
    assert market.answer(prompt="none")["error"] == "consent_required"
    page = market.browser.get(market.authorize(ui_locales="en").location, follow_redirects=True)
    assert "It may act for you at other services" in page.text
    assert "City archive" in page.text
    market.browser.post(page.request.full_path, data={"csrf": csrf(page.text), "decision": "agree"})
    token = market.tokens()["access_token"]  # asked once
    assert market.token(form(token)).status_code == 200
    listed = market.browser.get("/account/services?lang=en").text
    assert "May act for you at" in listed
    assert "City archive" in listed
    market.browser.post("/account/services/withdraw", data={"csrf": csrf(listed), "client": "market"})
    assert error(market.token(form(token))) == "invalid_request"
    assert market.answer(prompt="none")["error"] == "consent_required"


def test_without_the_persons_yes_no_other_service_is_reached(market: Visit) -> None:
    token = market.tokens()["access_token"]
    with market.house.database.write() as db:
        consents.withdraw(db, market.person, "market", by="person", now=clock.now())
        consents.grant(db, market.person, market.client, ("openid", "profile"), now=clock.now())
    assert error(market.token(form(token))) == "invalid_request"  # that of the yes before
    clients.add(market.house, replace(market.client, registered=Registration()), by="test", now=clock.now())
    token = market.tokens()["access_token"]
    clients.add(market.house, market.client, by="test", now=clock.now())
    answer = market.token(form(token))
    assert error(answer) == "invalid_target"
    assert "has not agreed" in (answer.json or {})["error_description"]


def test_it_falls_with_what_the_person_granted(market: Visit, archive: Visit) -> None:
    tokens = market.tokens()
    token = (market.token(form(tokens["access_token"])).json or {})["access_token"]
    market.token({"token": tokens["refresh_token"]}, path="/oidc/revoke")
    assert archive.token({"token": token}, path="/oidc/introspect").json == {"active": False}
    assert error(market.token(form(tokens["access_token"]))) == "invalid_request"


def test_the_person_finds_the_line_and_it_names_both(market: Visit, archive: Visit) -> None:
    market.token(form(market.tokens()["access_token"]))
    with market.house.database.read() as db:
        (event,) = ledger.events(db, kind="token.exchanged", subject="client:archive")[:1]
        assert event.by == "client:market"
        assert event.id in releases.of_person(db, market.person)
    page = market.browser.get("/account/uses?lang=en").text
    assert "Qiyun market regulation called it in your name" in page


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"audience": None}, "invalid_target"),
        ({"audience": "market"}, "invalid_target"),  # itself
        ({"audience": "nobody"}, "invalid_target"),
        ({"audience": "registry"}, "invalid_target"),  # not one that its registration names
        ({"resource": "https://elsewhere.example/"}, "invalid_target"),
        ({"audience": None, "resource": "https://elsewhere.example/"}, "invalid_target"),
        ({"scope": "openid realname"}, "invalid_scope"),  # more than the token has
        ({"scope": "openid licenses:issue"}, "invalid_scope"),
        ({"subject_token": None}, "invalid_request"),
        ({"subject_token": "a.b.c"}, "invalid_request"),
        ({"subject_token_type": None}, "invalid_request"),
        ({"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "invalid_request"),
        ({"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request"),
        ({"actor_token": "a.b.c"}, "invalid_request"),
    ],
    ids=str,
)
def test_what_is_not_allowed_is_refused(market: Visit, changes: dict[str, str | None], refusal: str) -> None:
    assert error(market.token(form(market.tokens()["access_token"], **changes))) == refusal


def test_neither_an_id_token_nor_a_refresh_token_nor_its_own_is_exchanged(market: Visit, archive: Visit) -> None:
    tokens = market.tokens()
    own = (archive.token({"grant_type": "client_credentials"}).json or {})["access_token"]
    for token in (tokens["id_token"], tokens["refresh_token"], own):
        assert error(market.token(form(token))) == "invalid_request"
    assert error(archive.token(form(own, audience="registry"))) == "invalid_request"


def test_a_token_that_was_given_to_another_is_worth_nothing(market: Visit, archive: Visit) -> None:
    """A stolen token cannot be laundered: it must have been issued to whoever exchanges it, or for his API."""
    assert error(archive.token(form(market.tokens()["access_token"], audience="registry"))) == "invalid_request"


def test_what_has_ended_is_not_exchanged(market: Visit) -> None:
    token = market.tokens()["access_token"]
    with clock.shifted(market.house.settings.access_seconds):
        assert error(market.token(form(token))) == "invalid_request"
    with market.house.database.write() as db:
        callers.revoke(db, market.claims(token)["jti"], clock.now(), clock.now().replace(year=2100))
    assert error(market.token(form(token))) == "invalid_request"


def test_after_a_withdrawn_yes_nothing_is_passed_on(market: Visit) -> None:
    token = market.tokens()["access_token"]
    with market.house.database.write() as db:
        consents.withdraw(db, market.person, "market", by="person", now=clock.now())
    assert error(market.token(form(token))) == "invalid_request"


def test_our_own_sites_give_no_token_on_for_nobody_is_asked_there(market: Visit) -> None:
    """RFC 8693 2.2.2; decision 37: no exchange without a yes, and a site of our own has no page for one."""
    ours = replace(market.client, first_party=True)
    clients.add(market.house, ours, by="test", now=clock.now())
    answer = market.token(form(market.tokens()["access_token"]))
    assert error(answer) == "invalid_target"
    said = (answer.json or {})["error_description"]
    assert "asks nobody" in said
    assert "sign in again" not in said  # it would change nothing


def test_a_bound_token_stays_bound(market: Visit, visits: Visits) -> None:
    """RFC 9449, RFC 8705: it is never exchanged for one that anybody may use."""
    keyed = visits(with_key(id="keyed", policy=FAPI2, grant_types=(GrantType.exchange,), redirect_uris=(),
                            registered=Registration(exchanges_for=("archive",))))  # fmt: skip
    proof = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
    asked = form(market.tokens()["access_token"]) | proof | {"client_assertion": keyed.assertion()}
    assert error(keyed.token(asked, headers={})) in {"invalid_dpop_proof", "use_dpop_nonce"}


def test_nobody_exchanges_who_cannot_prove_himself_or_is_not_registered(market: Visit, visits: Visits) -> None:
    token = market.tokens()["access_token"]
    program = visits(public(id="program", grant_types=(GrantType.code, GrantType.exchange)))
    assert error(program.token(form(token))) == "unauthorized_client"
    plain = visits(replace(market.client, id="plain", grant_types=(GrantType.code,)))
    assert error(plain.token(form(token))) == "unauthorized_client"
    assert market.token(form(token), headers={}).status_code == 401
