"""Clients that show a certificate to the TLS layer, as a proxy of ours passes it on (RFC 8705, RFC 9440)."""

import base64
import ipaddress
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import app as front
from hub import client_cert, clock, dpop
from hub.house import House, open_house
from idp.model.client import FAPI2, Client, ClientAuth, GrantType
from idp.model.registration import Registration
from idp.provider import discovery
from tests.conftest import settings_for
from tests.idp.rp import SECRET, Visit, department, with_key

ASK = {"grant_type": "client_credentials"}
MTLS = "https://mtls.id.example"
KEY = ec.generate_private_key(ec.SECP256R1())
SUBJECT = "CN=trade,O=Qiyun Agency of Trade,C=CN"
SANS: dict[str, tuple[x509.GeneralName, str]] = {
    "dns": (x509.DNSName("trade.qiyun.example"), "Trade.qiyun.example"),
    "uri": (x509.UniformResourceIdentifier("urn:qiyun:trade"), "urn:qiyun:trade"),
    "ip": (x509.IPAddress(ipaddress.ip_address("192.0.2.7")), "192.0.2.7"),
    "email": (x509.RFC822Name("trade@qiyun.example"), "trade@qiyun.example"),
}


def certificate(
    *,
    subject: str = SUBJECT,
    issuer: str = "CN=Test client CA",
    key: ec.EllipticCurvePrivateKey = KEY,
    signer: ec.EllipticCurvePrivateKey = KEY,
    sans: list[x509.GeneralName] | None = None,
    ca: bool = False,
    from_now: int = -60,
    seconds: int = 3600,
) -> bytes:
    now = clock.now()
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name.from_rfc4514_string(subject))
        .issuer_name(x509.Name.from_rfc4514_string(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(seconds=from_now))
        .not_valid_after(now + timedelta(seconds=from_now + seconds))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if ca:
        usage = dict.fromkeys(USAGES, False) | {"key_cert_sign": True, "crl_sign": True}
        builder = builder.add_extension(x509.KeyUsage(**usage), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    if sans:
        builder = builder.add_extension(x509.SubjectAlternativeName(sans), critical=False)
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)
CA_KEY, STRANGE_KEY = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
CA = certificate(subject="CN=Test client CA", key=CA_KEY, signer=CA_KEY, ca=True)
ISSUED = certificate(signer=CA_KEY)
OWN = certificate(issuer=SUBJECT)
FORGED = certificate(signer=STRANGE_KEY)


@pytest.fixture(scope="module")
def tls(template: Path, valkey_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Flask]]:
    """A provider behind a proxy that asks programs for certificates."""
    data = tmp_path_factory.mktemp("tls") / "data"
    copytree(template, data)
    (data / "ca.pem").write_bytes(x509.load_der_x509_certificate(CA).public_bytes(serialization.Encoding.PEM))
    opened = open_house(settings_for(data, valkey_url, mtls_url=MTLS, mtls_ca=data / "ca.pem", behind_proxy=True))
    served = front.create_app(opened.settings, rooms=("hub", "idp"), house=opened)
    served.testing = True
    yield opened, served
    opened.close()


def passed(der: bytes, **more: str) -> dict[str, str]:
    """What our proxy adds to a request."""
    return {"Client-Cert": f":{base64.b64encode(der).decode()}:", "X-Forwarded-For": "203.0.113.9"} | more


def by_name(**said: Any) -> Client:
    plain: dict[str, Any] = {"auth": ClientAuth.tls, "secret_digest": "", "redirect_uris": ()}
    plain |= {"grant_types": (GrantType.client_credentials,), "policy": FAPI2, "id": "tls-" + "-".join(said)[:50]}
    return department(**plain, registered=Registration(**said))


def asked(visit: Visit, der: bytes, *, peer: str = "127.0.0.1", **form: str) -> Any:
    return visit.program.post(
        "/oidc/token",
        data=ASK | {"client_id": visit.client.id} | form,
        headers=passed(der),
        environ_base={"REMOTE_ADDR": peer},
    )


# -- who it is


def test_a_certificate_of_a_trusted_ca_with_the_registered_subject_is_enough(tls: tuple[House, Flask]) -> None:
    """RFC 8705 2.1; and under fapi2 the token is bound to it (RFC 8705 3.1)."""
    visit = Visit(*tls, by_name(tls_client_auth_subject_dn=SUBJECT))
    answer = asked(visit, ISSUED)
    assert answer.status_code == 200, answer.text
    assert answer.json["token_type"] == "Bearer"
    assert visit.claims(answer.json["access_token"])["cnf"] == {"x5t#S256": dpop.digest(ISSUED)}


