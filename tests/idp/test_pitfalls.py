"""The 21 weaknesses of a provider that uses Authlib 1.9.9 as its documentation shows it.

Each rule stands here once and is asked of two providers over HTTP: of ours, which keeps it, and of a naive one
(`tests/idp/naive.py`), which must break it. Each docstring says what Authlib does. When Authlib mends something, the test of
it turns red: then a rule of ours has become easier to keep.
"""

import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib.metadata import version
from threading import Barrier
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from joserfc.jws import extract_compact
from werkzeug.test import TestResponse

from hub import clock
from hub.house import House
from idp.model.client import GrantType
from tests.idp.parties import SITE, Naive, Ours, Party
from tests.idp.rp import CALLBACK, SECRET

AT_ONCE = 10
DEVICE = GrantType.device.value
UNHEARD_OF = '{"id_token": {"acr": {"essential": true, "value": "urn:yinxin:loa:9"}}}'
pytestmark = pytest.mark.filterwarnings('ignore:JWS algorithm "none"')  # joserfc says so to the naive one
BREAKS_IT = pytest.mark.xfail(strict=True, raises=AssertionError, reason="Authlib 1.9.9 as documented")


def newcomer_at(who: str, provider: tuple[House, Flask]) -> Party:
    """A relying party at one of the two, and a person whom nobody knows yet."""
    return Ours(*provider, SITE) if who == "ours" else Naive()


@pytest.fixture(params=["ours", pytest.param("naive", marks=BREAKS_IT)])
def newcomer(request: pytest.FixtureRequest, provider: tuple[House, Flask]) -> Party:
    """One that must keep the rule, and one that must break it."""
    return newcomer_at(request.param, provider)


@pytest.fixture
def party(newcomer: Party) -> Party:
    """The same, with a person who has signed in and agreed to everything."""
    newcomer.signs_in()
    return newcomer


@pytest.mark.parametrize("who", ["ours", "naive"])
def test_00_both_are_whole_providers(who: str, provider: tuple[House, Flask]) -> None:
    """What the naive one breaks, it breaks for no other reason than that which is named."""
    party = newcomer_at(who, provider)
    party.signs_in()
    for one in (party, party.without_secret()):
        tokens = one.tokens(scope="openid profile")
        assert body(one.userinfo(tokens["access_token"]))["sub"] == said(tokens["id_token"])["sub"]
        assert one.refresh(tokens["refresh_token"]).status_code == 200
    assert party.token({"grant_type": DEVICE, "device_code": party.allowed_device()}).status_code == 200
    assert party.token({"grant_type": "client_credentials"}).status_code == 200
    assert party.hands_in("ES256") == ""
    assert 'name="state" value="state-1"' in party.posted_form()
    for method in ("client_secret_basic", "none"):
        assert party.registers(redirect_uris=[CALLBACK], token_endpoint_auth_method=method).status_code == 201
    assert version("authlib") == "1.9.9"


# -- what happens once


def test_01_of_redemptions_of_one_code_at_the_same_moment_one_gets_tokens(party: Party) -> None:
    """Authlib: all do. It looks the code up, hands out, and deletes the code afterwards."""
    code = party.code()
    assert statuses(at_once(lambda: party.redeem(code))).count(200) == 1


def test_02_of_renewals_at_the_same_moment_one_successor_comes(party: Party) -> None:
    """Authlib: each gives another refresh token, and all of them live on."""
    program = party.without_secret()
    token = program.tokens()["refresh_token"]
    successors = {body(answer).get("refresh_token") for answer in at_once(lambda: program.refresh(token))}
    assert len(successors - {None}) == 1


def test_03_a_refresh_token_that_comes_again_ends_its_family(party: Party) -> None:
    """Authlib: the old one is refused, and what the thief made of it lives on."""
    program = party.without_secret()
    first = program.tokens()["refresh_token"]
    second = body(program.refresh(first))["refresh_token"]
    with clock.shifted(11):  # ours gives the same successor for ten seconds, for whoever lost the answer
        program.refresh(first)
        assert program.refresh(second).status_code == 400


def test_04_a_code_that_comes_again_takes_back_what_it_gave(party: Party) -> None:
    """Authlib: it is refused, and the tokens of its first use stay; there is no hook for it."""
    code = party.code()
    access = body(party.redeem(code))["access_token"]
    party.redeem(code)
    assert party.userinfo(access).status_code == 401


