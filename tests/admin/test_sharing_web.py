"""The pages of data sharing: officers see their own part of the tree, a citizen his own data, and a form says what is wrong."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin.model.operator import Right
from admin.store import sharing as store
from hub import callers, clock, ledger
from hub.callers import Caller
from hub.house import House
from idp.store import data as permissions
from tests.admin.bodies import CITY, ITEM, MARKET, PLATFORM, Bodies
from tests.hub.test_web import token_in

SHARING = frozenset({Right.see.value, Right.sharing.value})
Opens = Callable[..., FlaskClient]


@pytest.fixture
def bodies(house: House, app: Flask, now: datetime) -> Bodies:
    return Bodies(house, app, now)


@pytest.fixture
def officer(house: House, app: Flask, now: datetime) -> Opens:
    """A browser signed in to the console."""

    def opens(person: str = "p-provider", place: str = CITY, rights: frozenset[str] = SHARING) -> FlaskClient:
        browser = app.test_client()
        who = Caller(
            person=person, level=1, amr=("pwd", "otp", "mfa"), auth_time=now, sid=person, place=place, rights=rights
        )
        with house.database.write() as db:
            browser.set_cookie("yinxin-8000-console", callers.open_session(db, "console", who, now=now, hours=1))
        return browser

    return opens


@pytest.fixture
def citizen(house: House, app: Flask, now: datetime) -> Opens:
    """A browser of a citizen on his own site."""

    def opens(person: str, acting_for: str | None = None) -> FlaskClient:
        browser = app.test_client()
        who = Caller(person=person, level=2, amr=("pwd",), auth_time=now, sid=f"my-{person}", acting_for=acting_for)
        with house.database.write() as db:
            browser.set_cookie("yinxin-8000-my", callers.open_session(db, "my", who, now=now, hours=1))
        return browser

    return opens


def post(browser: FlaskClient, path: str, at: str, **form: Any) -> Any:
    token = token_in(browser.get(f"{at}?lang=en").text)
    return browser.post(path, data={"csrf": token} | form)


# -- who may come in


@pytest.mark.parametrize(
    "path", ["", "/entries/new", "/entries/E-1", "/ask/E-1", "/requests/G-1", "/calls/t", "/board"]
)
def test_only_officers_with_the_right(bodies: Bodies, officer: Opens, client: FlaskClient, path: str) -> None:
    assert client.get(f"/console/sharing{path}").status_code == 303
    assert officer(rights=frozenset({"see"})).get(f"/console/sharing{path}").status_code == 403


def test_an_officer_sees_requests_of_his_part_of_the_tree(bodies: Bodies, officer: Opens) -> None:
    made = bodies.granted()
    path = f"/console/sharing/requests/{made.id}"
    for place in (CITY, "hub/880000", "hub"):
        assert officer(place=place).get(path).status_code == 200
    for place in ("hub/870000", "hub/880000/880200"):
        assert officer(place=place).get(path).status_code == 404
        assert made.id not in officer(place=place).get("/console/sharing").text


def test_a_trace_is_for_the_two_sides(bodies: Bodies, officer: Opens) -> None:
    grant = bodies.granted()
    trace = bodies.call(bodies.allowed(grant), grant.id).json["trace"]
    for place in (CITY, "hub/880000"):
        page = officer(place=place).get(f"/console/sharing/calls/{trace}?lang=en")
        assert page.status_code == 200
        assert "demo-market" in page.text
        assert "unified_code" not in page.text
        assert "1 fields too many were left out" in page.text
        assert "示范公司" not in page.text  # no data, digests alone
    assert officer(place="hub/870000").get(f"/console/sharing/calls/{trace}").status_code == 404
    assert officer().get("/console/sharing/calls/nothing").status_code == 404


def test_one_changes_what_ones_own_place_offers(bodies: Bodies, officer: Opens) -> None:
    assert officer(place="hub/870000").get(f"/console/sharing/entries/{bodies.entry.id}").status_code == 404


# -- forms


def test_a_body_offers_data_by_the_form(bodies: Bodies, officer: Opens) -> None:
    form = {
        "name": "年报信息", "name_en": "Annual reports", "agency": MARKET, "sharing": "conditional",
        "basis": "示范条例", "basis_en": "Demonstration rules", "source": f"endpoint:{PLATFORM}/data", "client": "demo-market",
        "tells_number": "yes", "key-0": "year", "zh-0": "年度", "en-0": "Year", "sensitivity-0": "plain",
        "key-1": "phone", "zh-1": "电话", "en-1": "Telephone", "sensitivity-1": "sensitive",
    }  # fmt: skip
    at = "/console/sharing/entries/new"
    kept = post(officer(), at, at, **form)
    assert kept.status_code == 303, kept.text
    with bodies.house.database.read() as db:
        entry = next(one for one in store.entries(db) if one.name == "年报信息")
    assert entry.keys == ("year", "phone")
    assert entry.tells_number
    page = officer().get(f"/console/sharing/entries/{entry.id}?lang=en").text
    assert 'value="Telephone"' in page
    gone = post(
        officer(), f"/console/sharing/entries/{entry.id}", f"/console/sharing/entries/{entry.id}", end="yes", **form
    )
    assert gone.status_code == 303
    with bodies.house.database.read() as db:
        assert entry.id not in {one.id for one in store.entries(db)}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": ""}, "Give the Chinese name"),
        ({"sharing": "secret"}, "Choose one of the three classes"),
        ({"key-0": ""}, "Choose at least one field"),
        ({"sensitivity-0": "very"}, "Choose at least one field"),
        ({"source": "endpoint:ftp://x"}, "Choose a kind of license"),
    ],
)
def test_the_form_of_an_entry_says_what_is_wrong(
    bodies: Bodies, officer: Opens, changed: dict[str, str], words: str
) -> None:
    form = {
        "name": "年报", "name_en": "Reports", "agency": MARKET, "sharing": "conditional", "basis": "示范条例",
        "basis_en": "Rules", "source": f"endpoint:{PLATFORM}/data", "client": "demo-market", "key-0": "year", "zh-0": "年度",
        "en-0": "Year", "sensitivity-0": "plain",
    }  # fmt: skip
    at = "/console/sharing/entries/new"
    answer = post(officer(), at, at, **(form | changed))
    assert answer.status_code == 422
    assert words in answer.text


def test_an_officer_asks_and_another_one_grants_by_forms(bodies: Bodies, officer: Opens) -> None:
    at = f"/console/sharing/ask/{bodies.entry.id}"
    asker = officer("p-asker", "hub/880000")
    until = (bodies.now + timedelta(days=10)).date().isoformat()
    form = {"fields": ["name"], "client": "demo-yunlan", "item": ITEM, "purpose": "核发补贴", "purpose_en": "To pay",
            "basis": "示范办法", "per_day": "5", "until": until}  # fmt: skip
    for name, wrong in (("per_day", "many"), ("until", "soon"), ("fields", []), ("item", "x"), ("client", "x")):
        assert post(asker, at, at, **(form | {name: wrong})).status_code == 422
    asked = post(asker, at, at, **form)
    assert asked.status_code == 303, asked.text
    page = asked.location
    assert "You asked for these data yourself" in asker.get(f"{page}?lang=en").text  # he looks after the city too
    assert post(asker, f"{page}/decide", page, decision="approve").status_code == 403
    assert post(officer(), f"{page}/decide", page, decision="refuse", reason=" ").status_code == 422
    assert post(officer(), f"{page}/decide", page, decision="approve").status_code == 303
    assert post(officer(), f"{page}/end", page, reason="").status_code == 422
    assert post(officer(), f"{page}/end", page, reason="no longer needed").status_code == 303
    with bodies.house.database.read() as db:
        assert store.requests(db)[0].reason == "no longer needed"


def test_no_form_from_elsewhere_decides(bodies: Bodies, officer: Opens) -> None:
    made = bodies.asked()
    answer = officer().post(f"/console/sharing/requests/{made.id}/decide", data={"decision": "approve"})
    assert answer.status_code == 403


# -- the public page, and a citizen's own


def test_the_catalogue_is_for_everybody(bodies: Bodies, client: FlaskClient) -> None:
    page = client.get("/data?lang=en").text
    assert "Credit of companies" in page
    assert "Demonstration rules on sharing" in page


def used(bodies: Bodies) -> str:
    """One use of the person's data; gives its number."""
    grant = bodies.granted()
    bodies.call(bodies.allowed(grant), grant.id, case="C-7")
    with bodies.house.database.read() as db:
        return store.every_call(db)[0].id


