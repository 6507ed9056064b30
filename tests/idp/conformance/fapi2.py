"""The modules of the plan FAPI 2.0 Security Profile (Final): private_key_jwt, DPoP, unsigned pushed requests, OpenID Connect."""

import html
import json
import re
from urllib.parse import urlencode

from joserfc.jwk import ECKey

from hub import clock
from hub.digest import digest_of
from tests.idp.conformance.fapi import Fapi, played
from tests.idp.conformance.suite import RESOURCE, Op, refused
from tests.idp.rp import CALLBACK

STRONG = {"PS256", "ES256", "EdDSA", "Ed25519"}


@played("discovery-end-point-verification")
def discovery(op: Op) -> None:
    about = op.about
    assert STRONG & set(about["dpop_signing_alg_values_supported"])
    assert not {"none", "RS256"} & set(about["dpop_signing_alg_values_supported"])
    assert STRONG & set(about["id_token_signing_alg_values_supported"])
    assert STRONG & set(about["token_endpoint_auth_signing_alg_values_supported"])
    assert "private_key_jwt" in about["token_endpoint_auth_methods_supported"]
    assert about["authorization_response_iss_parameter_supported"] is True
    assert about["pushed_authorization_request_endpoint"].startswith(about["issuer"])
    assert isinstance(about.get("require_pushed_authorization_requests", False), bool)
    assert "S256" in about["code_challenge_methods_supported"]
    assert "code" in about["response_types_supported"]
    other = op.at.program.get("/.well-known/oauth-authorization-server")
    assert (other.json or {})["issuer"] == about["issuer"]  # RFC 8414 3.3


@played("happy-flow")
def happy_flow(op: Op) -> None:
    """Two clients, each with and without a proof and `dpop_jkt` at the first endpoint; the resource for any Accept header."""
    first = Fapi(op)
    tokens = first.tokens(dpop_jkt=first.jkt)
    first.works(tokens["access_token"])
    assert op.at.program.get(f"{RESOURCE}?access_token={tokens['access_token']}").status_code in (400, 401)
    second = first.second()
    second.works(second.tokens()["access_token"])


@played("user-rejects-authentication")
def user_rejects(op: Op) -> None:
    """The page of docs/automation.md has one button for it; the client is told access_denied."""
    fapi = Fapi(op, agrees=False)
    page = fapi.authorize(fapi.request_uri())
    shown = fapi.visit.browser.get(page.location)
    while shown.status_code == 303:
        page, shown = shown, fapi.visit.browser.get(shown.location)
    assert 'id="cancel"' in shown.text
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', shown.text))
    done = fapi.visit.browser.post(html.unescape(page.location), data=hidden | {"decision": "refuse"})
    answer = fapi.visit.answered(done)
    assert answer["error"] == "access_denied"
    assert (answer["state"], answer["iss"]) == ("state-1", op.about["issuer"])
    assert set(answer) <= {"error", "error_description", "state", "iss"}


@played("ensure-authorization-request-without-state-success")
def without_state(op: Op) -> None:
    fapi = Fapi(op)
    answer = fapi.answer(state=None)
    assert "state" not in answer
    assert "s_hash" not in op.tokens(fapi.visit, fapi.redeem(answer["code"]))["claims"]


@played("ensure-authorization-request-without-nonce-success")
def without_nonce(op: Op) -> None:
    assert "nonce" not in Fapi(op).tokens(nonce=None)["claims"]


@played(
    "ensure-authorization-request-with-64-char-nonce-success",
    "ensure-authorization-request-with-long-nonce",
    "ensure-authorization-request-with-long-state",
)
def long_values(op: Op) -> None:
    fapi = Fapi(op)
    for length in (64, 384):
        assert fapi.tokens(nonce="n" * length)["claims"]["nonce"] == "n" * length
    fapi.tokens(state="s" * 384)


@played("ensure-other-scope-order-succeeds")
def other_scope_order(op: Op) -> None:
    fapi = Fapi(op)
    for scope in ("openid profile", "profile openid"):
        fapi.tokens(scope=scope)


