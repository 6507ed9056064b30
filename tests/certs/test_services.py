"""Certificates of machines, of every kind of key, and every kind of certificate under every linter."""

import base64
from datetime import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from certs import authority, lint, roll, services, status
from certs.model import (
    PROFILES,
    SERVICE,
    Certificate,
    CsrWrong,
    KeyWrong,
    LegalPerson,
    NoAuthority,
    Reason,
    SubjectWrong,
)
from certs.revoke import revoke
from hub.house import House
from tests.certs.conftest import MARKET, Openssl, in_office
from tests.certs.test_cli import Run, run  # noqa: F401  the fixture of the command

KEYS = {
    "P-256": ec.generate_private_key(ec.SECP256R1()),
    "P-384": ec.generate_private_key(ec.SECP384R1()),
}
HOST = "sealing.inside.yinxin.example"


@pytest.fixture(scope="session")
def rsa_key() -> rsa.RSAPrivateKey:
    """One for all: it is slow to make."""
    return rsa.generate_private_key(65537, 3072)


@pytest.fixture
def key(request: pytest.FixtureRequest, algorithm: str) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    """A key of the kind that is asked for."""
    return request.getfixturevalue("rsa_key") if algorithm == "RSA-3072" else KEYS[algorithm]


def asked(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return request.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def serious(house: House, one: Certificate) -> list[str]:
    """What pkilint finds at WARNING or above."""
    issuer = house_certificate(house, one.above or one.serial)
    found = lint.certificate(one.der, issuer=issuer.der, legal_person=PROFILES[one.profile].legal_person)
    return [str(each) for each in found if each.serious]


def house_certificate(house: House, serial: str) -> Certificate:
    return next(one for name in PROFILES for one in roll.generations(house, name) if one.serial == serial)


# -- every profile, every kind of key


@pytest.mark.parametrize(
    ("profile", "algorithm"),
    [(each.name, algorithm) for each in PROFILES.values() if not each.is_ca for algorithm in each.algorithms],
)
def test_no_linter_finds_anything_in_any_kind_of_certificate(
    house: House, now: datetime, profile: str, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
) -> None:
    hosts = (HOST,) if PROFILES[profile].hosts else ()
    subject = LegalPerson(MARKET.code, MARKET.name, hosts=hosts)
    made = authority.certify(house, profile, subject, key.public_key(), now)
    assert serious(house, made) == []
    assert x509.load_der_x509_certificate(made.der).public_key() == key.public_key()


@pytest.mark.parametrize("algorithm", ["P-384", "RSA-3072"])
def test_openssl_builds_the_path_to_an_e_seal_of_every_kind_of_key(
    house: House, now: datetime, openssl: Openssl, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
) -> None:
    seal = authority.certify(house, "e-seal", MARKET, key.public_key(), now)
    root, issuing = (pem(in_office(house, name)) for name in ("root", "issuing-ca"))
    openssl.write(seal_der=seal.der, root_pem=root, issuing_pem=issuing)
    assert "OK" in openssl("verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted", "issuing.pem", "seal.der")


@pytest.mark.parametrize(
    ("profile", "weak"),
    [
        ("e-seal", ec.generate_private_key(ec.SECP521R1())),
        ("time-stamp", KEYS["P-384"]),
        ("issuing-ca", rsa.generate_private_key(65537, 1024)),
    ],
    ids=["other-curve", "not-of-this-profile", "ca-with-rsa"],
)
def test_other_kinds_of_keys_are_refused(
    house: House, now: datetime, profile: str, weak: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
) -> None:
    with pytest.raises(KeyWrong):
        authority.certify(house, profile, MARKET, weak.public_key(), now)


# -- machines


def test_a_machine_gets_a_certificate_that_openssl_takes_for_its_name_alone(
    house: House, now: datetime, openssl: Openssl
) -> None:
    made, above = services.certify_host(house, asked(KEYS["P-256"]), [HOST.upper(), "b.yinxin.example"], now, by="test")
    openssl.write(tls_pem=pem(made), ca_pem=pem(above), root_pem=pem(in_office(house, "root")))
    verify = ("verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted", "ca.pem", "-purpose", "sslserver")
    assert "OK" in openssl(*verify, "-verify_hostname", HOST, "tls.pem")
    assert "OK" in openssl(*verify, "-verify_hostname", "b.yinxin.example", "tls.pem")
    assert "hostname mismatch" in openssl(*verify, "-verify_hostname", "c.yinxin.example", "tls.pem", fails=True)
    assert (made.not_after - made.not_before).days < 90


def test_the_certificate_of_a_caller_serves_no_server(house: House, now: datetime) -> None:
    made, _ = services.certify_host(house, asked(KEYS["P-256"]), [HOST], now, by="test", client=True)
    purposes = x509.load_der_x509_certificate(made.der).extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert list(purposes.value) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_nothing_under_the_ca_of_services_comes_near_seals(house: House, now: datetime) -> None:
    made, above = services.certify_host(house, asked(KEYS["P-256"]), [HOST], now, by="test")
    assert (made.issuer, above.issuer) == (SERVICE, "root")
    limits = x509.load_der_x509_certificate(above.der).extensions.get_extension_for_class(x509.BasicConstraints)
    assert limits.value.path_length == 0


def test_a_machine_that_was_lost_stands_on_the_list_of_its_ca(house: House, now: datetime) -> None:
    made, _ = services.certify_host(house, asked(KEYS["P-256"]), [HOST], now, by="test")
    revoke(house, made.serial, Reason.key_compromise, "test", now)
    listed = x509.load_der_x509_crl(status.crl(house, SERVICE, now))
    assert listed.get_revoked_certificate_by_serial_number(int(made.serial, 16)) is not None


@pytest.mark.parametrize(
    ("hosts", "problem"),
    [
        ([], CsrWrong),
        (["localhost"], SubjectWrong),
        (["*.yinxin.example"], SubjectWrong),
        (["a b.example"], SubjectWrong),
        (["192.0.2.1"], SubjectWrong),
        ([HOST, HOST.upper()], SubjectWrong),
        ([f"h{n}.example" for n in range(21)], SubjectWrong),
    ],
    ids=["none", "no-domain", "wildcard", "space", "address", "twice", "too-many"],
)
def test_what_is_no_name_of_a_machine(house: House, now: datetime, hosts: list[str], problem: type[Exception]) -> None:
    with pytest.raises(problem):
        services.certify_host(house, asked(KEYS["P-256"]), hosts, now, by="test")


def test_a_request_must_prove_that_its_key_is_there(house: House, now: datetime) -> None:
    whole = x509.load_pem_x509_csr(asked(KEYS["P-256"])).public_bytes(Encoding.DER)
    body = base64.encodebytes(whole[:-1] + bytes((whole[-1] ^ 1,)))
    forged = b"-----BEGIN CERTIFICATE REQUEST-----\n" + body + b"-----END CERTIFICATE REQUEST-----\n"
    for request in (forged, b"", b"nothing", asked(KEYS["P-256"])[:200]):
        with pytest.raises(CsrWrong):
            services.certify_host(house, request, [HOST], now, by="test")


def test_without_its_ca_no_machine_is_certified(house: House, now: datetime) -> None:
    revoke(house, in_office(house, SERVICE).serial, Reason.ca_compromise, "test", now)
    with pytest.raises(NoAuthority):
        services.certify_host(house, asked(KEYS["P-256"]), [HOST], now, by="test")


def test_the_command_writes_the_chain(house: House, tmp_path: Path, run: Run) -> None:  # noqa: F811
    (tmp_path / "request.pem").write_bytes(asked(KEYS["P-256"]))
    out = tmp_path / "chain.pem"
    assert HOST in run("tls", HOST, "--csr", str(tmp_path / "request.pem"), "--out", str(out))
    first, second = x509.load_pem_x509_certificates(out.read_bytes())
    first.verify_directly_issued_by(second)
    assert "This request for a certificate" in run("tls", HOST, "--csr", str(out), "--out", str(out), code=1)


def pem(certificate: Certificate) -> bytes:
    return x509.load_der_x509_certificate(certificate.der).public_bytes(Encoding.PEM)
