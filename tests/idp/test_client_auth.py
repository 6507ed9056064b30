"""How clients prove themselves: one way, one answer to every failure."""

import base64
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from hub import clock
from idp.model.client import POLICIES, ClientAuth, Policy
from idp.provider import clients
from tests.idp.rp import ASSERTION, KEY, SECRET, Visit, Visits, department, public, with_key

ASK = {"grant_type": "client_credentials"}
STRANGER = ECKey.generate_key("P-256", parameters={"kid": "rp-1"})


@pytest.fixture
def keyed(visits: Visits) -> Visit:
    return visits(with_key())


def shown(visit: Visit, assertion: str, **more: str) -> Any:
    return visit.token(ASK | {"client_assertion_type": ASSERTION, "client_assertion": assertion} | more, headers={})


# -- secrets


def test_a_secret_in_the_header_is_enough(visit: Visit) -> None:
    assert visit.token(ASK).status_code == 200


def test_a_secret_in_the_form_is_for_those_who_are_registered_so(visits: Visits, visit: Visit) -> None:
    posting = visits(department(id="posting", auth=ClientAuth.secret_post))
    form = ASK | {"client_id": "posting", "client_secret": SECRET}
    assert posting.token(form, headers={}).status_code == 200
    assert posting.token(ASK, headers=posting.basic()).status_code == 401
    assert visit.token(ASK | {"client_id": visit.client.id, "client_secret": SECRET}, headers={}).status_code == 401


def test_every_failure_is_the_same_answer(visits: Visits, visit: Visit, keyed: Visit) -> None:
    """Whether a client exists, and how it proves itself, is not told (statement: client enumeration)."""
    failures = [
        visit.token(ASK, headers=visit.basic(secret="wrong" * 8)),
        visit.token(ASK, headers=visit.basic("nobody")),
        visit.token(ASK, headers={}),
        visit.token(ASK | {"client_id": visit.client.id}, headers={}),
        visit.token(ASK | {"client_id": "nobody"}, headers={}),
        visit.token(ASK, headers={"Authorization": "Basic !!!"}),
        visit.token(ASK, headers={"Authorization": "Basic bm9jb2xvbg=="}),
        visit.token(ASK, headers={"Authorization": "Bearer x"}),
        shown(keyed, "not.a.jwt"),
        shown(keyed, keyed.assertion(sub="nobody", iss="nobody")),
        shown(keyed, keyed.assertion(aud="https://elsewhere.example")),
    ]
    assert {
        (one.status_code, one.data, one.headers["WWW-Authenticate"], one.headers["Cache-Control"]) for one in failures
    } == {(401, failures[0].data, 'Basic realm="yinxin", error="invalid_client"', "no-store")}
    assert (failures[0].json or {})["error"] == "invalid_client"


def test_two_ways_at_once_are_refused(visit: Visit, keyed: Visit) -> None:
    twice = [
        visit.token(ASK | {"client_secret": SECRET}),
        visit.token(ASK | {"client_assertion_type": ASSERTION, "client_assertion": keyed.assertion()}),
        shown(keyed, keyed.assertion(), client_secret="x"),
    ]
    assert [(one.status_code, (one.json or {})["error"]) for one in twice] == [(400, "invalid_request")] * 3


def test_another_clients_id_in_the_form_is_refused(visit: Visit, keyed: Visit) -> None:
    assert (visit.token(ASK | {"client_id": "other"}).json or {})["error"] == "invalid_request"
    assert (shown(keyed, keyed.assertion(), client_id="other").json or {})["error"] == "invalid_request"
    assert visit.token(ASK | {"client_id": visit.client.id}).status_code == 200


def test_credentials_in_the_header_are_form_encoded(visits: Visits) -> None:
    """RFC 6749 2.3.1: each part is form-encoded before Basic joins them."""
    secret = "a+b%c:d e" * 4
    visit = visits(department(secret_digest=clients.secret_digest(secret)))
    coded = base64.b64encode(
        f"{visit.client.id}:{secret.replace('%', '%25').replace('+', '%2B').replace(':', '%3A').replace(' ', '+')}".encode()
    )
    assert visit.token(ASK, headers={"Authorization": f"Basic {coded.decode()}"}).status_code == 200


