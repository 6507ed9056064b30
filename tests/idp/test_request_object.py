"""Signed requests, by value and by reference (RFC 9101, OpenID Connect Core 6)."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey
from werkzeug.test import TestResponse

from hub import clock
from hub.digest import digest_of
from idp.model.client import FAPI2, ClientWrong
from idp.model.registration import Registration
from tests.idp.rp import ASSERTION, CALLBACK, KEY, Visit, Visits, b64, with_key

OTHER = ECKey.generate_key("P-256", parameters={"kid": "rp-1"})
RSA = RSAKey.generate_key(2048, parameters={"kid": "rp-rsa"})
AT = "https://market.qiyun.example/requests/1"
SIGNS = with_key(id="qiyun-signs", registered=Registration(request_uris=(AT, f"{AT}#{'h' * 43}")))
FAPI = with_key(id="qiyun-signs-fapi", policy=FAPI2, keys=(dict(KEY.as_dict()), dict(RSA.as_dict(private=False))))


@pytest.fixture
def party(visits: Visits) -> Visit:
    visit = visits(SIGNS)
    visit.signs_in()
    return visit


@pytest.fixture
def strict(visits: Visits) -> Visit:
    visit = visits(FAPI)
    visit.signs_in()
    return visit


def signed(visit: Visit, /, *, key: Any = KEY, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A request object; a claim set to None is left out."""
    moment = int(clock.now().timestamp())
    about = {
        "iss": visit.client.id,
        "aud": visit.house.settings.issuer_url,
        "exp": moment + 300,
        "nbf": moment,
        "iat": moment,
    }
    claims = {name: value for name, value in (visit.asked() | about | changes).items() if value is not None}
    head = {"alg": "ES256", "kid": key.kid or "rp-1", "typ": "oauth-authz-req+jwt"} | (header or {})
    head = {name: value for name, value in head.items() if value is not None}
    return jws.serialize_compact(head, json.dumps(claims), key, algorithms=[head["alg"]])


def unsigned(visit: Visit, **changes: Any) -> str:
    return f"{b64(json.dumps({'alg': 'none'}).encode())}.{b64(json.dumps(visit.asked(**changes)).encode())}."


def ask(visit: Visit, request: str, **outside: str | None) -> TestResponse:
    plain = {"client_id": visit.client.id, "response_type": "code", "scope": "openid", "redirect_uri": CALLBACK}
    given = {name: value for name, value in (plain | {"request": request} | outside).items() if value is not None}
    return visit.browser.get(f"/oidc/authorize?{urlencode(given)}")


def push(visit: Visit, request: str, **outside: str) -> TestResponse:
    proof = {"client_assertion_type": ASSERTION, "client_assertion": visit.assertion()}
    return visit.token({"request": request} | proof | outside, headers={}, path="/oidc/par")


# -- what counts


def test_the_values_inside_count_and_those_outside_do_not(party: Visit) -> None:
    """RFC 9101 6.3; OpenID Connect Core 6.1."""
    request = signed(party, state="inside", nonce="inside")
    answer = party.answered(ask(party, request, state="outside", nonce="outside", prompt="bogus", max_age="x"))
    assert answer["state"] == "inside"
    tokens = party.token({"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": CALLBACK,
                          "code_verifier": party.verifier, "client_assertion_type": ASSERTION,
                          "client_assertion": party.assertion()}, headers={}).json or {}  # fmt: skip
    assert party.claims(tokens["id_token"])["nonce"] == "inside"


def test_the_address_inside_counts_even_if_another_stands_outside(party: Visit) -> None:
    """OpenID Connect Core 6.1; module oidcc-ensure-request-object-with-redirect-uri."""
    answer = party.answered(ask(party, signed(party), redirect_uri="https://evil.example/callback"))
    assert "code" in answer
    assert ask(party, signed(party, redirect_uri="https://evil.example/callback")).status_code == 400


def test_client_id_and_the_object_are_enough(party: Visit) -> None:
    """RFC 9101 5."""
    assert "code" in party.answered(ask(party, signed(party), response_type=None, scope=None, redirect_uri=None))


