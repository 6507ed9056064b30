"""Services in the console: who registered itself is let in by two persons, a policy is explained, and moves by two."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin import approvals, policies
from admin import clients as verbs
from admin.model.client import ClientFixed
from admin.model.operator import Right
from admin.store import approvals as approval_store
from hub import clock
from hub.house import House
from hub.problems import NotFound
from hub.tree import Place, keep
from idp.model.client import FAPI2, KIOSK, LEGACY, POLICIES, STANDARD, Client, ClientAuth
from idp.model.registration import Registration
from idp.provider import client_keys, clients, registration
from idp.store import clients as store
from idp.store import people
from seals import store as seals
from seals.model import Agency
from tests.admin import offices
from tests.admin.offices import MARKET, QIYUN
from tests.hub.test_web import token_in
from tests.idp.rp import CALLBACK, KEY, department, with_key
from tests.idp.site import ORIGIN, site

Office = Callable[..., FlaskClient]
ID = "qiyun-market"
PUBLIC = {"keys": [KEY.as_dict(private=False)]}


@pytest.fixture
def office(app: Flask, house: House, now: datetime) -> Office:
    """Gives a browser of an officer of the whole country; the same person again has the same account."""
    offices.places(house)
    with house.database.write() as db:
        keep(db, Place("hub/880000", "province", "880000", "云岚省", "Yunlan"))
        seals.keep_agency(db, Agency(MARKET, "栖云市市场监督管理局", "Qiyun Market Regulation", QIYUN))
    known: dict[str, FlaskClient] = {}

    def browser(who: str, *rights: Right, place: str = "hub") -> FlaskClient:
        if who not in known:
            known[who] = app.test_client()
            known[who].set_cookie(*offices.cookie(house, offices.officer(house, who, place, *rights, now=now), now))
        return known[who]

    return browser


def post(browser: FlaskClient, path: str, form_at: str, **typed: Any) -> Any:
    token = token_in(browser.get(form_at).text)
    return browser.post(path, data={"csrf": token} | typed, headers={"Accept-Language": "en"})


def asked(office: Office, id: str, what: str, **typed: Any) -> Any:
    page = f"/console/clients/{id}"
    return post(office("anna", Right.services), f"{page}/{what}", page, **typed)


def decided(house: House, office: Office, answer: Any, *, decision: str = "approve") -> Any:
    assert answer.status_code == 303, answer.text
    path = answer.location
    with house.database.read() as db:
        digest = approval_store.approval(db, path.rpartition("/")[2], "hub").digest
    second = office("bernd", Right.approve)
    return post(second, f"{path}/decide", path, decision=decision, digest=digest, words="checked")


def kept(house: House, id: str = ID) -> Client:
    with house.database.read() as db:
        found = store.client(db, id)
    assert found is not None
    return found


@pytest.fixture
def waiting(house: House, now: datetime) -> str:
    """A service that registered itself without a token."""
    said = {"redirect_uris": [CALLBACK], "client_name": "Market", "jwks": PUBLIC}
    said |= {"token_endpoint_auth_method": "private_key_jwt"}
    return registration.register(house, said, None, "net", now).client.id


def test_who_registered_itself_is_let_in_by_two(house: House, office: Office, waiting: str) -> None:
    """RFC 7591 3, by approval: what two have read is what works."""
    assert "Market" in office("anna", Right.services).get("/console/clients").text
    answer = asked(office, waiting, "let-in", agency=MARKET, policy="fapi2", let_in_reason="new program")
    assert clients.known(house, waiting, clock.now()) is None
    page = office("bernd", Right.approve).get(answer.location).text
    assert CALLBACK in page
    assert decided(house, office, answer).status_code == 303
    found = clients.known(house, waiting, clock.now())
    assert found is not None
    assert (found.policy, found.id_token_algorithm, found.redirect_uris) == (FAPI2, "ES256", (CALLBACK,))


def test_the_overview_says_that_somebody_waits(office: Office, waiting: str) -> None:
    assert "wait to be let in: 1" in office("anna", Right.services).get("/console/?lang=en").text
    assert "wait to be let in" not in office("doris", place=QIYUN).get("/console/?lang=en").text


def test_a_policy_must_fit_before_anybody_is_asked(house: House, office: Office, waiting: str) -> None:
    answer = asked(office, waiting, "let-in", agency=MARKET, policy="kiosk", let_in_reason="")
    assert answer.status_code == 422
    assert f'value="{MARKET}" selected' in answer.text
    assert 'value="kiosk" selected' in answer.text
    answer = asked(office, waiting, "let-in", agency="0" * 18, policy="standard", let_in_reason="new program")
    assert answer.status_code == 404
    answer = asked(office, waiting, "let-in", agency=MARKET, policy="legacy", let_in_reason="new program")
    assert answer.status_code == 409


def test_what_it_says_after_it_was_read_is_not_let_in(house: House, office: Office, waiting: str) -> None:
    answer = asked(office, waiting, "let-in", agency=MARKET, policy="standard", let_in_reason="new program")
    changed = replace(kept(house, waiting), redirect_uris=("https://elsewhere.example/callback",))
    clients.add(house, changed, by="registration", now=clock.now())
    assert decided(house, office, answer).status_code == 409
    assert clients.known(house, waiting, clock.now()) is None


def test_who_must_prove_his_name_first_is_led_there_and_back(house: House, office: Office, waiting: str) -> None:
    office("anna", Right.services)
    with house.database.write() as db:
        db.execute(people.person_table.update().where(people.person_table.c.id == "anna").values(level=1))
    answer = asked(office, waiting, "let-in", agency=MARKET, policy="fapi2", let_in_reason="new program")
    assert answer.status_code == 403
    assert f'href="/console/sign-in?level=3&amp;next=%2Fconsole%2Fclients%2F{waiting}"' in answer.text


def test_from_then_on_its_own_token_manages_nothing(house: House, office: Office, now: datetime) -> None:
    done = registration.register(house, {"redirect_uris": [CALLBACK]}, None, "net", now)
    answer = asked(office, done.client.id, "let-in", agency=MARKET, policy="standard", let_in_reason="new program")
    assert decided(house, office, answer).status_code == 303
    found = clients.known(house, done.client.id, clock.now())
    assert found is not None
    assert (found.agency, found.agency_name, found.place) == (MARKET, "栖云市市场监督管理局", QIYUN)
    with pytest.raises(registration.NotTheirs):
        registration.read(house, done.client.id, done.token)


def test_who_decides_sees_that_something_waits_and_what_the_move_demands(house: House, office: Office) -> None:
    clients.add(house, with_key(id=ID, id_token_algorithm="RS256"), by="test", now=clock.now())
    answer = asked(office, ID, "policy", policy="fapi2", policy_reason="as planned")
    for who, told in (("bernd", True), ("anna", False)):  # she asked for it herself
        rights = (Right.approve,) if told else (Right.services,)
        assert ("can decide: 1" in office(who, *rights).get("/console/?lang=en").text) == told
    assert "Qiyun market regulation" in office("bernd", Right.approve).get("/console/approvals?lang=en").text
    page = office("bernd", Right.approve).get(f"{answer.location}?lang=en").text
    assert "Hand in each request itself before the browser comes (PAR)" in page
    decided(house, office, answer)
    assert "Hand in each request itself" not in office("bernd").get(f"{answer.location}?lang=en").text


def test_a_move_to_another_policy_takes_two(house: House, office: Office) -> None:
    clients.add(house, with_key(id=ID, id_token_algorithm="RS256"), by="test", now=clock.now())
    answer = asked(office, ID, "policy", policy="fapi2", policy_reason="as all new ones")
    assert kept(house).policy is STANDARD
    assert decided(house, office, answer).status_code == 303
    assert (kept(house).policy, kept(house).id_token_algorithm) == (FAPI2, "ES256")


@pytest.mark.parametrize("policy", ["legacy", "none", ""])
def test_legacy_is_left_to_operators_at_the_machine(house: House, office: Office, policy: str) -> None:
    clients.add(house, with_key(id=ID), by="test", now=clock.now())
    assert asked(office, ID, "policy", policy=policy, policy_reason="as before").status_code == 409
    clients.move(house, ID, LEGACY, by="operator", now=clock.now())
    assert kept(house).policy is LEGACY


def test_a_service_with_a_secret_is_told_why_it_cannot_move(house: House, office: Office) -> None:
    clients.add(house, department(), by="test", now=clock.now())
    answer = asked(office, ID, "policy", policy="fapi2", policy_reason="as all new ones")
    assert answer.status_code == 422
    assert "does not allow" in answer.text
    assert policies.missing(kept(house))[0].startswith("Register its public keys")


def test_who_has_registered_keys_beside_its_secret_moves_and_loses_the_secret(house: House, office: Office) -> None:
    """FAPI 2.0 Security Profile 5.3.2.1: keys first, then the move; from then on the secret is refused."""
    clients.add(house, department(keys=(KEY.as_dict(private=False),)), by="test", now=clock.now())
    answer = asked(office, ID, "policy", policy="fapi2", policy_reason="it has keys now")
    assert "private_key_jwt" in office("bernd", Right.approve).get(answer.location).text
    assert decided(house, office, answer).status_code == 303
    moved = kept(house)
    assert (moved.policy, moved.auth, moved.secret_digest) == (FAPI2, ClientAuth.private_key_jwt, "")


def test_addresses_and_keys_take_two(house: House, office: Office) -> None:
    clients.add(house, with_key(id=ID), by="test", now=clock.now())
    page = {
        "redirect_uris": f"{CALLBACK}\nhttps://market.qiyun.example/second",
        "jwks_uri": f"{ORIGIN}/jwks",
        "keys": "",
    }
    answer = asked(office, ID, "addresses", **page, addresses_reason="new site")
    assert len(kept(house).redirect_uris) == 1
    assert decided(house, office, answer).status_code == 303
    changed = kept(house)
    assert (len(changed.redirect_uris), changed.keys, changed.registered.jwks_uri) == (2, (), f"{ORIGIN}/jwks")
    site(house).publishes(KEY)
    client_keys.keys_of(house, changed, clock.now())
    shown = office("anna", Right.services).get(f"/console/clients/{ID}?lang=en").text
    assert "rp-1" in shown
    assert "The address answers" in shown


@pytest.mark.parametrize(
    "typed",
    [
        {"redirect_uris": "http://market.qiyun.example/"},
        {"redirect_uris": ""},
        {"keys": "no"},
        {"keys": json.dumps({"keys": [KEY.as_dict(private=True)]})},
        {"jwks_uri": "https://market.qiyun.example/jwks"},
        {"addresses_reason": " "},
    ],
    ids=["http", "no address", "no keys", "a private key", "keys twice", "no reason"],
)
def test_wrong_addresses_ask_nobody(house: House, office: Office, typed: dict[str, str]) -> None:
    clients.add(house, with_key(id=ID), by="test", now=clock.now())
    plain = {"redirect_uris": CALLBACK, "keys": json.dumps(PUBLIC), "addresses_reason": "new site"}
    assert asked(office, ID, "addresses", **(plain | typed)).status_code == 422
    with house.database.read() as db:
        assert approval_store.all_approvals(db, "hub") == []


def test_a_request_is_void_if_the_service_changed_meanwhile(house: House, office: Office) -> None:
    clients.add(house, with_key(id=ID), by="test", now=clock.now())
    answer = asked(office, ID, "policy", policy="fapi2", policy_reason="as all new ones")
    assert asked(office, ID, "policy", policy="kiosk", policy_reason="no, this").status_code in (404, 409)  # one waits
    clients.move(house, ID, POLICIES["legacy"], by="operator", now=clock.now())
    assert decided(house, office, answer).status_code == 409
    assert kept(house).policy is LEGACY


def test_a_new_secret_is_shown_once_takes_two_and_the_old_one_goes_on_for_a_while(house: House, office: Office) -> None:
    """Whoever holds it acts as the service: nobody gets one alone."""
    clients.add(house, department(), by="test", now=clock.now())
    assert asked(office, ID, "secret", secret_reason=" ").status_code == 422
    answer = asked(office, ID, "secret", secret_reason="it was lost")
    assert answer.status_code == 200
    assert kept(house).secret_digest == department().secret_digest  # nothing works yet
    assert asked(office, ID, "secret", secret_reason="sent again").status_code == 409
    answer.location = answer.text.partition('href="/console/approvals/')[2].partition('"')[0]
    answer.location, answer.status_code = f"/console/approvals/{answer.location}", 303
    assert decided(house, office, answer).status_code == 303
    client = kept(house)
    assert client.old_secret_until is not None
    assert client.old_secret_digest == department().secret_digest
    again = office("anna", Right.services).get(f"/console/clients/{ID}").text
    secret = next(
        word
        for word in answer.text.replace("<", " ").replace(">", " ").split()
        if clients.secret_fits(client, word, clock.now())
    )
    assert secret not in again


def test_nobody_makes_a_secret_at_a_console_that_was_left_open(house: House, office: Office) -> None:
    """One person makes it and could use it, so he shows his factors for it."""
    clients.add(house, department(), by="test", now=clock.now())
    office("anna", Right.services)
    with clock.shifted(20 * 60):
        assert asked(office, ID, "secret", secret_reason="it was lost").status_code != 200
    assert kept(house).old_secret_until is None


def test_what_is_looked_after_elsewhere_is_not_changed_here(house: House, office: Office, now: datetime) -> None:
    by = offices.officer(house, "carla", "hub", Right.services, now=now)
    clients.add(
        house,
        department(
            id="tried", sandbox=True, sector="tried", scopes=("openid",), grant_types=department().grant_types[:2]
        ),
        by="test",
        now=now,
    )
    for id in ("console", "tried"):
        with pytest.raises(ClientFixed):
            verbs.ask(house, id, {"policy": "kiosk"}, reason="x", by=by, now=now)
        with pytest.raises(ClientFixed):
            verbs.ask_for_secret(house, id, reason="x", by=by, now=now)
    clients.add(house, with_key(id=ID), by="test", now=now)
    with pytest.raises(ClientFixed):
        verbs.ask(house, ID, {"policy": "standard"}, reason="nothing changes", by=by, now=now)


def test_the_page_says_whom_it_may_reach_in_peoples_names(house: House, office: Office) -> None:
    said = Registration(resource="https://api.example/v1", exchanges_for=("registry",))
    clients.add(house, with_key(id=ID, registered=said), by="test", now=clock.now())
    page = office("anna", Right.services).get(f"/console/clients/{ID}?lang=en").text
    assert "May act for people at</dt><dd>registry" in page
    assert "https://api.example/v1" in page


def test_each_sees_his_own_part_of_the_tree(house: House, office: Office, now: datetime) -> None:
    clients.add(house, with_key(id=ID, place=QIYUN), by="test", now=now)
    there = office("doris", Right.services, place=offices.XICHENG)
    assert there.get(f"/console/clients/{ID}").status_code == 404
    with pytest.raises(NotFound):
        verbs.ask(
            house,
            ID,
            {"policy": "fapi2"},
            reason="x",
            by=offices.officer(house, "e", offices.XICHENG, Right.services, now=now),
            now=now,
        )
    assert office("frank").post(f"/console/clients/{ID}/secret").status_code in (400, 403)


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_every_page_opens_in_both_languages(house: House, office: Office, waiting: str, language: str) -> None:
    clients.add(house, department(), by="test", now=clock.now())
    clients.add(
        house, with_key(keys=(), registered=Registration(jwks_uri=f"{ORIGIN}/jwks")), by="test", now=clock.now()
    )
    for path in (
        "clients",
        f"clients/{ID}",
        "clients/qiyun-keyed",
        "clients/console",
        f"clients/{waiting}",
        "policies",
    ):
        answer = office("anna", Right.services).get(f"/console/{path}?lang={language}")
        assert answer.status_code == 200, path


def test_every_rule_of_every_policy_has_a_sentence_and_a_source() -> None:
    for policy in POLICIES.values():
        assert policies.PURPOSE[policy.name]
        assert all(rule.words(policy) and rule.source for rule in policies.RULES)
    strict = [rule for rule in policies.RULES if rule.strict(FAPI2)]
    assert len(strict) >= 8
    assert policies.missing(with_key(policy=FAPI2)) == []
    assert len(policies.missing(with_key(policy=KIOSK, auth=ClientAuth.private_key_jwt))) == 3
    assert approvals.CARRIES[verbs.CHANGE] is verbs.carry
