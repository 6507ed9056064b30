"""The FAPI 2.0 modules that look at the token endpoint and at a protected resource."""

import json
from typing import Any

from joserfc.jwk import ECKey, RSAKey

from hub import clock
from tests.idp.conformance.fapi import Fapi, played
from tests.idp.conformance.suite import RESOURCE, RSA, Op, refused
from tests.idp.rp import CALLBACK, b64


@played("ensure-client-id-in-token-endpoint", "ensure-authorization-code-is-bound-to-client")
def code_of_another_client(op: Op) -> None:
    fapi = Fapi(op)
    second = fapi.second()
    wrong = fapi.redeem(fapi.answer()["code"], client_id=second.visit.client.id)
    refused(wrong, "invalid_client", "invalid_grant", "invalid_request")
    refused(second.redeem(fapi.answer()["code"], code_verifier=fapi.visit.verifier), "invalid_grant", status=(400,))


@played("ensure-holder-of-key-required")
def without_proof(op: Op) -> None:
    fapi = Fapi(op)
    form = {"grant_type": "authorization_code", "code": fapi.answer()["code"], "redirect_uri": CALLBACK}
    answer = fapi.call("/oidc/token", form | {"code_verifier": fapi.visit.verifier} | fapi.assertion())
    refused(answer, "invalid_request", "invalid_grant", "invalid_dpop_proof", status=(400,))


@played("attempt-reuse-authorization-code-after-one-second")
def code_reuse(op: Op) -> None:
    fapi = Fapi(op)
    code = fapi.answer()["code"]
    tokens = op.tokens(fapi.visit, fapi.redeem(code))
    with clock.shifted(1):
        refused(fapi.redeem(code), "invalid_grant", status=(400,))
        fapi.fails(tokens["access_token"])


@played("ensure-token-endpoint-fails-with-expired-auth-code")
def expired_code(op: Op) -> None:
    fapi = Fapi(op)
    code = fapi.answer()["code"]
    with clock.shifted(61):
        fapi.nonce = ""
        refused(fapi.redeem(code), "invalid_grant", status=(400,))


ASSERTIONS: dict[str, dict[str, Any]] = {
    "ensure-signed-client-assertion-with-RS256-fails": {"key": RSA, "header": {"alg": "RS256", "kid": "rp-rsa"}},
    "ensure-client-assertion-with-exp-is-5-minutes-in-past-fails": {"exp": -300},
    "ensure-client-assertion-with-wrong-aud-fails": {"aud": "https://other.example/token"},
    "ensure-client-assertion-with-no-sub-fails": {"sub": None},
    "par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails": {"iat": 90, "nbf": 90, "exp": 150},
    "par-test-array-as-audience-fails": {"aud": ["{issuer}", "https://other.example"]},
    "par-test-par-endpoint-url-as-audience-fails": {"aud": "{pushed_authorization_request_endpoint}"},
    "par-test-token-endpoint-url-as-audience-fails": {"aud": "{token_endpoint}"},
}


def changed(op: Op, change: dict[str, Any]) -> dict[str, Any]:
    """Times are seconds from now; names in braces are members of the discovery document."""
    now = int(clock.now().timestamp())
    found: dict[str, Any] = {name: now + value if isinstance(value, int) else value for name, value in change.items()}
    aud = found.get("aud")
    if isinstance(aud, str):
        found["aud"] = aud.format(**op.about)
    elif isinstance(aud, list):
        found["aud"] = [one.format(**op.about) for one in aud]
    return found


@played(*ASSERTIONS)
def wrong_assertions(op: Op) -> None:
    """Each is refused where the client pushes its request and where it asks for tokens."""
    fapi = Fapi(op)
    code = fapi.answer()["code"]
    for name, change in ASSERTIONS.items():
        wrong = changed(op, change)
        refused(fapi.push(client=wrong), "invalid_client", "invalid_request")
        refused(fapi.redeem(code, client=wrong), "invalid_client", "invalid_request")
        assert name
    op.tokens(fapi.visit, fapi.redeem(code))  # none of it harmed the code