def test_numbers_and_objects_inside_mean_what_they_mean_outside(party: Visit) -> None:
    """RFC 9101 4: parameters keep their meaning; numbers and objects as JSON has them."""
    request = signed(party, max_age=0, claims={"id_token": {"acr": {"essential": True}}}, prompt="none")
    assert party.answered(ask(party, request))["error"] == "login_required"


def test_what_openid_connect_wants_repeated_outside_may_be_left_out_inside(party: Visit) -> None:
    assert "code" in party.answered(ask(party, signed(party, response_type=None, scope=None)))
    different = ask(party, signed(party), response_type="id_token")
    assert party.answered(different)["error"] == "invalid_request"


@pytest.mark.parametrize("typ", ["oauth-authz-req+jwt", "JWT", "application/oauth-authz-req+jwt", None])
def test_types_of_a_request_object(party: Visit, typ: str | None) -> None:
    assert "code" in party.answered(ask(party, signed(party, header={"typ": typ})))


# -- refusals


@pytest.mark.parametrize(
    ("header", "changes"),
    [
        ({"typ": "at+jwt"}, {}),
        ({"jku": "https://evil.example/keys"}, {}),
        ({"kid": "unknown"}, {}),
        ({}, {"iss": "wallet"}),
        ({}, {"aud": "https://elsewhere.example"}),
        ({}, {"aud": ["https://elsewhere.example"]}),
        ({}, {"aud": [f"https://{number}.example" for number in range(9)]}),
        ({}, {"exp": -300}),
        ({}, {"nbf": 120}),
        ({}, {"iat": 120}),
        ({}, {"exp": True}),
        ({}, {"exp": "soon"}),
        ({}, {"sub": "qiyun-signs"}),
        ({}, {"client_id": "wallet"}),
        ({}, {"request": "x.y.z"}),
        ({}, {"request_uri": AT}),
        ({}, {"scope": ["openid"]}),
        ({}, {"redirect_uri": {"a": 1}}),
        ({}, {"nonce": True}),
        ({}, {"nonce": "\ud800"}),
        ({}, {"state": "\udfff"}),
    ],
    ids=ascii,
)
def test_a_request_object_that_is_not_right_is_told_to_the_service(
    party: Visit, header: dict[str, Any], changes: dict[str, Any]
) -> None:
    """RFC 9101 4, 5, 6, 10.8; RFC 8725 3."""
    moment = int(clock.now().timestamp())
    times = ("exp", "nbf", "iat")
    changes = {n: moment + v if n in times and isinstance(v, int) and v is not True else v for n, v in changes.items()}
    answer = party.answered(ask(party, signed(party, header=header, **changes), state="outside"))
    assert answer["error"] == "invalid_request_object"
    assert answer["state"] == "outside"
    assert answer["iss"] == party.house.settings.issuer_url


def test_unsigned_objects_are_taken_of_nobody(party: Visit) -> None:
    """RFC 8725 3.2; RFC 9101 10.1."""
    assert party.answered(ask(party, unsigned(party)))["error"] == "invalid_request_object"
    with pytest.raises(ClientWrong):
        with_key(id="unsigned", registered=Registration(request_object_signing_alg="none")).checked()


def test_another_key_and_another_algorithm_than_registered_are_refused(party: Visit, visits: Visits) -> None:
    shared = OctKey.import_key(json.dumps(KEY.as_dict(private=False)))
    for key, alg in ((OTHER, "ES256"), (shared, "HS256")):
        forged = signed(party, key=key, header={"alg": alg, "kid": "rp-1"})
        assert party.answered(ask(party, forged))["error"] == "invalid_request_object"
    said = Registration(request_object_signing_alg="PS256")
    only = visits(with_key(id="only-ps256", registered=said), browser_of=party)
    assert only.answered(ask(only, signed(only)))["error"] == "invalid_request_object"


