"""How services under FAPI 2.0 prove themselves (FAPI 2.0 Security Profile 5.3.2.1 and 5.4, RFC 7523 3, RFC 9126 2)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from statistics import median
from time import perf_counter
from typing import Any

import pytest
from flask import Flask
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from hub import clock
from hub.house import House
from idp.model.client import FAPI2, ClientAuth, ClientWrong, GrantType
from idp.model.registration import Registration
from idp.provider import clients
from tests.idp.rp import ASSERTION, SECRET, BoundVisit, Visit, Visits, department, fapi, public, signed, with_key

ISSUER = "http://localhost:8000"
RSA = RSAKey.generate_key(2048, parameters={"kid": "rsa"})
ED = OKPKey.generate_key("Ed25519", parameters={"kid": "ed"})
EC = ECKey.generate_key("P-256", parameters={"kid": "rp-1"})
ENDPOINTS = ("/oidc/par", "/oidc/token", "/oidc/revoke", "/oidc/introspect", "/oidc/device")


@pytest.fixture(scope="module")
def party(provider: tuple[House, Flask]) -> BoundVisit:
    keys = tuple(dict(key.as_dict(private=False)) for key in (EC, RSA, ED))
    return BoundVisit(*provider, fapi(keys=keys))


def pushed(party: Visit, assertion: str, **more: str) -> int:
    """Whether a pushed request with this assertion is taken: the least that needs a client."""
    form = party.asked() | {"client_assertion_type": ASSERTION, "client_assertion": assertion} | more
    return party.program.post("/oidc/par", data=form).status_code


def proves(party: Visit, *, key: Any = EC, alg: str = "ES256", **changes: Any) -> int:
    moment = int(clock.now().timestamp())
    plain = {"iss": party.client.id, "sub": party.client.id, "aud": ISSUER, "iat": moment, "exp": moment + 60}
    claims = plain | {"jti": str(perf_counter())} | changes
    head = {"alg": alg, "kid": key.kid}
    return pushed(party, signed(head, {name: value for name, value in claims.items() if value is not None}, key))


@pytest.mark.parametrize(
    "audience",
    [
        f"{ISSUER}/oidc/token",  # FAPI2SPFinalPARTokenEndpointAsAudienceFails
        [ISSUER],  # FAPI2SPFinalPARArrayAsAudienceFails
        f"{ISSUER}/oidc/par",  # FAPI2SPFinalPAREndpointAsAudienceFails
        [ISSUER, f"{ISSUER}/oidc/token"],
        f"{ISSUER}/",
        None,
        "",
        [],
        7,
        {"x": ISSUER},
    ],
    ids=str,
)
def test_the_audience_is_the_issuer_as_one_string(party: BoundVisit, audience: Any) -> None:
    assert proves(party) == 201
    assert proves(party, aud=audience) == 401


@pytest.mark.parametrize("audience", [ISSUER, f"{ISSUER}/oidc/token", f"{ISSUER}/oidc/par", [ISSUER]], ids=str)
def test_services_of_the_standard_policy_may_name_the_endpoint(provider: tuple[House, Flask], audience: Any) -> None:
    """RFC 9126 2: the issuer, the token endpoint and the endpoint itself."""
    visit = Visit(*provider, with_key(id="standard-keyed"))
    assert pushed(visit, visit.assertion(aud=audience)) == 201
    assert pushed(visit, visit.assertion(aud=f"{ISSUER}/oidc/revoke")) == 401


@pytest.mark.parametrize(
    ("claim", "seconds", "status"),
    [
        ("exp", -300, 401),  # FAPI2SPFinalEnsureClientAssertionWithExpIs5MinutesInPastFails
        ("exp", 30, 201),
        ("exp", 7200, 401),
        ("iat", 8, 201),  # FAPI2SPFinalEnsureClientAssertionWithIat8SecondsInFutureSuccess
        ("nbf", 8, 201),
        ("iat", 75, 401),
        ("nbf", 75, 401),
        ("iat", 600, 401),
    ],
)
def test_an_assertion_is_of_now(party: BoundVisit, claim: str, seconds: int, status: int) -> None:
    changes: dict[str, Any] = {claim: int(clock.now().timestamp()) + seconds}
    assert proves(party, **changes) == status


@pytest.mark.parametrize("claim", ["iss", "sub", "exp", "jti"])
def test_no_claim_may_be_missing(party: BoundVisit, claim: str) -> None:
    """FAPI2SPFinalEnsureClientAssertionWithNoSubFails and its likes."""
    changes: dict[str, Any] = {claim: None}
    assert proves(party, **changes) == 401


def test_strong_algorithms_are_taken_and_rs256_is_not(party: BoundVisit, provider: tuple[House, Flask]) -> None:
    """FAPI2SPFinalEnsureSignedClientAssertionWithRS256Fails."""
    assert [proves(party, key=RSA, alg="PS256"), proves(party, key=ED, alg="EdDSA")] == [201, 201]
    assert proves(party, key=RSA, alg="RS256") == 401
    assert proves(party, key=OctKey.generate_key(256, parameters={"kid": "rp-1"}), alg="HS256") == 401


def test_a_registered_algorithm_is_the_only_one(provider: tuple[House, Flask]) -> None:
    """OpenID Connect Registration 2: token_endpoint_auth_signing_alg."""
    keys = tuple(dict(key.as_dict(private=False)) for key in (EC, RSA))
    said = Registration(token_endpoint_auth_signing_alg="PS256")
    visit = BoundVisit(*provider, fapi(id="ps-only", keys=keys, registered=said))
    assert proves(visit, key=RSA, alg="PS256") == 201
    assert proves(visit) == 401
    odd = BoundVisit(*provider, fapi(id="rs-only", keys=keys))
    provider[0].cache["idp-clients"]["rs-only"] = (  # registration refuses it; what if it stood there
        replace(odd.client, registered=Registration(token_endpoint_auth_signing_alg="RS256")),
        clock.now(),
    )
    assert proves(odd, key=RSA, alg="RS256") == 401


def test_of_fifty_uses_of_one_assertion_at_once_one_succeeds(party: BoundVisit) -> None:
    assertion = party.assertion(key=EC)
    with ThreadPoolExecutor(8) as many:
        answers = many.map(lambda _: _elsewhere(party, assertion), range(50))
        assert sorted(answers) == [201] + [401] * 49


def _elsewhere(party: BoundVisit, assertion: str) -> int:
    form = party.asked() | {"client_assertion_type": ASSERTION, "client_assertion": assertion}
    return party.app.test_client().post("/oidc/par", data=form).status_code


def test_an_assertion_is_used_up_at_every_endpoint(party: BoundVisit) -> None:
    assertion = party.assertion(key=EC)
    assert pushed(party, assertion) == 201
    form = {"client_assertion_type": ASSERTION, "client_assertion": assertion, "token": "x"}
    assert party.program.post("/oidc/revoke", data=form).status_code == 401


@pytest.mark.parametrize("path", ENDPOINTS)
def test_every_endpoint_for_programs_wants_proof(party: BoundVisit, path: str) -> None:
    """ASVS 10.4.10; RFC 9126 2, RFC 7009 2.1, RFC 7662 2.1, RFC 8628 3.1."""
    form = party.asked() | {"grant_type": "client_credentials", "token": "x"}
    for more in ({}, {"client_id": "nobody"}, {"client_id": party.client.id, "client_secret": SECRET}):
        answer = party.program.post(path, data=form | more)
        assert (answer.status_code, (answer.json or {})["error"]) == (401, "invalid_client")


def test_only_keys_and_certificates_prove_such_a_service(visits: Visits) -> None:
    """FAPI 2.0 Security Profile 5.3.2.1 (6); ASVS 10.4.16."""
    for client in (
        department(id="with-secret", policy=FAPI2),
        department(id="posting", policy=FAPI2, auth=ClientAuth.secret_post),
        public(id="open", policy=FAPI2),
    ):
        with pytest.raises(ClientWrong):
            visits(client)


def test_two_ways_at_once_are_refused_at_every_endpoint(party: BoundVisit) -> None:
    """RFC 6749 2.3."""
    for path in ENDPOINTS:
        form = party.proved({"client_secret": SECRET, "token": "x"}, key=EC)
        answer = party.program.post(path, data=form)
        assert (answer.status_code, (answer.json or {})["error"]) == (400, "invalid_request")
        answer = party.program.post(path, data=party.proved({"token": "x", "client_id": "other"}, key=EC))
        assert (answer.json or {})["error"] == "invalid_request"


def test_a_wrong_secret_and_an_unknown_service_take_as_long(provider: tuple[House, Flask]) -> None:
    """What is answered is equal to the octet; how long it takes differs by less than chance does."""
    visit = Visit(*provider, department(id="timed", grant_types=(GrantType.client_credentials,), redirect_uris=()))

    def asked(client_id: str) -> tuple[float, bytes]:
        began = perf_counter()
        answer = visit.token({"grant_type": "client_credentials"}, headers=visit.basic(client_id, "wrong" * 8))
        return perf_counter() - began, answer.data

    rounds = [(asked("timed"), asked("nobody")) for _ in range(60)]
    assert len({answer for pair in rounds for _, answer in pair}) == 1
    known, unknown = (median(pair[number][0] for pair in rounds) for number in (0, 1))
    assert abs(known - unknown) < 0.002  # seconds; a password hash, or a call, would show
    assert clients.secret_fits(None, "x", clock.now()) is False