def test_05_a_device_code_works_once(party: Party) -> None:
    """Authlib: as often as one likes."""
    form = {"grant_type": DEVICE, "device_code": party.allowed_device()}
    assert [party.token(form).status_code for _ in range(2)] == [200, 400]


# -- keys


def test_06_a_key_that_nobody_can_know_yet_does_not_sign(party: Party) -> None:
    """Authlib: of a set of keys a random one signs each token."""
    random.seed(6)  # so that the naive one draws the same keys each time
    known = kid(party.tokens()["id_token"])
    party.adds_a_key()
    assert {kid(party.tokens()["id_token"]) for _ in range(8)} == {known}


# -- what a request may say


def test_07_plain_is_no_challenge(party: Party) -> None:
    """Authlib: `plain` is as good as S256."""
    assert party.answer(code_challenge_method="plain").get("error") == "invalid_request"


def test_07_a_program_without_a_challenge_gets_no_code(party: Party) -> None:
    """Authlib: with `CodeChallenge(required=True)` it does, and is refused when it redeems it."""
    answer = party.without_secret().answer(code_challenge=None, code_challenge_method=None)
    assert answer.get("error") == "invalid_request"


def test_08_the_token_endpoint_reads_nothing_from_its_address(party: Party) -> None:
    """Authlib: it takes grant type and redirect address from there, where they are logged."""
    query = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
    form = {"code": party.code(), "code_verifier": party.verifier}
    answer = party.program.post("/oidc/token", query_string=query, data=form, headers=party.basic())
    assert body(answer).get("error") == "invalid_request"


@pytest.mark.parametrize("more", [{"client_secret": SECRET}, {"client_id": "wallet"}], ids=str)
def test_09_two_proofs_and_another_clients_name_are_refused(party: Party, more: dict[str, str]) -> None:
    """Authlib: what stands in the form beside the header is passed over."""
    assert party.redeem(party.code(), **more).status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"max_age": "0", "prompt": "none"}, "login_required"),
        ({"prompt": "bogus"}, "invalid_request"),
        ({"id_token_hint": "{other}", "prompt": "none"}, "login_required"),
        ({"acr_values": "urn:yinxin:loa:3", "prompt": "none"}, "interaction_required"),
        ({"claims": UNHEARD_OF}, "unmet_authentication_requirements"),
        ({"claims": "no JSON"}, "invalid_request"),
    ],
    ids=str,
)
def test_10_what_a_request_demands_has_an_effect(party: Party, changes: dict[str, str], error: str) -> None:
    """Authlib: `max_age`, hints, levels and `claims` are not read, nor is an unknown `prompt`."""
    other = party.another().tokens()["id_token"]
    asked = {name: value.replace("{other}", other) for name, value in changes.items()}
    assert party.answer(**asked).get("error") == error


def test_11_prompt_none_does_not_go_around_the_persons_yes(newcomer: Party) -> None:
    """Authlib: that somebody is signed in is all that is looked at."""
    newcomer.signs_in(agrees=False)
    assert newcomer.answer(prompt="none").get("error") == "consent_required"


def test_12_auth_time_is_when_the_person_signed_in(newcomer: Party) -> None:
    """Authlib: when the code was made, unless one thinks of it; so every single sign-on looks fresh."""
    signed_in = clock.now() - timedelta(hours=2)
    newcomer.signs_in(now=signed_in)
    assert said(newcomer.tokens()["id_token"])["auth_time"] == int(signed_in.timestamp())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nonce", "n"),
        ("prompt", "login"),
        ("max_age", "3600"),
        ("acr_values", "urn:yinxin:loa:2"),
        ("claims", "{}"),
        ("response_mode", "query"),
        ("login_hint", "somebody"),
    ],
)
def test_13_a_parameter_that_comes_twice_is_refused(party: Party, name: str, value: str) -> None:
    """Authlib: seven of them are counted, of the others the first one is taken."""
    asked = [*party.asked(**{name: None}).items(), (name, value), (name, value)]
    assert party.ask(urlencode(asked)).get("error") == "invalid_request"


@pytest.mark.parametrize(
    ("alg", "changes"),
    [
        ("none", {}),
        ("ES256", {"iss": "wallet"}),
        ("ES256", {"aud": "https://elsewhere.example"}),
        ("ES256", {"exp": None}),
    ],
    ids=str,
)
def test_14_a_request_object_is_signed_by_its_client_for_us_and_for_now(
    party: Party, alg: str, changes: dict[str, Any]
) -> None:
    """Authlib: unsigned ones are taken, of anybody, for anybody, for ever."""
    assert party.hands_in(alg, **changes) == "invalid_request_object"