def test_an_altered_object_is_refused(party: Visit) -> None:
    head, body, signature = signed(party).split(".")
    altered = f"{head}.{b64(json.dumps(party.asked(scope='openid realname')).encode())}.{signature}"
    assert party.answered(ask(party, altered))["error"] == "invalid_request_object"
    assert party.answered(ask(party, f"{head}.{body}."))["error"] == "invalid_request_object"
    assert party.answered(ask(party, f"{head}.{body}.{signature}.x.y"))["error"] == "invalid_request_object"


def test_who_registered_that_he_signs_must_sign(visits: Visits) -> None:
    """RFC 9101 10.5."""
    visit = visits(with_key(id="signs", registered=Registration(require_signed_request_object=True)))
    visit.signs_in()
    assert visit.answer()["error"] == "invalid_request"
    assert "code" in visit.answered(ask(visit, signed(visit)))


def test_a_fault_is_a_page_where_no_address_of_the_client_stands_outside(party: Visit) -> None:
    for redirect_uri in (None, "https://evil.example/callback"):
        response = ask(party, unsigned(party), redirect_uri=redirect_uri)
        assert response.status_code == 400
        assert "Location" not in response.headers


# -- FAPI 2.0, where the object is pushed


@pytest.mark.parametrize(
    "changes",
    [{}, {"nbf": 8, "iat": 8}, {"nbf": -60, "exp": 3540}],
    ids=["plain", "a clock 8 s ahead", "in force for an hour"],
)
def test_a_pushed_object_is_taken(strict: Visit, changes: dict[str, Any]) -> None:
    moment = int(clock.now().timestamp())
    response = push(strict, signed(strict, **{name: moment + value for name, value in changes.items()}))
    assert response.status_code == 201, response.text
    query = urlencode({"client_id": strict.client.id, "request_uri": (response.json or {})["request_uri"]})
    assert "code" in strict.answered(strict.browser.get(f"/oidc/authorize?{query}"))


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, "iss"),
        ({}, "aud"),
        ({}, "exp"),
        ({}, "nbf"),
        ({"exp": -300}, ""),
        ({"nbf": 120, "iat": 120}, ""),
        ({"exp": 3700}, ""),
        ({"nbf": -4000, "exp": 300}, ""),
    ],
    ids=str,
)
def test_a_pushed_object_that_fapi_does_not_allow_is_refused(
    strict: Visit, changes: dict[str, int], missing: str
) -> None:
    """FAPI 2.0 Message Signing 5.3.1: iss, aud, exp and nbf; no longer than an hour from nbf to exp."""
    moment = int(clock.now().timestamp())
    given: dict[str, Any] = {name: moment + value for name, value in changes.items()}
    response = push(strict, signed(strict, **given | ({missing: None} if missing else {})))
    assert response.status_code == 400
    assert (response.json or {})["error"] == "invalid_request_object"


def test_an_audience_of_several_and_rs256_are_refused_by_fapi(strict: Visit) -> None:
    issuer = strict.house.settings.issuer_url
    for request in (
        signed(strict, aud=[issuer, "https://elsewhere.example"]),
        signed(strict, key=RSA, header={"alg": "RS256"}),
        unsigned(strict),
    ):
        assert (push(strict, request).json or {})["error"] == "invalid_request_object"
    assert push(strict, signed(strict, key=RSA, header={"alg": "PS256"})).status_code == 201


def test_beside_a_pushed_object_nothing_counts(strict: Visit) -> None:
    """RFC 9126 3: all parameters of the request stand in the object."""
    request = signed(strict, code_challenge=None, code_challenge_method=None)
    response = push(strict, request, code_challenge=strict.challenge, code_challenge_method="S256")
    assert (response.json or {})["error"] == "invalid_request"


# -- by reference