def test_a_person_sees_who_used_what_for_what(bodies: Bodies, citizen: Opens) -> None:
    used(bodies)
    page = citizen(bodies.visit.person).get("/my/data?lang=en").text
    for words in ("Yunlan Benefits", "To pay a benefit to companies", "Name, Credit grade", "C-7", "示范补贴办法"):
        assert words in page
    assert "Telephone" not in page


def test_nobody_sees_the_uses_of_another(bodies: Bodies, citizen: Opens, client: FlaskClient) -> None:
    id = used(bodies)
    ledger.sequence(bodies.house, clock.now())
    own = citizen(bodies.visit.person).get(f"/my/data/{id}/proof.json")
    assert own.status_code == 200
    assert own.json
    assert own.json["event"]["subject"] == f"data-use:{id}"
    for other in (citizen("somebody"), citizen(bodies.visit.person, "91880101DEM000081U")):
        assert "Nobody has used your data" in other.get("/my/data?lang=en").text
        assert other.get(f"/my/data/{id}/proof.json").status_code == 404
    assert client.get(f"/my/data/{id}/proof.json").status_code == 303
    assert citizen(bodies.visit.person).get("/my/data/unknown/proof.json").status_code == 404


def test_a_proof_that_is_not_ready_says_so(bodies: Bodies, citizen: Opens) -> None:
    answer = citizen(bodies.visit.person).get(f"/my/data/{used(bodies)}/proof.json")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


def test_a_person_withdraws_with_one_button_and_for_nobody_else(bodies: Bodies, citizen: Opens) -> None:
    used(bodies)
    with bodies.house.database.read() as db:
        grant = permissions.standing(db, bodies.visit.person, "")[0].permission
    for other in (citizen("somebody"), citizen(bodies.visit.person, "91880101DEM000081U")):
        post(other, "/my/data/withdraw", "/my/notices", grant=grant)
        with bodies.house.database.read() as db:
            assert permissions.standing(db, bodies.visit.person, "")
    browser = citizen(bodies.visit.person)
    assert post(browser, "/my/data/withdraw", "/my/data", grant=grant).status_code == 303
    page = browser.get("/my/data?done=withdrawn&lang=en").text
    assert "You have withdrawn" in page
    assert "You allow nothing now" in page
    assert "To pay a benefit" in page  # what was used stays written
