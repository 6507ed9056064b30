from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certs import der, lint
from certs.model import ISSUING, Certificate, LintFound
from hub.house import House
from tests.certs.conftest import in_office

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def careless(*extensions: tuple[x509.ExtensionType, bool]) -> bytes:
    """A certificate as a careless CA makes it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + timedelta(days=1))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_a_careless_certificate_is_refused_with_the_names_of_the_rules() -> None:
    with pytest.raises(LintFound) as refused:
        lint.refuse(lint.certificate(careless()))
    assert "authority_key_identifier" in refused.value.detail
    assert refused.value.extras["findings"]


def test_a_legal_person_is_held_to_more_rules() -> None:
    certificate = careless((x509.KeyUsage(True, True, *([False] * 7)), True))
    plain, strict = lint.certificate(certificate), lint.certificate(certificate, legal_person=True)
    assert set(plain) < set(strict)
    assert {"etsi.en_319_412_2.nat-4.3.2-1.mixed_key_usage_setting"} <= {found.rule for found in strict}


def test_a_certificate_is_held_against_its_issuer(house: House, seal: Certificate) -> None:
    assert not [found for found in lint.certificate(seal.der, issuer=in_office(house, ISSUING).der) if found.serious]
    assert [found for found in lint.certificate(seal.der, issuer=in_office(house, "root").der) if found.serious]


def test_time_in_the_wrong_form_is_found_in_a_list() -> None:
    """The known trap: GeneralizedTime before 2050 (RFC 5280 5.1.2.4)."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    builder = x509.CertificateRevocationListBuilder(name, NOW, NOW + timedelta(days=1))
    good = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    tbs = der.Reader(good).into(der.SEQUENCE).into(der.SEQUENCE)
    version, algorithm, issuer = tbs.raw(der.INTEGER), tbs.raw(der.SEQUENCE), tbs.raw(der.SEQUENCE)
    wrong = der.sequence(version, algorithm, issuer, der.moment(NOW), der.moment(NOW + timedelta(days=1)))
    found = lint.revocation_list(der.sequence(wrong, algorithm, der.bits(b"\x30\x00")))
    assert "pkix.wrong_time_useful_type" in {each.rule for each in found}


def test_fractions_of_a_second_are_found_in_an_answer() -> None:
    """The other known trap (RFC 5280 4.1.2.5.2)."""
    odd = der.tlv(der.GENERALIZED_TIME, b"20261122000000.5Z")
    single = der.sequence(
        der.sequence(
            der.sequence(der.oid("1.3.14.3.2.26")), der.octets(b"x" * 20), der.octets(b"x" * 20), der.integer(1)
        ),
        der.tlv(der.PRIMITIVE_CONTEXT),
        odd,
    )
    data = der.sequence(der.explicit(2, der.octets(b"x" * 20)), odd, der.sequence(single))
    basic = der.sequence(data, der.sequence(der.oid("1.2.840.10045.4.3.2")), der.bits(b"\x30\x00"))
    answer = der.sequence(
        der.tlv(der.ENUMERATED, b"\0"),
        der.explicit(0, der.sequence(der.oid("1.3.6.1.5.5.7.48.1.1"), der.octets(basic))),
    )
    assert any("generalizedtime" in each.rule for each in lint.ocsp_response(answer))


def test_a_finding_names_rule_and_place() -> None:
    found = next(each for each in lint.certificate(careless()) if each.serious)
    assert str(found).startswith(f"{found.severity} {found.rule} @ {found.where}")