@pytest.mark.parametrize("kind", SANS)
def test_a_certificate_may_be_known_by_one_alternative_name(tls: tuple[House, Flask], kind: str) -> None:
    name, registered = SANS[kind]
    visit = Visit(*tls, by_name(**{f"tls_client_auth_san_{kind}": registered}))
    assert asked(visit, certificate(signer=CA_KEY, sans=[name])).status_code == 200
    others = [one for one, _ in SANS.values() if one is not name]
    assert asked(visit, certificate(signer=CA_KEY, sans=others)).status_code == 401
    assert asked(visit, ISSUED).status_code == 401


def test_two_kinds_of_name_are_none(tls: tuple[House, Flask]) -> None:
    """RFC 8705 2.1.2: exactly one is registered."""
    both = Registration(tls_client_auth_subject_dn=SUBJECT, tls_client_auth_san_uri="urn:qiyun:trade")
    visit = Visit(*tls, by_name(tls_client_auth_subject_dn=SUBJECT))
    for said in (both, Registration()):
        odd = replace(visit.client, registered=said)
        tls[0].cache["idp-clients"][odd.id] = (odd, clock.now())  # registration refuses it; what if it stood there
        assert asked(visit, certificate(signer=CA_KEY, sans=[SANS["uri"][0]])).status_code == 401


WRONG = {
    "signed by another key under the same name": FORGED,
    "its own issuer": OWN,
    "another subject": certificate(signer=CA_KEY, subject="CN=other,O=Qiyun Agency of Trade,C=CN"),
    "the subject in another order": certificate(signer=CA_KEY, subject="C=CN,O=Qiyun Agency of Trade,CN=trade"),
    "expired": certificate(signer=CA_KEY, from_now=-7200),
    "not yet valid": certificate(signer=CA_KEY, from_now=3600),
    "a CA of its own": certificate(issuer=SUBJECT, ca=True),
}


@pytest.mark.parametrize("fault", WRONG)
def test_no_other_certificate_is_enough(tls: tuple[House, Flask], fault: str) -> None:
    visit = Visit(*tls, by_name(tls_client_auth_subject_dn=SUBJECT))
    assert asked(visit, ISSUED).status_code == 200
    assert asked(visit, WRONG[fault]).status_code == 401


def jwk_with(der: bytes, *, by: str) -> dict[str, Any]:
    said = {"x5c": [base64.b64encode(der).decode()]} if by == "x5c" else {"x5t#S256": dpop.digest(der)}
    return {"kty": "EC", "crv": "P-256", "kid": "t"} | said | {"x": _coordinate("x"), "y": _coordinate("y")}


def _coordinate(name: str) -> str:
    number: int = getattr(KEY.public_key().public_numbers(), name)
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()


@pytest.mark.parametrize("by", ["x5c", "x5t#S256"])
def test_a_certificate_of_ones_own_is_known_by_the_key_set(tls: tuple[House, Flask], by: str) -> None:
    """RFC 8705 2.2: no CA, but the certificate itself is registered."""
    client = by_name(software_id="own" + by[:3])
    own = replace(client, id=f"own-{by[:3]}", auth=ClientAuth.self_signed_tls, keys=(jwk_with(OWN, by=by),))
    visit = Visit(*tls, own)
    assert asked(visit, OWN).status_code == 200
    for other in (ISSUED, certificate(issuer=SUBJECT)):
        assert asked(visit, other).status_code == 401


def test_without_a_certificate_such_a_client_is_nobody(tls: tuple[House, Flask]) -> None:
    visit = Visit(*tls, by_name(tls_client_auth_subject_dn=SUBJECT))
    bare = visit.program.post("/oidc/token", data=ASK | {"client_id": visit.client.id})
    with_secret = visit.program.post("/oidc/token", data=ASK, headers=visit.basic(secret=SECRET))
    assert {(one.status_code, one.data) for one in (bare, with_secret)} == {(401, bare.data)}


def test_a_certificate_proves_nobody_who_is_registered_otherwise(tls: tuple[House, Flask]) -> None:
    visit = Visit(*tls, department(id="by-secret"))
    assert asked(visit, ISSUED).status_code == 401


# -- who says so


def test_a_header_from_anybody_but_our_proxy_is_dropped(tls: tuple[House, Flask]) -> None:
    """RFC 9440 3: else everybody could be everybody."""
    visit = Visit(*tls, by_name(tls_client_auth_subject_dn=SUBJECT))
    assert asked(visit, ISSUED, peer="::1").status_code == 200
    assert asked(visit, ISSUED, peer="192.0.2.1").status_code == 401