@played("test-claims-parameter-identity-claims")
def identity_claims(op: Op) -> None:
    """Each standard claim that is advertised comes when it is asked for, in the ID token or in userinfo."""
    standard = {"name", "given_name", "family_name", "birthdate", "gender", "email", "phone_number", "address"}
    wanted = sorted(standard & set(op.about["claims_supported"]))
    assert wanted
    fapi = Fapi(op)
    asked = {"userinfo": dict.fromkeys(wanted), "id_token": {name: {"essential": True} for name in wanted}}
    asked["elsewhere"] = {"name": None}
    tokens = fapi.tokens(scope="openid", claims=json.dumps(asked))
    told = tokens["claims"] | (fapi.resource(tokens["access_token"]).json or {})
    assert not [name for name in wanted if name not in told]
    known = {"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", *wanted}
    assert not tokens["claims"].keys() - known  # the suite warns of others


@played("access-token-type-header-case-sensitivity")
def scheme_in_any_case(op: Op) -> None:
    fapi = Fapi(op)
    token = fapi.tokens()["access_token"]
    for scheme in ("DPoP", "dpop", "DPOP", "dPoP"):
        fapi.works(token, scheme=scheme)


@played(
    "check-dpop-proof-nbf-exp",
    "ensure-dpopproof-with-iat-10seconds-before-succeeds",
    "ensure-dpopproof-with-iat-10seconds-after-succeeds",
)
def times_of_proofs(op: Op) -> None:
    """Ten seconds either way, and the claims nbf and exp, are fine at each endpoint."""
    now = int(clock.now().timestamp())
    for times in ({"nbf": now, "exp": now + 300}, {"iat": now - 10}, {"iat": now + 10}):
        fapi = Fapi(op)
        code = fapi.answer(proof=times)["code"]
        tokens = op.tokens(fapi.visit, fapi.redeem(code, proof=times))
        fapi.works(tokens["access_token"], **times)


@played("ensure-mismatched-dpop-jkt-fails")
def jkt_of_another_key(op: Op) -> None:
    fapi = Fapi(op)
    other = ECKey.generate_key("P-256").thumbprint()
    refused(fapi.push(proof={}, dpop_jkt=other), "invalid_request", "invalid_dpop_proof", status=(400,))


@played(
    "ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt", "ensure-token-endpoint-fails-with-mismatched-dpop-jkt"
)
def code_of_another_key(op: Op) -> None:
    errors = ("invalid_request", "invalid_grant", "invalid_dpop_proof")
    other = {"key": ECKey.generate_key("P-256")}
    fapi = Fapi(op)
    refused(fapi.redeem(fapi.answer(proof={})["code"], proof=other), *errors, status=(400,))
    refused(fapi.redeem(fapi.answer(dpop_jkt=fapi.jkt)["code"], proof=other), *errors, status=(400,))


@played("ensure-dpopproof-at-par-endpoint-binding-success", "ensure-dpop-auth-code-binding-success")
def code_of_the_same_key(op: Op) -> None:
    fapi = Fapi(op)
    fapi.works(fapi.tokens(proof={})["access_token"])
    fapi.works(fapi.tokens(proof={}, dpop_jkt=fapi.jkt)["access_token"])


@played(
    "ensure-different-nonce-inside-and-outside-request-object",
    "ensure-different-state-inside-and-outside-request-object",
    "state-only-outside-request-object-not-used",
    "par-without-duplicate-parameters",
)
def what_was_pushed_counts(op: Op) -> None:
    """Whatever stands in the address beside client_id and request_uri is not used (RFC 9101 5)."""
    fapi = Fapi(op)
    outside = {"nonce": "other", "state": "other", "scope": "openid"}
    answer = fapi.visit.answered(fapi.authorize(fapi.request_uri(), **outside))
    assert answer["state"] == "state-1"
    op.tokens(fapi.visit, fapi.redeem(answer["code"]))
    assert "state" not in fapi.visit.answered(fapi.authorize(fapi.request_uri(state=None), state="other"))
    fapi.tokens()  # without anything outside