def test_a_public_client_has_nothing_to_show_and_may_show_nothing(visits: Visits) -> None:
    visit = visits(public())
    refresh = {"grant_type": "refresh_token", "refresh_token": "x"}
    assert (visit.token(refresh | {"client_id": visit.client.id}, headers={}).json or {})["error"] == "invalid_grant"
    assert visit.token(refresh, headers=visit.basic()).status_code == 401


def test_a_confidential_client_cannot_pose_as_a_public_one(visit: Visit) -> None:
    visit.signs_in()
    assert visit.redeem(visit.code(), headers={}, client_id=visit.client.id).status_code == 401


def test_a_secret_is_kept_as_a_digest(visit: Visit) -> None:
    kept = clients.known(visit.house, visit.client.id, clock.now())
    assert kept is not None
    assert SECRET not in repr(kept)


# -- assertions


def test_an_assertion_is_enough(keyed: Visit) -> None:
    assert shown(keyed, keyed.assertion()).status_code == 200


def test_an_assertion_works_once(keyed: Visit) -> None:
    assertion = keyed.assertion()
    assert shown(keyed, assertion).status_code == 200
    assert shown(keyed, assertion).status_code == 401


def test_a_jti_is_single_use_per_client(visits: Visits, keyed: Visit) -> None:
    other = visits(with_key(id="other"))
    assert shown(keyed, keyed.assertion(jti="one")).status_code == 200
    assert shown(other, other.assertion(jti="one")).status_code == 200
    assert shown(keyed, keyed.assertion(jti="one")).status_code == 401


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 200),
        ({"aud": "{issuer}/oidc/token"}, 200),
        ({"aud": ["{issuer}"]}, 200),
        ({"aud": ["{issuer}", "https://elsewhere.example"]}, 401),  # would work elsewhere, too
        ({"aud": "{issuer}/"}, 401),
        ({"aud": "{issuer}/oidc/par"}, 401),
        ({"aud": []}, 401),
        ({"aud": None}, 401),
        ({"iss": "other"}, 401),
        ({"iss": None}, 401),
        ({"sub": None}, 401),
        ({"sub": 7}, 401),
        ({"jti": None}, 401),
        ({"jti": ""}, 401),
        ({"jti": "x" * 257}, 401),
        ({"exp": None}, 401),
        ({"exp": -300}, 401),
        ({"exp": -5}, 200),  # a slow network
        ({"exp": 7200}, 401),
        ({"exp": "soon"}, 401),
        ({"exp": True}, 401),
        ({"iat": None}, 200),
        ({"iat": 8}, 200),
        ({"iat": 90}, 401),
        ({"nbf": 8}, 200),
        ({"nbf": 90}, 401),
    ],
    ids=str,
)
def test_every_claim_of_an_assertion_is_checked(keyed: Visit, changes: dict[str, Any], status: int) -> None:
    moment = int(clock.now().timestamp())
    issuer = keyed.house.settings.issuer_url

    def real(name: str, value: Any) -> Any:
        if name in {"exp", "iat", "nbf"} and type(value) is int:
            return moment + value
        if isinstance(value, list):
            return [one.format(issuer=issuer) for one in value]
        return value.format(issuer=issuer) if isinstance(value, str) else value

    assertion = keyed.assertion(**{name: real(name, value) for name, value in changes.items()})
    assert shown(keyed, assertion).status_code == status


def test_a_foreign_key_of_the_same_name_is_refused(keyed: Visit) -> None:
    assert shown(keyed, keyed.assertion(key=STRANGER)).status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "rp-2"},
        {"jwk": STRANGER.as_dict()},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/chain"},
    ],
    ids=["kid", "jwk", "jku", "x5u"],
)
def test_a_header_that_names_another_key_is_refused(keyed: Visit, header: dict[str, Any]) -> None:
    assert shown(keyed, keyed.assertion(key=STRANGER, header=header)).status_code == 401