# -- how it is answered


def test_15_a_posted_answer_arrives_as_it_was_said(party: Party) -> None:
    """Authlib: values are written as in an address: a space arrives as %20."""
    assert 'name="state" value="a &#34;&lt;b&gt; c"' in party.posted_form(state='a "<b> c')


def test_15_a_posted_answer_needs_no_script_in_its_page(party: Party) -> None:
    """Authlib: it does, so a Content-Security-Policy that forbids such scripts stops it."""
    assert "onload" not in party.posted_form()


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"response_type": "code id_token"}, "fragment"),
        ({"response_mode": "fragment"}, "fragment"),
        ({"response_type": "bogus"}, "query"),
    ],
    ids=str,
)
def test_16_who_answers_is_said_in_the_same_part_as_the_rest(party: Party, changes: dict[str, str], part: str) -> None:
    """Authlib: `iss` stands in the query always, in some errors nowhere; the code flow knows no `response_mode`."""
    answer = party.answer(**changes)
    assert (answer.part, answer.get("iss")) == (part, party.issuer)


def test_17_an_unknown_hint_at_revocation_is_passed_over(party: Party) -> None:
    """Authlib: 401, and the token lives on (RFC 7009 2.1 says to look on)."""
    form = {"token": party.tokens()["refresh_token"], "token_type_hint": "unknown"}
    assert party.token(form, path="/oidc/revoke").status_code == 200
    assert party.refresh(form["token"]).status_code == 400


# -- who asks


def test_18_no_secret_for_who_cannot_keep_one(party: Party) -> None:
    """Authlib: each registration is answered with one."""
    given = party.registers(redirect_uris=[CALLBACK], token_endpoint_auth_method="none")
    assert "client_secret" not in body(given)


def test_18_no_address_without_tls_is_registered(party: Party) -> None:
    """Authlib: only the form of an address is looked at."""
    assert party.registers(redirect_uris=[CALLBACK.replace("https:", "http:")]).status_code == 400


def test_19_a_wrong_secret_and_an_unknown_client_look_alike(party: Party) -> None:
    """Authlib: the description tells them apart, so clients can be found out."""
    known = party.token({"grant_type": "client_credentials"}, headers=party.basic(secret="w" * 40))
    unknown = party.token({"grant_type": "client_credentials"}, headers=party.basic("nobody"))
    assert seen(known) == seen(unknown)


def test_20_a_proxy_in_front_that_speaks_tls_is_no_fault(party: Party) -> None:
    """Authlib: each endpoint fails with 500, until a switch is set that gives up TLS altogether."""
    form = {"grant_type": "client_credentials"}
    answer = party.program.post("/oidc/token", base_url="http://10.0.0.7:8000", data=form, headers=party.basic())
    assert answer.status_code == 200


def test_21_a_missing_address_is_not_filled_in(party: Party) -> None:
    """Authlib: with the first that is registered, though OpenID Connect demands one."""
    answer = party.answer(redirect_uri=None)
    assert (answer.part, dict(answer)) == ("page", {})


def test_21_tokens_in_an_address_are_a_thing_of_the_past(party: Party) -> None:
    """Authlib: the implicit flow ships beside the safe ones."""
    assert party.without_secret().answer(response_type="token").get("error") == "unsupported_response_type"


def test_21_no_service_asks_for_a_password(party: Party) -> None:
    """Authlib: the password grant ships beside the safe ones."""
    form = {"grant_type": "password", "username": "a", "password": "password"}
    assert body(party.token(form)).get("error") == "unsupported_grant_type"


def at_once(call: Callable[[], TestResponse]) -> list[TestResponse]:
    """The answers to the same request, sent many times at the same moment."""
    gate = Barrier(AT_ONCE)

    def one(_: int) -> TestResponse:
        gate.wait()
        return call()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(one, range(AT_ONCE)))


def statuses(answers: list[TestResponse]) -> list[int]:
    return [answer.status_code for answer in answers]


def body(answer: TestResponse) -> dict[str, Any]:
    return dict(answer.json or {})


def seen(answer: TestResponse) -> tuple[int, bytes, dict[str, str]]:
    """All that whoever tries clients out can tell answers apart by."""
    headers = {name: value for name, value in answer.headers if name not in {"X-Request-Id", "Date"}}
    return answer.status_code, answer.data, headers


def said(token: str) -> dict[str, Any]:
    return dict(json.loads(extract_compact(token.encode()).payload))


def kid(token: str) -> str:
    return str(extract_compact(token.encode()).headers()["kid"])
