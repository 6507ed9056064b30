from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certs import authority, ceremony, lint, status, store
from certs.model import (
    ISSUING,
    ROOT,
    Certificate,
    CertificateUnknown,
    DraftWrong,
    KeyWrong,
    LintFound,
    NoAuthority,
    Reason,
    profile,
)
from certs.revoke import revoke
from hub import clock, ledger
from hub.house import House
from hub.keys import ORDERS, KeyMissing
from tests.certs.conftest import MARKET, Openssl, in_office, seal_certificate

POSTS = [name for name, _, _ in ceremony.POSTS]


def read(certificate: Certificate) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate.der)


# -- what stands in the certificates


@pytest.mark.parametrize("post", POSTS)
def test_no_linter_finds_anything_in_the_certificates_of_the_pki(house: House, post: str) -> None:
    one = in_office(house, post)
    issuer = in_office(house, one.issuer)
    assert [str(found) for found in lint.certificate(one.der, issuer=issuer.der) if found.severity != "INFO"] == []


def test_no_linter_finds_anything_in_an_e_seal_certificate(house: House, seal: Certificate) -> None:
    found = lint.certificate(seal.der, issuer=in_office(house, ISSUING).der, legal_person=True)
    assert [str(each) for each in found if each.severity != "INFO"] == []


def test_an_e_seal_names_a_legal_person(seal: Certificate) -> None:
    names = {each.oid: each.value for each in read(seal).subject}
    assert names == {
        NameOID.COUNTRY_NAME: "CN",
        NameOID.ORGANIZATION_NAME: MARKET.name,
        NameOID.ORGANIZATION_IDENTIFIER: "NTRCN-11880100DEM000049A",
        NameOID.COMMON_NAME: MARKET.name,
    }


def test_an_e_seal_key_may_commit_to_content_and_nothing_else(seal: Certificate) -> None:
    usage = read(seal).extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.content_commitment
    others = {
        "digital_signature",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
    }
    assert not any(getattr(usage.value, other) for other in others)
    with pytest.raises(x509.ExtensionNotFound):
        read(seal).extensions.get_extension_for_class(x509.ExtendedKeyUsage)