@played("ensure-request-object-without-redirect-uri-fails", "ensure-redirect-uri-in-authorization-request")
def without_redirect_uri(op: Op) -> None:
    refused(Fapi(op).push(redirect_uri=None), "invalid_request", status=(400,))


@played("plain-fapi-tolerate-unregistered-redirect-uri")
def unregistered_redirect_uri(op: Op) -> None:
    """RFC 9126 2.4 would allow it to clients that prove themselves; we keep to what is registered."""
    refused(Fapi(op).push(redirect_uri=CALLBACK + "/bad"), "invalid_request", status=(400,))


@played("ensure-unsigned-authorization-request-without-using-par-fails")
def without_par(op: Op) -> None:
    fapi = Fapi(op)
    assert fapi.visit.answered(fapi.visit.authorize())["error"] == "invalid_request"


@played("ensure-response-type-code-idtoken-fails", "ensure-response-type-token-fails")
def other_response_types(op: Op) -> None:
    fapi = Fapi(op)
    for wrong in ("code id_token", "token"):
        refused(fapi.push(response_type=wrong), "unsupported_response_type", "invalid_request", status=(400,))


@played("par-ensure-reused-request-uri-prior-to-auth-completion-succeeds", "par-attempt-reuse-request_uri")
def request_uri_reuse(op: Op) -> None:
    """It is used up when the sign-in is finished, not when the page is loaded; then it is an error."""
    fapi = Fapi(op)
    uri = fapi.request_uri()
    browser, fapi.visit.browser = fapi.visit.browser, op.at.browser
    op.asks_for_login(fapi.authorize(uri))
    fapi.visit.browser = browser
    answer = fapi.visit.answered(fapi.authorize(uri))
    op.tokens(fapi.visit, fapi.redeem(answer["code"]))
    _is_no_request(op, fapi, uri)


@played("par-attempt-to-use-expired-request_uri")
def request_uri_expired(op: Op) -> None:
    """The short-term memory forgets by a clock of its own, which a test cannot turn: it is told to forget at once."""
    fapi = Fapi(op)
    uri = fapi.request_uri()
    op.at.house.shared.forget(f"idp:par:{digest_of(uri.removeprefix('urn:ietf:params:oauth:request_uri:'))}")
    _is_no_request(op, fapi, uri)


def _is_no_request(op: Op, fapi: Fapi, uri: str) -> None:
    """An error page, or invalid_request_uri at the client."""
    response = fapi.authorize(uri)
    if response.status_code == 303:
        assert fapi.visit.answered(response)["error"] == "invalid_request_uri"
    else:
        op.shows_error(response)


@played("par-attempt-to-use-request_uri-for-different-client")
def request_uri_of_another_client(op: Op) -> None:
    fapi = Fapi(op)
    _is_no_request(op, fapi.second(), fapi.request_uri())


@played("par-authorization-request-containing-request_uri-form-param")
def request_uri_within(op: Op) -> None:
    errors = ("invalid_request", "invalid_request_object", "request_uri_not_supported")
    refused(Fapi(op).push(request_uri="urn:ietf:params:oauth:request_uri:random"), *errors, status=(400,))


@played("par-attempt-invalid-http-method")
def pushed_by_get(op: Op) -> None:
    fapi = Fapi(op)
    query = urlencode(fapi.visit.asked() | fapi.assertion())
    path = op.path("pushed_authorization_request_endpoint")
    assert 400 <= fapi.visit.program.get(f"{path}?{query}").status_code < 500


@played("par-ensure-pkce-required", "par-plain-pkce-rejected")
def pkce_is_s256(op: Op) -> None:
    fapi = Fapi(op)
    refused(fapi.push(code_challenge=None, code_challenge_method=None), "invalid_request", status=(400,))
    refused(
        fapi.push(code_challenge=fapi.visit.verifier, code_challenge_method="plain"), "invalid_request", status=(400,)
    )


@played("ensure-pkce-code-verifier-required", "incorrect-pkce-code-verifier-rejected")
def wrong_verifier(op: Op) -> None:
    fapi = Fapi(op)
    for wrong in (None, "w" * 43):
        refused(fapi.redeem(fapi.answer()["code"], code_verifier=wrong), "invalid_grant", status=(400,))