def test_alg_none_and_a_public_key_used_as_a_secret_are_refused(keyed: Visit) -> None:
    head, body, _ = keyed.assertion().split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    assert shown(keyed, f"{none}.{body}.").status_code == 401
    assert shown(keyed, f"{head}.{body}.").status_code == 401
    hmac_key = OctKey.import_key(clients.known(keyed.house, keyed.client.id, clock.now()).keys[0]["x"])  # type: ignore[union-attr]
    assert shown(keyed, keyed.assertion(key=hmac_key, header={"alg": "HS256"})).status_code == 401  # type: ignore[arg-type]


def test_a_policy_may_take_fewer_algorithms(visits: Visits, monkeypatch: pytest.MonkeyPatch) -> None:
    strict = Policy("strict", assertion_algorithms=("PS256",))
    monkeypatch.setitem(POLICIES, "strict", strict)
    key = RSAKey.generate_key(2048, parameters={"kid": "rp-1"})
    visit = visits(with_key(id="strict", policy=strict, keys=(dict(key.as_dict(private=False)),)))
    for alg, status in (("RS256", 401), ("PS256", 200)):
        assert shown(visit, visit.assertion(key=key, header={"alg": alg})).status_code == status  # type: ignore[arg-type]


def test_a_policy_may_take_the_issuer_as_the_only_audience(visits: Visits, monkeypatch: pytest.MonkeyPatch) -> None:
    strict = Policy("strict", token_endpoint_as_audience=False)
    monkeypatch.setitem(POLICIES, "strict", strict)
    visit = visits(with_key(id="strict", policy=strict))
    assert shown(visit, visit.assertion(aud=f"{visit.house.settings.issuer_url}/oidc/token")).status_code == 401
    assert shown(visit, visit.assertion()).status_code == 200


def test_rsa_keys_prove_by_ps256_and_rs256(visits: Visits) -> None:
    key = RSAKey.generate_key(2048, parameters={"kid": "rp-1"})
    visit = visits(department(auth=ClientAuth.private_key_jwt, secret_digest="", keys=(dict(key.as_dict()),)))
    for alg in ("PS256", "RS256"):
        assert shown(visit, visit.assertion(key=key, header={"alg": alg})).status_code == 200  # type: ignore[arg-type]


@pytest.mark.parametrize("member", [{"alg": "ES384"}, {"alg": "ECDH-ES"}, {"use": "enc"}])
def test_a_key_that_is_said_to_be_for_something_else_proves_nothing(visits: Visits, member: dict[str, str]) -> None:
    """RFC 7517 4.2, 4.4."""
    good = ECKey.generate_key("P-256", parameters={"kid": "good"}).as_dict(private=False)
    visit = visits(with_key(id="other-use", keys=(KEY.as_dict(private=False) | member, good)))
    assert shown(visit, visit.assertion()).status_code == 401


def test_without_a_name_the_key_that_is_for_signatures_is_taken(visits: Visits) -> None:
    other = ECKey.generate_key("P-384").as_dict(private=False)
    agreeing = ECKey.generate_key("P-256").as_dict(private=False) | {"alg": "ECDH-ES"}
    visit = visits(with_key(id="many", keys=(other, agreeing, KEY.as_dict(private=False) | {"alg": "ES256"})))
    token = jws.serialize_compact({"alg": "ES256"}, jws.extract_compact(visit.assertion().encode()).payload, KEY)
    assert shown(visit, token).status_code == 200


def test_a_changed_key_counts_at_once(keyed: Visit) -> None:
    assert shown(keyed, keyed.assertion()).status_code == 200
    fresh = ECKey.generate_key("P-256", parameters={"kid": "rp-1"})
    clients.add(keyed.house, replace(keyed.client, keys=(dict(fresh.as_dict()),)), by="test", now=clock.now())
    assert shown(keyed, keyed.assertion()).status_code == 401
    assert shown(keyed, keyed.assertion(key=fresh)).status_code == 200


def test_without_a_type_an_assertion_is_nothing(keyed: Visit) -> None:
    assert keyed.token(ASK | {"client_assertion": keyed.assertion()}, headers={}).status_code == 401
    assert keyed.token(ASK | {"client_assertion_type": ASSERTION}, headers={}).status_code == 401