@pytest.fixture
def shelf(party: Visit) -> Iterator[dict[str, tuple[int, bytes]]]:
    """What lies at the addresses of the department, over HTTP in process."""
    site, lies = Flask("shelf"), dict[str, tuple[int, bytes]]()

    @site.get("/requests/<name>")
    def read(name: str) -> tuple[bytes, int]:
        status, body = lies.get(name, (404, b""))
        return body, status

    party.house.fetch.serve_here("https://market.qiyun.example", site)
    party.house.shared.forget(f"idp:request-uri-down:{digest_of(f'{party.client.id} {AT}')}")
    yield lies
    party.house.fetch._here.clear()


def test_an_object_is_read_where_the_client_registered_it(party: Visit, shelf: dict[str, tuple[int, bytes]]) -> None:
    """OpenID Connect Core 6.2; the fragment only tells caches apart, and nothing is cached."""
    for address in (AT, f"{AT}#{'h' * 43}"):
        shelf["1"] = (200, signed(party, state=address[-5:]).encode())
        answer = party.answered(ask(party, "", request_uri=address))
        assert answer["state"] == address[-5:]


@pytest.mark.parametrize(
    "address",
    [
        "https://market.qiyun.example/requests/2",
        AT + "?x=1",
        AT + "#other",
        AT.replace("https", "http"),
        "https://evil.example/requests/1",
        "https://169.254.169.254/latest",
        "file:///etc/passwd",
        "urn:something:else",
        "https://market.qiyun.example/" + "x" * 600,
    ],
)
def test_no_other_address_is_read(party: Visit, shelf: dict[str, tuple[int, bytes]], address: str) -> None:
    """RFC 9101 10.4: an exact list, or our server calls whom a stranger likes."""
    shelf["1"] = shelf["2"] = (200, signed(party).encode())
    assert party.answered(ask(party, "", request_uri=address))["error"] == "invalid_request_uri"


@pytest.mark.parametrize(
    ("lies", "error"),
    [
        ((404, b""), "invalid_request_uri"),
        ((302, b""), "invalid_request_uri"),
        ((200, b"x" * 100_000), "invalid_request_uri"),
        ((200, b""), "invalid_request_object"),
        ((200, b"<html>"), "invalid_request_object"),
        ((200, b"\xff.\xff.\xff"), "invalid_request_object"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_cannot_be_read_is_told(
    party: Visit, shelf: dict[str, tuple[int, bytes]], lies: tuple[int, bytes], error: str
) -> None:
    shelf["1"] = lies
    assert party.answered(ask(party, "", request_uri=AT))["error"] == error


def test_nobody_else_waits_for_an_address_that_is_down(party: Visit, shelf: dict[str, tuple[int, bytes]]) -> None:
    """One slow department must not hold the workers that everybody needs."""
    shelf["1"] = (200, b"x" * 100_000)
    assert party.answered(ask(party, "", request_uri=AT))["error"] == "invalid_request_uri"
    shelf["1"] = (200, signed(party).encode())
    assert party.answered(ask(party, "", request_uri=AT))["error"] == "invalid_request_uri"
    party.house.shared.forget(
        f"idp:request-uri-down:{digest_of(f'{party.client.id} {AT}')}"
    )  # a quarter of a minute later
    assert "code" in party.answered(ask(party, "", request_uri=AT))


def test_one_object_is_enough(party: Visit) -> None:
    assert party.answered(ask(party, signed(party), request_uri=AT))["error"] == "invalid_request"


# -- whatever comes


NAME = st.text(max_size=12).filter(lambda name: name not in {"key", "header"})  # what `signed` itself is told by


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(max_size=80), st.dictionaries(NAME, st.integers() | st.text(max_size=12), max_size=4)))
def test_no_request_object_is_a_fault_of_ours(party: Visit, value: str | dict[str, Any]) -> None:
    request = value if isinstance(value, str) else signed(party, **value)
    assert ask(party, request).status_code in {303, 400}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["scope", "state", "max_age", "claims", "aud", "iss", "exp", "nbf", "resource"]), JSON
    )
)
def test_no_signed_value_is_a_fault_of_ours(party: Visit, changes: dict[str, Any]) -> None:
    assert ask(party, signed(party, **changes)).status_code in {303, 400}