def test_without_the_setting_no_header_counts(provider: tuple[House, Flask]) -> None:
    visit = Visit(*provider, by_name(tls_client_auth_subject_dn=SUBJECT))
    assert asked(visit, ISSUED).status_code == 401


def test_the_proxy_tells_one_certificate(tls: tuple[House, Flask]) -> None:
    visit = Visit(*tls, by_name(tls_client_auth_subject_dn=SUBJECT))
    good = passed(ISSUED)["Client-Cert"]
    for header in (
        good[1:],
        good[:-1],
        f"{good}, {good}",
        "::",
        ":AAAA:",
        ": :",
        "",
        good + "x",
        ":" + "A" * 20_000 + ":",
    ):
        answer = visit.program.post(
            "/oidc/token", data=ASK | {"client_id": visit.client.id}, headers={"Client-Cert": header}
        )
        assert answer.status_code == 401


@pytest.mark.parametrize("place", range(60))
def test_no_changed_certificate_breaks_the_reading(tls: tuple[House, Flask], place: int) -> None:
    """Version, number, algorithm, names: each octet of its beginning."""
    data = bytearray(ISSUED)
    data[place] ^= 3
    header = f":{base64.b64encode(data).decode()}:"
    assert client_cert.passed_on(tls[0], {"HTTP_CLIENT_CERT": header, "REMOTE_ADDR": "127.0.0.1"}) in (b"", bytes(data))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_no_header_breaks_the_reading(tls: tuple[House, Flask], data: bytes) -> None:
    for header in (f":{base64.b64encode(data).decode()}:", data.decode("latin-1")):
        assert client_cert.passed_on(tls[0], {"HTTP_CLIENT_CERT": header, "REMOTE_ADDR": "127.0.0.1"}) in (b"", data)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60))
def test_no_registered_name_breaks_the_comparison(name: str) -> None:
    assert not client_cert.subject_is(ISSUED, name)
    assert not any(client_cert.has_san(ISSUED, kind, name) for kind in SANS)


# -- what its tokens are bound to


def test_a_token_that_is_bound_to_a_certificate_needs_it(tls: tuple[House, Flask]) -> None:
    """RFC 8705 3: with another certificate or without one it is worth nothing."""
    visit = Visit(*tls, by_name(tls_client_auth_subject_dn=SUBJECT))
    token = asked(visit, ISSUED).json["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}

    def shown(**headers: str) -> int:
        return visit.program.get("/api/test-resource", headers=bearer | headers).status_code

    assert shown(**passed(ISSUED)) == 200
    assert shown(**passed(OWN)) == shown() == 401
    assert (
        visit.program.get("/api/test-resource", headers={"Authorization": f"DPoP {token}"} | passed(ISSUED)).status_code
        == 401
    )


def test_a_client_with_a_key_may_bind_its_tokens_to_a_certificate(tls: tuple[House, Flask]) -> None:
    """FAPI 2.0 Security Profile 5.3.2.1: private_key_jwt, with tokens bound by mutual TLS."""
    visit = Visit(*tls, with_key(id="keyed-tls", policy=FAPI2))
    visit.signs_in()
    form = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
    answer = visit.program.post(
        "/oidc/token", data=ASK | form | {"client_assertion": visit.assertion()}, headers=passed(ISSUED)
    )
    assert visit.claims((answer.json or {})["access_token"])["cnf"] == {"x5t#S256": dpop.digest(ISSUED)}


def test_discovery_names_the_addresses_for_certificates(
    tls: tuple[House, Flask], provider: tuple[House, Flask]
) -> None:
    """RFC 8705 5 and 3.3; nothing of it where nobody asks for certificates."""
    told = tls[1].test_client().get("/.well-known/openid-configuration").json or {}
    assert told["mtls_endpoint_aliases"]["token_endpoint"] == f"{MTLS}/oidc/token"
    assert told["tls_client_certificate_bound_access_tokens"] is True
    assert {"tls_client_auth", "self_signed_tls_client_auth"} <= set(told["token_endpoint_auth_methods_supported"])
    plain = provider[1].test_client().get("/.well-known/openid-configuration").json or {}
    assert "mtls_endpoint_aliases" not in plain
    assert "tls_client_auth" not in plain["token_endpoint_auth_methods_supported"]
    assert discovery.document(provider[0])


def test_a_certificate_ends(tls: tuple[House, Flask], now: datetime) -> None:
    assert client_cert.issued_by_trusted(tls[0], ISSUED, now)
    assert not client_cert.issued_by_trusted(tls[0], ISSUED, now + timedelta(hours=2))
    assert x509.load_der_x509_certificate(ISSUED).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
