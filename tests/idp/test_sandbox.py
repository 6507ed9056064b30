"""Sandboxes: a program on trial signs in its testers alone, learns invented people, and reaches nothing of production."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from hub import clock, tree
from hub.house import House
from idp.model.client import Client, ClientWrong, GrantType
from idp.model.person import AccountNameWrong
from idp.provider import clients, pseudonyms, sandbox
from idp.store import people
from tests.idp.rp import Visit, Visits, department

SCOPES = ("openid", "profile", "realname", "company", "offline_access")


def on_trial(**changes: Any) -> Client:
    plain: dict[str, Any] = {
        "id": "qiyun-market-sandbox",
        "sandbox": True,
        "sector": "qiyun-market-sandbox",
        "grant_types": (GrantType.code, GrantType.refresh),
        "scopes": SCOPES,
    }
    return department(**(plain | changes))


def let_in(visit: Visit) -> Visit:
    """Name the person of a visit a tester."""
    with visit.house.database.read() as db:
        key = people.account_key_of(db, visit.person)
    assert key
    visit.client = replace(visit.client, testers=(key,))
    clients.add(visit.house, visit.client, by="test", now=clock.now())
    return visit


@pytest.mark.parametrize(
    "changes",
    [
        {"scopes": ("openid", "licenses:read")},
        {"scopes": ("openid",), "grant_types": (GrantType.code, GrantType.client_credentials)},
        {"first_party": True},
        {"pairwise": False},
        {"sector": ""},
        {"sector": "qiyun-market"},
        {"sandbox": False, "testers": ("x",), "scopes": ("openid",)},
    ],
)
def test_a_sandbox_has_no_way_to_production(house: House, changes: dict[str, Any]) -> None:
    with pytest.raises(ClientWrong):
        clients.add(house, on_trial(**changes), by="test", now=clock.now())


@pytest.mark.parametrize(
    ("before", "after"), [(on_trial(), on_trial(sandbox=False)), (on_trial(sandbox=False), on_trial())]
)
def test_a_sandbox_never_becomes_a_production_client_nor_the_other_way(
    house: House, before: Client, after: Client
) -> None:
    clients.add(house, before, by="test", now=clock.now())
    with pytest.raises(ClientWrong):
        clients.add(house, after, by="test", now=clock.now())


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_a_stranger_gets_a_page_and_no_code(visits: Visits, language: str) -> None:
    visit = visits(on_trial(id="sandbox-1", sector="sandbox-1"))
    visit.signs_in()
    answer = visit.browser.get("/oidc/authorize", query_string=visit.asked(), headers={"Accept-Language": language})
    assert answer.status_code == 403
    assert {"zh-Hans": "该服务仍在测试", "en": "still being tried out"}[language] in answer.text


def test_a_stranger_who_signs_in_on_the_way_gets_the_page_before_anything_is_asked_of_him(visits: Visits) -> None:
    visit = visits(on_trial(id="sandbox-2", sector="sandbox-2"))
    opened = visit.authorize()
    assert "/login?flow=" in opened.location
    visit.signs_in(agrees=False)
    for page in ("/login", "/consent", "/realname"):
        assert visit.browser.get(page + "?" + opened.location.partition("?")[2]).status_code == 403, page


def test_a_silent_request_is_answered_to_the_program(visits: Visits) -> None:
    visit = visits(on_trial(id="sandbox-3", sector="sandbox-3"))
    visit.signs_in()
    assert visit.answer(prompt="none")["error"] == "access_denied"


def test_a_tester_signs_in_and_the_program_learns_an_invented_person(visits: Visits) -> None:
    visit = visits(on_trial(id="sandbox-4", sector="sandbox-4"))
    visit.signs_in(level=3)
    given = let_in(visit).tokens(scope="openid profile realname company")
    said = visit.userinfo(given["access_token"]).json or {}
    assert said == sandbox.EXAMPLE | {"sub": visit.claims(given["id_token"])["sub"], "acr": said["acr"]}


def test_who_is_agreed_to_sees_that_it_is_a_sandbox_and_what_it_is_told(visits: Visits) -> None:
    visit = visits(on_trial(id="sandbox-5", sector="sandbox-5"))
    visit.signs_in(agrees=False)
    opened = let_in(visit).authorize(scope="openid realname company")
    page = visit.browser.get(
        opened.location.replace("http://localhost:8000/login", "/consent"), headers={"Accept-Language": "en"}
    )
    assert page.status_code == 200, page.text
    assert "A sandbox: a service on trial" in page.text


def test_the_subject_of_a_sandbox_is_not_that_of_production(provider: tuple[House, Flask]) -> None:
    house, _ = provider
    production = department()
    assert pseudonyms.subject(house, on_trial(), "p") != pseudonyms.subject(house, production, "p")


def test_who_is_no_tester_any_more_is_out_at_once(visits: Visits) -> None:
    visit = visits(on_trial(id="sandbox-6", sector="sandbox-6"))
    visit.signs_in()
    given = let_in(visit).tokens(scope="openid profile offline_access")
    clients.add(visit.house, replace(visit.client, testers=()), by="test", now=clock.now())
    assert visit.refresh(given["refresh_token"]).status_code == 400
    assert visit.userinfo(given["access_token"]).status_code == 401
    assert visit.authorize().status_code == 403


def test_a_tester_is_named_by_his_account_and_kept_as_an_index(house: House) -> None:
    key = sandbox.tester(house, " Jia.Shili ")
    assert key == sandbox.tester(house, "jia.shili") != sandbox.tester(house, "ouyang.shili")
    assert "jia" not in key
    with pytest.raises(AccountNameWrong):
        sandbox.tester(house, "x")


def test_testers_and_the_mark_come_back_from_the_database(house_on: House) -> None:
    made = on_trial(testers=("a", "b"))
    clients.add(house_on, made, by="test", now=clock.now())
    known = clients.known(house_on, made.id, clock.now())
    assert known is not None
    assert (known.sandbox, known.testers, known.place) == (True, ("a", "b"), tree.ROOT)