def test_an_e_seal_does_not_claim_to_be_qualified(seal: Certificate) -> None:
    statements = read(seal).extensions.get_extension_for_oid(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3")).value
    assert isinstance(statements, x509.UnrecognizedExtension)
    assert bytes.fromhex("04008bec490102") in statements.value  # id-etsi-qcs-SemanticsId-Legal
    assert bytes.fromhex("04008e4601") not in statements.value  # anything of id-etsi-qcs


def test_an_e_seal_tells_where_its_status_is_found(house: House, seal: Certificate) -> None:
    places = read(seal).extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert [each.access_location.value for each in places] == [
        f"{house.settings.pki_url}/pki/issuing.crt",
        f"{house.settings.pki_url}/pki/ocsp",
    ]


@pytest.mark.parametrize("post", POSTS)
def test_the_demo_pki_says_that_it_is_one(house: House, post: str) -> None:
    assert "DEMO" in in_office(house, post).subject
    assert "test only" in in_office(house, post).subject


def test_serial_numbers_have_twenty_octets_and_never_meet(house: House, now: datetime) -> None:
    serials = [in_office(house, post).serial for post in POSTS]
    serials += [seal_certificate(house, now, f"seal-{number}").serial for number in range(5)]
    assert len(set(serials)) == len(serials)
    for serial in serials:
        number = int(serial, 16)
        assert len(serial) == 40
        assert 152 < number.bit_length() < 160  # 20 octets, positive


def test_a_certificate_begins_a_little_before_now_and_not_before_its_issuer(
    house: House, seal: Certificate, now: datetime
) -> None:
    issuer = in_office(house, ISSUING)
    assert timedelta(0) < now - seal.not_before <= timedelta(minutes=5, seconds=1)
    assert seal.not_before >= issuer.not_before
    assert seal.not_before.microsecond == 0


def test_a_certificate_never_outlives_its_issuer(house: House, now: datetime) -> None:
    late = now + timedelta(days=profile(ISSUING).days - 100)
    issuer = in_office(house, ISSUING)
    assert seal_certificate(house, late).not_after == issuer.not_after


def test_signatures_of_the_ca_have_low_s(house: House, seal: Certificate) -> None:
    for one in (seal, in_office(house, ROOT), in_office(house, "time-stamp")):
        _, s = decode_dss_signature(read(one).signature)
        curve = "secp256r1" if one is seal else "secp384r1"
        assert s <= ORDERS[curve] // 2


def test_the_ca_of_seals_cannot_make_another_ca(house: House) -> None:
    limits = read(in_office(house, ISSUING)).extensions.get_extension_for_class(x509.BasicConstraints)
    assert limits.critical
    assert limits.value.path_length == 0


def test_the_time_stamp_unit_is_not_under_the_ca_of_seals(house: House) -> None:
    assert in_office(house, "time-stamp").issuer == ROOT


def test_openssl_builds_the_path_and_checks_revocation(
    house: House, seal: Certificate, now: datetime, openssl: Openssl
) -> None:
    openssl.write(seal_der=seal.der, root_pem=pem(in_office(house, ROOT)), issuing_pem=pem(in_office(house, ISSUING)))
    check = ("verify", "-x509_strict", "-crl_check_all", "-CAfile", "root.pem", "-untrusted", "issuing.pem")

    def judged(*, fails: bool = False) -> str:
        lists = [x509.load_der_x509_crl(status.crl(house, name, now)) for name in (ROOT, ISSUING)]
        openssl.write(lists=b"".join(each.public_bytes(Encoding.PEM) for each in lists))
        return openssl(*check, "-CRLfile", "lists", "seal.der", fails=fails)

    assert "OK" in judged()
    revoke(house, seal.serial, Reason.key_compromise, "test", now)
    assert "certificate revoked" in judged(fails=True)


# -- how they come to be


def test_what_the_linter_refuses_is_not_signed_and_leaves_no_number(house: House, now: datetime) -> None:
    # EN 319 412-2 4.3.11: a revocation list must be found without TLS, whose certificates would need one first.
    with pytest.raises(LintFound) as refused:
        seal_certificate(at(house, "https://pki.yinxin.example.com"), now)
    assert "http_or_ldap_crldp" in refused.value.detail
    with house.database.read() as db:
        assert store.unsigned(db) == []
        assert store.certificates(db, profile="e-seal") == []


@pytest.mark.parametrize("url", ["http://localhost:8000", "http://192.168.7.7", "http://pki.inside.invalid"])
def test_a_closed_network_may_have_addresses_of_its_own(house: House, now: datetime, url: str) -> None:
    assert seal_certificate(at(house, url), now).profile == "e-seal"


def test_only_strong_curves_are_certified(house: House, now: datetime) -> None:
    weak = ec.generate_private_key(ec.SECP192R1()).public_key()
    with pytest.raises(KeyWrong):
        authority.certify(house, "e-seal", MARKET, weak, now)


def test_the_intent_is_kept_before_anything_is_signed(house: House, now: datetime) -> None:
    draft = authority.prepare(house, "e-seal", MARKET, public(house), now)
    with house.database.read() as db:
        assert store.unsigned(db) == [draft.serial]
        with pytest.raises(CertificateUnknown):
            store.certificate(db, draft.serial)
    issued = authority.issue(house, draft, now)
    assert read(issued).tbs_certificate_bytes == draft.tbs
    with house.database.read() as db:
        assert store.unsigned(db) == []
        assert [event.subject for event in ledger.events(db, kind="certificate.issued", limit=1)] == [draft.serial]


def test_a_draft_that_was_changed_is_not_signed(house: House, now: datetime) -> None:
    draft = authority.prepare(house, "e-seal", MARKET, public(house), now)
    with pytest.raises(DraftWrong):
        authority.issue(house, replace(draft, tbs=draft.tbs[:-1]), now)
    with pytest.raises(DraftWrong):
        authority.issue(house, replace(draft, serial="5" * 40), now)
    with house.database.read() as db:
        assert store.certificates(db, profile="e-seal") == []


def test_a_draft_is_issued_once(house: House, now: datetime) -> None:
    draft = authority.prepare(house, "e-seal", MARKET, public(house), now)
    issued = authority.issue(house, draft, now)
    with pytest.raises(DraftWrong):
        authority.issue(house, draft, now)
    with house.database.read() as db:
        assert store.certificates(db, profile="e-seal") == [issued]


def test_a_ca_whose_key_is_missing_issues_nothing(house: House, now: datetime) -> None:
    draft = authority.prepare(house, "e-seal", MARKET, public(house), now)
    (house.keys.folder / "issuing-ca.pem").unlink()
    with pytest.raises(KeyMissing):
        authority.issue(house, draft, now)


def test_a_revoked_ca_issues_nothing(house: House, now: datetime) -> None:
    revoke(house, in_office(house, ISSUING).serial, Reason.ca_compromise, "test", now)
    with pytest.raises(NoAuthority):
        seal_certificate(house, clock.now())


def test_an_expired_ca_issues_nothing(house: House, now: datetime) -> None:
    with pytest.raises(NoAuthority):
        seal_certificate(house, now + timedelta(days=profile(ISSUING).days + 1))


def test_the_chain_ends_at_the_root(house: House, seal: Certificate) -> None:
    with house.database.read() as db:
        assert [each.profile for each in store.chain(db, seal)] == [ISSUING, ROOT]


def at(house: House, url: str) -> House:
    return replace(house, settings=house.settings.model_copy(update={"pki_url": url}))


def public(house: House) -> ec.EllipticCurvePublicKey:
    house.keys.create("seal-9", purpose="seal")
    key = house.keys.public("seal-9")
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


def pem(certificate: Certificate) -> bytes:
    return read(certificate).public_bytes(Encoding.PEM)
