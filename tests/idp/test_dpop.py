"""Proofs of possession at the token endpoint and at resources (RFC 9449; FAPI 2.0 Security Profile 5.3.2.1)."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from werkzeug.test import TestResponse

from hub import clock, dpop, nonces
from hub.house import House
from idp.model.client import ClientAuth, GrantType
from idp.model.registration import Registration
from tests.idp.rp import CALLBACK, BoundVisit, Visit, Visits, b64, department, fapi, public, signed

ASK = {"grant_type": "client_credentials"}
STRANGER = ECKey.generate_key("P-256")
RSA = RSAKey.generate_key(2048)
ED = OKPKey.generate_key("Ed25519")


@pytest.fixture(scope="module")
def party(provider: tuple[House, Flask]) -> BoundVisit:
    visit = BoundVisit(*provider, fapi())
    visit.signs_in()
    return visit


@pytest.fixture(scope="module")
def plain(provider: tuple[House, Flask]) -> BoundVisit:
    """A client of the standard policy that brings proofs because it wants to."""
    visit = BoundVisit(*provider, department(id="willing", auth=ClientAuth.secret_basic))
    visit.signs_in()
    return visit


def said(answer: Any) -> tuple[int, str]:
    return answer.status_code, (answer.json or {}).get("error", "")


# -- the token endpoint


def test_tokens_of_fapi2_are_always_bound(party: BoundVisit) -> None:
    """FAPI 2.0 Security Profile 5.3.2.1, ASVS 10.4.14."""
    answer = party.token(ASK)
    assert answer.status_code == 200, answer.text
    given = answer.json or {}
    assert given["token_type"] == "DPoP"
    assert party.claims(given["access_token"])["cnf"] == {"jkt": party.jkt}
    bare = party.program.post("/oidc/token", data=party.proved(ASK))
    assert said(bare) == (400, "invalid_dpop_proof")


def test_a_code_and_a_renewal_of_fapi2_give_bound_tokens(party: BoundVisit) -> None:
    given = party.tokens(scope="openid offline_access")
    assert given["token_type"] == "DPoP"
    renewed = party.refresh(given["refresh_token"]).json or {}
    assert party.claims(renewed["access_token"])["cnf"] == {"jkt": party.jkt}
    assert renewed["refresh_token"] == given["refresh_token"]  # FAPI 2.0 Security Profile 5.3.2.1: no rotation


def test_a_client_that_proves_itself_may_take_a_new_key_but_not_none(party: BoundVisit) -> None:
    """RFC 9449 5: its refresh tokens are bound to the client."""
    given = party.tokens(scope="openid offline_access")
    other = ECKey.generate_key("P-256")
    form = party.proved({"grant_type": "refresh_token", "refresh_token": given["refresh_token"]})
    renewed = party.program.post("/oidc/token", data=form, headers={"DPoP": party.proof(key=other)}).json or {}
    assert party.claims(renewed["access_token"])["cnf"] == {"jkt": other.thumbprint()}
    form = party.proved({"grant_type": "refresh_token", "refresh_token": given["refresh_token"]})
    assert said(party.program.post("/oidc/token", data=form)) == (400, "invalid_dpop_proof")


def test_a_service_that_binds_by_choice_stays_bound(plain: BoundVisit) -> None:
    plain.agrees()
    code = plain.code(scope="openid offline_access")
    proof = {"DPoP": plain.proof()}
    given = Visit.redeem(plain, code, headers=plain.basic() | proof).json or {}
    assert given["token_type"] == "DPoP"
    form = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    assert said(plain.program.post("/oidc/token", data=form, headers=plain.basic())) == (400, "invalid_grant")


def test_a_public_program_renews_with_its_own_key_only(provider: tuple[House, Flask]) -> None:
    """RFC 9449 5: the refresh token of a client without a secret is bound to its key."""
    visit = BoundVisit(*provider, public(id="bound-program"))
    visit.signs_in()
    code = visit.code(scope="openid offline_access")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "client_id": visit.client.id}
    form |= {"code_verifier": visit.verifier}
    given = visit.program.post("/oidc/token", data=form, headers={"DPoP": visit.proof()}).json or {}
    again = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"], "client_id": visit.client.id}
    for headers in ({}, {"DPoP": visit.proof(key=STRANGER)}):
        assert said(visit.program.post("/oidc/token", data=again, headers=headers)) == (400, "invalid_grant")
    assert visit.program.post("/oidc/token", data=again, headers={"DPoP": visit.proof()}).status_code == 200


FORGED: dict[str, dict[str, Any]] = {
    "another method": {"htm": "GET"},
    "method in small letters": {"htm": "post"},
    "no method": {"htm": None},
    "another address": {"htu": "http://localhost:8000/oidc/par"},
    "another host": {"htu": "http://elsewhere.example/oidc/token"},
    "another port": {"htu": "http://localhost:8001/oidc/token"},
    "a user in the address": {"htu": "http://x@localhost:8000/oidc/token"},
    "an address with a broken port": {"htu": "http://localhost:port/oidc/token"},
    "an address that is none": {"htu": 7},
    "no address": {"htu": None},
    "no jti": {"jti": None},
    "an empty jti": {"jti": ""},
    "a number as jti": {"jti": 7},
    "a long jti": {"jti": "x" * 257},
    "no iat": {"iat": None},
    "iat is text": {"iat": "now"},
    "iat is true": {"iat": True},
    "another type": {"header": {"typ": "JWT"}},
    "no type": {"header": {"typ": None}},
    "no key": {"header": {"jwk": None}},
    "a key that is text": {"header": {"jwk": "x"}},
    "the private key": {"header": {"jwk": dict(STRANGER.as_dict(private=True))}, "key": STRANGER},
    "another key in the header": {"header": {"jwk": dict(STRANGER.as_dict(private=False))}},
    "a secret as key": {"header": {"jwk": {"kty": "oct", "k": "AAAA"}}},
    "half a key": {"header": {"jwk": {"kty": "EC", "crv": "P-256", "x": "AA"}}},
    "a point beside the curve": {"header": {"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}},
    "demands understanding": {"header": {"crit": ["exp"], "exp": 1}},
}


@pytest.mark.parametrize("forgery", FORGED)
def test_no_forged_proof_passes(plain: BoundVisit, forgery: str) -> None:
    """RFC 9449 4.3, one by one."""
    answer = plain.program.post(
        "/oidc/token", data=ASK, headers=plain.basic() | {"DPoP": plain.proof(**FORGED[forgery])}
    )
    assert said(answer) == (400, "invalid_dpop_proof")


@pytest.mark.parametrize(("seconds", "status"), [(0, 200), (-50, 200), (10, 200), (-70, 400), (60, 400), (3600, 400)])
def test_a_proof_is_of_now(plain: BoundVisit, seconds: int, status: int) -> None:
    plain.nonce = ""
    proof = plain.proof(iat=int(clock.now().timestamp()) + seconds)
    assert plain.program.post("/oidc/token", data=ASK, headers=plain.basic() | {"DPoP": proof}).status_code == status


@pytest.mark.parametrize("htu", ["HTTP://LOCALHOST:8000/oidc/token", "http://localhost:8000/oidc/token?a=b#c"])
def test_addresses_are_compared_in_their_normal_form(plain: BoundVisit, htu: str) -> None:
    """RFC 9449 4.3 (9), RFC 3986 6.2.2 and 6.2.3."""
    headers = plain.basic() | {"DPoP": plain.proof(htu=htu)}
    assert plain.program.post("/oidc/token", data=ASK, headers=headers).status_code == 200


def test_the_name_by_which_a_proxy_calls_us_does_not_count(plain: BoundVisit) -> None:
    headers = plain.basic() | {"DPoP": plain.proof(), "Host": "inner:8080", "X-Forwarded-Host": "elsewhere.example"}
    assert plain.program.post("/oidc/token", data=ASK, headers=headers).status_code == 200


def test_there_is_one_proof(plain: BoundVisit) -> None:
    pair = [("DPoP", plain.proof()), ("DPoP", plain.proof()), *plain.basic().items()]
    assert said(plain.program.post("/oidc/token", data=ASK, headers=pair)) == (400, "invalid_dpop_proof")
    joined = plain.basic() | {"DPoP": f"{plain.proof()}, {plain.proof()}"}
    assert said(plain.program.post("/oidc/token", data=ASK, headers=joined)) == (400, "invalid_dpop_proof")


@pytest.mark.parametrize("key", [RSA, ED], ids=["PS256", "EdDSA"])
def test_every_strong_algorithm_is_taken(party: BoundVisit, key: RSAKey | OKPKey) -> None:
    party.token(ASK)  # brings the nonce
    headers = {"DPoP": party.proof(key=key)}
    assert party.program.post("/oidc/token", data=party.proved(ASK), headers=headers).status_code == 200


def test_an_edwards_key_may_sign_under_its_newer_name(party: BoundVisit) -> None:
    """RFC 9864 2.2; newer libraries say Ed25519."""
    party.token(ASK)
    headers = {"DPoP": party.proof(key=ED, header={"alg": "Ed25519"})}
    assert party.program.post("/oidc/token", data=party.proved(ASK), headers=headers).status_code == 200


def test_weak_algorithms_are_refused(party: BoundVisit, plain: BoundVisit) -> None:
    """FAPI 2.0 Security Profile 5.4.1; RFC 8725 3.1."""
    weak: dict[str, Any] = {"header": {"alg": "RS256"}, "key": RSA}
    answer = party.program.post("/oidc/token", data=party.proved(ASK), headers={"DPoP": party.proof(**weak)})
    assert said(answer) == (400, "invalid_dpop_proof")
    none = ".".join([b64(json.dumps({"typ": "dpop+jwt", "alg": "none"}).encode()), b64(b"{}"), ""])
    secret = signed(
        {"typ": "dpop+jwt", "alg": "HS256", "jwk": {"kty": "oct", "k": "AAAA"}}, {}, OctKey.generate_key(256)
    )
    for proof in (none, secret, plain.proof(**weak)):
        answer = plain.program.post("/oidc/token", data=ASK, headers=plain.basic() | {"DPoP": proof})
        assert said(answer) == (400, "invalid_dpop_proof")


def test_a_proof_works_once(plain: BoundVisit) -> None:
    headers = plain.basic() | {"DPoP": plain.proof()}
    assert plain.program.post("/oidc/token", data=ASK, headers=headers).status_code == 200
    assert said(plain.program.post("/oidc/token", data=ASK, headers=headers)) == (400, "invalid_dpop_proof")


def test_of_fifty_uses_of_one_proof_at_once_one_succeeds(plain: BoundVisit) -> None:
    headers = plain.basic() | {"DPoP": plain.proof()}

    def use(_: int) -> int:
        return plain.app.test_client().post("/oidc/token", data=ASK, headers=headers).status_code

    with ThreadPoolExecutor(8) as many:
        assert sorted(many.map(use, range(50))) == [200] + [400] * 49


# -- nonces


def test_the_first_call_is_told_a_nonce_and_the_second_passes(provider: tuple[House, Flask]) -> None:
    """RFC 9449 8; FAPI2SPFinal modules retry once with the nonce and a fresh assertion."""
    visit = BoundVisit(*provider, fapi(id="fapi-nonce"))
    first = visit.program.post("/oidc/token", data=visit.proved(ASK), headers={"DPoP": visit.proof()})
    assert said(first) == (400, "use_dpop_nonce")
    visit.nonce = first.headers["DPoP-Nonce"]
    second = visit.program.post("/oidc/token", data=visit.proved(ASK), headers={"DPoP": visit.proof()})
    assert second.status_code == 200
    assert second.headers["DPoP-Nonce"]  # so that nobody is turned away who comes regularly (RFC 9449 8.2)


def test_a_nonce_of_ours_is_good_while_slots_change_and_then_over(party: BoundVisit) -> None:
    given = party.token(ASK)
    assert given.status_code == 200
    for seconds, expected in ((60, 200), (120, 200), (400, 400)):
        with clock.shifted(seconds):
            answer = party.program.post("/oidc/token", data=party.proved(ASK), headers={"DPoP": party.proof()})
            assert answer.status_code == expected, seconds
    assert said(answer) == (400, "use_dpop_nonce")


def test_a_made_up_nonce_is_refused_of_everybody(plain: BoundVisit) -> None:
    for made_up in ("x", "", "ü" * 9, "1" * 5000):
        headers = plain.basic() | {"DPoP": plain.proof(nonce=made_up)}
        answer = plain.program.post("/oidc/token", data=ASK, headers=headers)
        assert answer.status_code == 400


def test_with_a_nonce_the_clock_of_the_client_does_not_matter(plain: BoundVisit) -> None:
    """RFC 9449 11.1: the nonce says that the proof is young; and it is remembered as long as that nonce is good."""
    nonce = nonces.current(plain.house, clock.now().timestamp())
    headers = plain.basic() | {"DPoP": plain.proof(nonce=nonce, iat=1)}
    assert plain.program.post("/oidc/token", data=ASK, headers=headers).status_code == 200
    with clock.shifted(100):
        assert said(plain.program.post("/oidc/token", data=ASK, headers=headers)) == (400, "invalid_dpop_proof")
    assert nonces.SLOT * (len(nonces.TAKEN)) <= dpop.NONCE_LIFE


# -- the code


def test_a_code_is_bound_to_the_key_of_the_pushed_request(party: BoundVisit) -> None:
    """RFC 9449 10; FAPI2SPFinalEnsureTokenEndpointFailsWithMismatchedDpopJkt."""
    code = party.code(dpop_jkt=STRANGER.thumbprint())
    assert said(party.redeem(code)) == (400, "invalid_grant")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": party.verifier}
    headers = {"DPoP": party.proof(key=STRANGER)}
    assert party.program.post("/oidc/token", data=party.proved(form), headers=headers).status_code == 200


def test_a_proof_at_the_pushed_request_binds_the_code(party: BoundVisit) -> None:
    """RFC 9449 10.1."""
    pushed = party.push(headers={"DPoP": party.proof("/oidc/par", key=STRANGER)})
    assert pushed.headers["DPoP-Nonce"]
    named = (pushed.json or {})["request_uri"]
    answer = party.browser.get("/oidc/authorize", query_string={"client_id": party.client.id, "request_uri": named})
    assert said(party.redeem(party.answered(answer)["code"])) == (400, "invalid_grant")
    both = party.push(headers={"DPoP": party.proof("/oidc/par")}, dpop_jkt=STRANGER.thumbprint())
    assert said(both) == (400, "invalid_dpop_proof")
    assert said(party.push(dpop_jkt="short")) == (400, "invalid_request")


def test_a_failed_proof_does_not_use_up_the_code(party: BoundVisit) -> None:
    code = party.code()
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": party.verifier}
    party.program.post("/oidc/token", data=party.proved(form), headers={"DPoP": "x"})
    assert party.redeem(code).status_code == 200


# -- resources


def test_a_bound_token_needs_its_key(party: BoundVisit) -> None:
    """RFC 9449 7.1; ASVS 10.3.5: as a bearer token, with another key or without a proof it is worth nothing."""
    token = party.tokens()["access_token"]
    assert party.userinfo(token).status_code == 200
    headers = {"Authorization": f"Bearer {token}"}
    refusals = [
        party.program.get("/oidc/userinfo", headers=headers),
        party.program.get(
            "/oidc/userinfo", headers=headers | {"DPoP": party.proof("/oidc/userinfo", "GET", token=token)}
        ),
        party.program.get("/oidc/userinfo", headers={"Authorization": f"DPoP {token}"}),
        party.program.post("/oidc/userinfo", data={"access_token": token}),
        party.shown(token, key=STRANGER),
        party.shown(token, ath=None),
        party.shown(token, ath=b64(b"x" * 32)),
        party.shown(token, htm="POST"),
        party.shown(token, htu="http://localhost:8000/oidc/token"),
    ]
    assert [one.status_code for one in refusals] == [401] * len(refusals)
    assert all("DPoP" in one.headers["WWW-Authenticate"] for one in refusals)
    assert 'algs="ES256 EdDSA PS256"' in refusals[0].headers["WWW-Authenticate"]
    assert party.userinfo(token).status_code == 200  # none of it did the token any harm


def test_the_scheme_is_compared_without_case(party: BoundVisit) -> None:
    """RFC 9110 11.1; FAPI2SPFinalAccessTokenTypeHeaderCaseSensitivity."""
    token = party.tokens()["access_token"]
    for scheme in ("dpop", "DPOP"):
        headers = {"Authorization": f"{scheme} {token}", "DPoP": party.proof("/oidc/userinfo", "GET", token=token)}
        assert party.program.get("/oidc/userinfo", headers=headers).status_code == 200


def test_a_proof_works_once_at_a_resource_too(party: BoundVisit) -> None:
    token = party.tokens()["access_token"]
    proof = party.proof("/oidc/userinfo", "GET", token=token)
    headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
    answers = [party.program.get("/oidc/userinfo", headers=headers) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 401]
    assert 'error="invalid_dpop_proof"' in answers[1].headers["WWW-Authenticate"]
    assert answers[1].headers["DPoP-Nonce"]


def test_unknown_members_of_a_proof_are_passed_over(party: BoundVisit) -> None:
    """RFC 9449 4.2 allows more; FAPI2SPFinalDpopNegativeTests sends some, FAPI2SPFinalCheckDpopProofNbfExp nbf and exp."""
    token, moment = party.tokens()["access_token"], int(clock.now().timestamp())
    assert party.shown(token, header={"more": 1}, more=2, nbf=moment, exp=moment + 300).status_code == 200


def test_a_bearer_token_is_none_of_the_other_kind(plain: BoundVisit) -> None:
    token = (plain.program.post("/oidc/token", data=ASK, headers=plain.basic()).json or {})["access_token"]
    assert plain.shown(token, "/api/test-resource").status_code == 401
    bearer = plain.program.get("/api/test-resource", headers={"Authorization": f"Bearer {token}"})
    assert (bearer.status_code, (bearer.json or {})["bound"]) == (200, [])


def test_a_token_in_the_address_is_not_seen(party: BoundVisit, plain: BoundVisit) -> None:
    """RFC 6750 2.3, ASVS 10.3.2: addresses are logged."""
    token = (plain.program.post("/oidc/token", data=ASK, headers=plain.basic()).json or {})["access_token"]
    for path in ("/oidc/userinfo", "/api/test-resource", "/oidc/consent-receipt"):
        assert plain.program.get(path, query_string={"access_token": token}).status_code == 401


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_test_resource_takes_bound_tokens_and_repeats_the_number_of_the_call(
    party: BoundVisit, method: str
) -> None:
    token = party.tokens()["access_token"]
    answer = party.shown(token, "/api/test-resource", method=method)
    assert (answer.status_code, (answer.json or {})["bound"]) == (200, ["jkt"])
    assert len(answer.headers["x-fapi-interaction-id"]) == 36
    headers = {"x-fapi-interaction-id": "C770AEF3-6784-41F7-8E0E-FF5F97BDDB3A"}
    assert (
        party.program.get("/api/test-resource", headers=headers).headers["x-fapi-interaction-id"]
        == headers["x-fapi-interaction-id"]
    )
    odd = party.program.get("/api/test-resource", headers={"x-fapi-interaction-id": "x"})
    assert odd.headers["x-fapi-interaction-id"] != "x"


def test_a_resource_of_ours_demands_a_level_and_a_recent_sign_in(visits: Visits) -> None:
    """RFC 9470 3, 4: the challenge names what is needed; a token that has it is let in."""
    visit = visits(department(id="steps-up"))
    visit.signs_in(level=2)
    bearer = {"Authorization": f"Bearer {visit.tokens()['access_token']}"}

    def called(asked: dict[str, str]) -> TestResponse:
        return visit.program.get("/api/test-resource", query_string=asked, headers=bearer)

    weak = called({"acr_values": "urn:yinxin:loa:3"})
    assert weak.status_code == 401
    told = weak.headers["WWW-Authenticate"]
    assert 'error="insufficient_user_authentication"' in told
    assert 'acr_values="urn:yinxin:loa:3 urn:yinxin:loa:4"' in told
    for asked in ({"acr_values": "urn:yinxin:loa:1"}, {"max_age": "60"}, {"acr_values": 'x"', "max_age": "²"}):
        assert called(asked).status_code == 200, asked
    with clock.shifted(seconds=100):
        old = called({"max_age": "60"})
    assert (old.status_code, 'max_age="60"' in old.headers["WWW-Authenticate"]) == (401, True)
    own = {"Authorization": f"Bearer {(visit.token(ASK).json or {})['access_token']}"}
    assert visit.program.get("/api/test-resource?acr_values=urn:yinxin:loa:1", headers=own).status_code == 401


def test_introspection_says_how_a_token_is_bound(party: BoundVisit) -> None:
    token = (party.token(ASK).json or {})["access_token"]
    told = party.program.post("/oidc/introspect", data=party.proved({"token": token})).json or {}
    assert (told["token_type"], told["cnf"]) == ("DPoP", {"jkt": party.jkt})


# -- whatever comes


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=300))
def test_no_header_breaks_the_check(plain: BoundVisit, header: str) -> None:
    answer = plain.program.post("/oidc/token", data=ASK, headers=plain.basic() | {"DPoP": header})
    assert answer.status_code in (200, 400)


MEMBER = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["typ", "alg", "jwk", "kid", "crit", "b64"]), MEMBER),
    st.dictionaries(st.sampled_from(["jti", "htm", "htu", "iat", "nonce", "ath", "exp"]), MEMBER),
)
def test_no_proof_of_any_form_breaks_the_check(header: dict[str, Any], claims: dict[str, Any]) -> None:
    good: dict[str, Any] = {"typ": "dpop+jwt", "alg": "ES256", "jwk": STRANGER.as_dict(private=False)}
    parts = [b64(json.dumps(good | header).encode()), b64(json.dumps(claims).encode()), b64(b"s" * 64)]
    try:
        proof = signed(good, claims, STRANGER) if not header else ".".join(parts)
        dpop.check([proof], method="POST", urls=["https://id.example/x"], now=1e9)
    except dpop.ProofWrong:
        return
    raise AssertionError("something made up passed")


def test_a_registered_service_may_demand_proofs_of_itself(visits: Visits) -> None:
    """RFC 9449 5.2: dpop_bound_access_tokens."""
    said_so = Registration(dpop_bound_access_tokens=True)
    visit = visits(
        department(id="demanding", registered=said_so, grant_types=(GrantType.client_credentials,), redirect_uris=())
    )
    assert said(visit.token(ASK)) == (400, "invalid_dpop_proof")
