"""Bound tokens at the gates of our own APIs, on several machines, and what must never be written down."""

import json

import pytest
from flask import Flask

import app as front
from hub import clock
from hub.house import House, open_house
from tests.idp.rp import BoundVisit, b64, department, fapi, signed

ASK = {"grant_type": "client_credentials"}
LOOK = "/api/licenses/none"


@pytest.fixture
def party(house: House, app: Flask) -> BoundVisit:
    return BoundVisit(house, app, fapi())


def test_every_gate_takes_bound_tokens_with_their_key_only(party: BoundVisit) -> None:
    """RFC 9449 7.1: the gate of our API is one for all rooms."""
    token = (party.token(ASK | {"scope": "licenses:read"}).json or {})["access_token"]
    assert party.shown(token, LOOK).status_code == 400  # let in; and that is no number of a license
    bearer = party.program.get(LOOK, headers={"Authorization": f"Bearer {token}"})
    assert bearer.status_code == 401
    told = bearer.headers["WWW-Authenticate"]
    assert told.startswith('DPoP error="invalid_token"')
    assert 'resource_metadata="http://localhost:8000/.well-known/oauth-protected-resource/api"' in told
    assert party.shown(token, LOOK, ath=None).status_code == 401
    assert (
        party.shown(token, LOOK, nonce="made-up").headers["WWW-Authenticate"].startswith('DPoP error="use_dpop_nonce"')
    )
    assert party.shown(token, "/api/sharing/grants").status_code == 403
    assert party.program.get(LOOK).headers["WWW-Authenticate"].startswith("Bearer ")


def test_resources_describe_themselves(party: BoundVisit) -> None:
    """RFC 9728 3.2: `resource` is what was asked for, to the octet."""
    for path in ("/api", "/oidc/userinfo", "/api/test-resource"):
        told = party.program.get(f"/.well-known/oauth-protected-resource{path}").json or {}
        assert told["resource"] == f"http://localhost:8000{path}"
        assert told["authorization_servers"] == ["http://localhost:8000"]
        assert "query" not in told["bearer_methods_supported"]
    assert party.program.get("/.well-known/oauth-protected-resource/api/other").status_code == 404
    named = (party.program.get("/.well-known/openid-configuration").json or {})["protected_resources"]
    assert named == ["http://localhost:8000/oidc/userinfo"]


def test_proofs_count_once_on_all_machines_and_nonces_on_each(party: BoundVisit) -> None:
    party.token(ASK)  # brings a nonce of the first machine
    other = open_house(party.house.settings)
    try:
        second = front.create_app(other.settings, ("hub", "idp"), other).test_client()
        headers, form = {"DPoP": party.proof()}, party.proved(ASK)
        assert second.post("/oidc/token", data=form, headers=headers).status_code == 200
        again = party.program.post("/oidc/token", data=party.proved(ASK), headers=headers)
        assert (again.json or {})["error"] == "invalid_dpop_proof"
        replayed = party.program.post("/oidc/token", data=form, headers={"DPoP": party.proof()})
        assert (replayed.json or {})["error"] == "invalid_client"  # the assertion was used on the other machine
        with clock.shifted(-10):  # a clock that is behind changes nothing
            late = party.program.post("/oidc/token", data=party.proved(ASK), headers={"DPoP": party.proof()})
        assert late.status_code == 200
    finally:
        other.close()


def test_nothing_secret_is_written_down(party: BoundVisit, capfd: pytest.CaptureFixture[str]) -> None:
    """ASVS 14.1.2, RFC 6750 5.3: no token, proof or assertion stands in the log."""
    token = (party.token(ASK).json or {})["access_token"]
    proof, form = party.proof(), party.proved(ASK)
    party.program.post("/oidc/token", data=form, headers={"DPoP": proof})
    party.program.post("/oidc/token", data=form, headers={"DPoP": proof})
    party.program.get("/oidc/userinfo", query_string={"access_token": token})
    party.program.get(LOOK, headers={"Authorization": f"Bearer {token}"})
    written = "".join(capfd.readouterr())
    for secret in (token, proof, form["client_assertion"]):
        assert secret.split(".")[2] not in written


@pytest.mark.parametrize("what", ["long", "deep", "deep header"])
def test_sizes_and_depths_are_bounded(party: BoundVisit, what: str) -> None:
    """RFC 8725 3.3 and ASVS 4.3: whoever sends much is refused, and nothing falls over."""
    deep = "[" * 5000 + "]" * 5000
    parts = {
        "long": signed({"alg": "ES256", "typ": "at+jwt", "kid": "x", "pad": "x" * 70_000}, {}, party.key),
        "deep": ".".join([b64(json.dumps({"alg": "ES256"}).encode()), b64(f'{{"sub":{deep}}}'.encode()), "AAAA"]),
        "deep header": ".".join([b64(f'{{"alg":{deep}}}'.encode()), b64(b"{}"), "AAAA"]),
    }
    token = parts[what]
    assert party.program.get(LOOK, headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert (
        party.program.get("/oidc/userinfo", headers={"Authorization": f"DPoP {token}", "DPoP": token}).status_code
        == 401
    )
    form = party.proved(ASK) | {"client_assertion": token}
    assert party.program.post("/oidc/token", data=form).status_code in (400, 401)
    answer = party.program.post("/oidc/token", data=party.proved(ASK), headers={"DPoP": token})
    assert (answer.json or {})["error"] == "invalid_dpop_proof"


def test_an_installation_may_demand_nonces_of_everybody(house: House, app: Flask) -> None:
    """RFC 9449 9: at its resources too."""
    strict = House(**{**vars(house), "settings": house.settings.model_copy(update={"dpop_nonces": True})})
    app.extensions["house"] = strict
    visit = BoundVisit(strict, app, department())
    form, basic = ASK | {"scope": "licenses:read"}, visit.basic()
    first = visit.program.post("/oidc/token", data=form, headers=basic | {"DPoP": visit.proof()})
    assert (first.json or {})["error"] == "use_dpop_nonce"
    visit.nonce = first.headers["DPoP-Nonce"]
    given = visit.program.post("/oidc/token", data=form, headers=basic | {"DPoP": visit.proof()}).json or {}
    visit.nonce = ""
    refused = visit.shown(given["access_token"], LOOK)
    assert refused.headers["WWW-Authenticate"].startswith('DPoP error="use_dpop_nonce"')
    visit.nonce = refused.headers["DPoP-Nonce"]
    assert visit.shown(given["access_token"], LOOK).status_code == 400