@played("ensure-client-assertion-in-token-endpoint")
def without_assertion(op: Op) -> None:
    fapi = Fapi(op)
    form = {"grant_type": "authorization_code", "code": fapi.answer()["code"], "redirect_uri": CALLBACK}
    form |= {"code_verifier": fapi.visit.verifier, "client_id": fapi.visit.client.id}
    refused(fapi.call("/oidc/token", form, {}), "invalid_client", "invalid_request")


@played("par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted")
def assertion_of_a_fast_clock(op: Op) -> None:
    now = int(clock.now().timestamp())
    Fapi(op).tokens(client={"nbf": now + 8, "iat": now + 8})


@played("dpop-negative-tests")
def wrong_proofs(op: Op) -> None:
    fapi = Fapi(op)
    token, url = fapi.tokens()["access_token"], op.about["issuer"] + RESOURCE
    fapi.fails(token, proofs=2)
    fapi.fails(token, raw="not a proof")
    for header in ({"typ": None}, {"jwk": None}, {"typ": "JWT"}, {"jwk": fapi.dpop.as_dict(private=True)}):
        fapi.fails(token, head=header)
    for claim in ("jti", "htm", "htu", "iat", "ath"):
        fapi.fails(token, **{claim: None})
    good = fapi.proof("GET", RESOURCE, token=token)
    head, body, signature = good.split(".")
    bare = json.dumps({"typ": "dpop+jwt", "alg": "none", "jwk": fapi.dpop.as_dict(private=False)}).encode()
    fapi.fails(token, raw=f"{b64(bare)}.{body}.")
    fapi.fails(token, raw=f"{head}.{body}.{signature[:-6]}AAAAAA")
    rsa = RSAKey.generate_key(2048)
    fapi.fails(token, key=rsa, head={"alg": "RS256"})
    now = int(clock.now().timestamp())
    wrong: list[dict[str, Any]] = [{"htm": "PUT"}, {"htu": "https://other.example/"}, {"ath": "AAAA"}]
    if not fapi.nonce:  # with the server's nonce the clock of the client does not matter
        wrong += [{"iat": now + 3600}, {"iat": now - 3600}]
    for change in wrong:
        fapi.fails(token, **change)
    fapi.works(token, jti="same")
    fapi.fails(token, jti="same")
    fapi.fails(token, key=ECKey.generate_key("P-256"))
    for fine in ({"htu": f"{url}?a=b#c"}, {"htu": url.replace("localhost", "LOCALHOST").replace("http", "HTTP")}):
        fapi.works(token, **fine)
    fapi.works(token, extra="x", head={"extra": "y"})
    fapi.fails(token, proofs=0)
    fapi.fails(token, proofs=0, scheme="Bearer")
    fapi.works(token)


@played("refresh-token")
def refresh(op: Op) -> None:
    """Not rotated; bound to its client; nothing without the client's proof, nor without a DPoP proof."""
    fapi = Fapi(op)
    first = fapi.tokens(scope="openid")
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    again = op.tokens(fapi.visit, fapi.call("/oidc/token", form | fapi.assertion(), {}), nonce=None)
    assert again.get("refresh_token", first["refresh_token"]) == first["refresh_token"]  # FAPI 2.0 5.3.2.1-9
    for name in ("iss", "sub", "aud", "auth_time"):
        assert again["claims"][name] == first["claims"][name]
    fapi.works(again["access_token"])
    bare = form | {"client_id": fapi.visit.client.id}
    refused(fapi.call("/oidc/token", bare, {}), "invalid_client", "invalid_request")
    refused(fapi.call("/oidc/token", form | fapi.assertion()), "invalid_request", "invalid_grant", "invalid_dpop_proof")
    second = fapi.second()
    refused(second.call("/oidc/token", form | second.assertion(), {}), "invalid_grant", status=(400,))
