"""The signature container: strict DER, the attributes of PAdES baseline and no others, and parsers that never crash."""

import hashlib
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import cms as asn1
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from certs import der
from certs.der import Malformed
from certs.schemes import P256
from seals import cms

KEY = ec.generate_private_key(ec.SECP256R1())
NAME = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "示范"), x509.NameAttribute(NameOID.COMMON_NAME, "A")])
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
CERTIFICATE = (
    x509.CertificateBuilder(NAME, NAME, KEY.public_key(), 0x80FF, SINCE, SINCE + timedelta(days=9))
    .sign(KEY, hashes.SHA256())
    .public_bytes(Encoding.DER)
)
DIGEST = hashlib.sha256(b"a document").digest()


def signature_low_s(data: bytes) -> bytes:
    r, s = decode_dss_signature(KEY.sign(data, ec.ECDSA(hashes.SHA256())))
    return encode_dss_signature(r, min(s, P256.order - s))


def token(imprint: bytes, algorithm: str = "sha256") -> bytes:
    """The shape of a time-stamp token, unsigned."""
    info = tsp.TSTInfo(
        {
            "version": 1,
            "policy": "2.999.1",
            "message_imprint": {"hash_algorithm": {"algorithm": algorithm}, "hashed_message": imprint},
            "serial_number": 1,
            "gen_time": SINCE,
        }
    )
    signed = {
        "version": 3,
        "digest_algorithms": [{"algorithm": "sha256"}],
        "encap_content_info": {"content_type": "tst_info", "content": info},
        "signer_infos": [],
    }
    return bytes(asn1.ContentInfo({"content_type": "signed_data", "content": asn1.SignedData(signed)}).dump())


def container(stamp: bytes | None = None) -> bytes:
    template = cms.template((CERTIFICATE,))
    attributes = template.attributes(DIGEST)
    return template.container(attributes, signature_low_s(attributes), stamp)


def test_an_independent_parser_reads_it_and_writes_the_same_bytes() -> None:
    made = container()
    read = asn1.ContentInfo.load(made, strict=True)
    assert read.native["content"]["digest_algorithms"][0]["algorithm"] == "sha256"
    assert asn1.ContentInfo.load(made).copy().dump(force=True) == made


def test_the_signature_is_over_the_attributes_as_a_set() -> None:
    (signer,) = asn1.ContentInfo.load(container())["content"]["signer_infos"]
    KEY.public_key().verify(
        signer["signature"].native, signer["signed_attrs"].untag().dump(), ec.ECDSA(hashes.SHA256())
    )


def test_signed_attributes_are_three_and_name_digest_and_certificate() -> None:
    (signer,) = asn1.ContentInfo.load(container())["content"]["signer_infos"]
    attributes = {each["type"].native: each["values"].native for each in signer["signed_attrs"]}
    assert set(attributes) == {"content_type", "message_digest", "signing_certificate_v2"}
    assert attributes["content_type"] == ["data"]
    assert attributes["message_digest"] == [DIGEST]
    (certificate_id,) = attributes["signing_certificate_v2"][0]["certs"]
    assert certificate_id["cert_hash"] == hashlib.sha256(CERTIFICATE).digest()
    assert certificate_id["issuer_serial"]["serial_number"] == 0x80FF


def test_the_default_hash_of_the_certificate_id_is_left_out_as_der_demands() -> None:
    assert b"\x30" + der.oid("2.16.840.1.101.3.4.2.1") not in cms.template((CERTIFICATE,)).ess


def test_the_only_unsigned_attribute_is_one_time_stamp() -> None:
    (bare,) = asn1.ContentInfo.load(container())["content"]["signer_infos"]
    assert not bare["unsigned_attrs"].native
    stamp = token(bytes(32))
    (signer,) = asn1.ContentInfo.load(container(stamp))["content"]["signer_infos"]
    (attribute,) = signer["unsigned_attrs"]
    assert attribute["type"].native == "signature_time_stamp_token"
    (value,) = attribute["values"]
    assert value.dump() == stamp


def test_certificates_stand_in_der_order() -> None:
    chain = (b"\x30\x03\x02\x01\x09", CERTIFICATE)
    assert cms.template((CERTIFICATE, chain[0])).certificates.endswith(b"".join(sorted(chain)))


@pytest.mark.parametrize("stamp", [None, token(DIGEST)], ids=["bare", "timed"])
def test_we_know_our_own_container_and_no_octet_of_it_can_change(stamp: bytes | None) -> None:
    made = container(stamp)
    assert cms.is_ours(made, DIGEST, (CERTIFICATE,))
    assert not cms.is_ours(made, bytes(32), (CERTIFICATE,))
    assert not cms.is_ours(made, DIGEST, (CERTIFICATE, CERTIFICATE))
    assert not cms.is_ours(made + b"\0", DIGEST, (CERTIFICATE,))
    signature, _ = cms._variable(made)
    checked_by_others = {made.index(signature) + each for each in range(len(signature))}
    if stamp:
        checked_by_others |= {made.index(stamp) + each for each in range(len(stamp))}
    for at in set(range(len(made))) - checked_by_others:
        changed = bytearray(made)
        changed[at] ^= 1
        assert not cms.is_ours(bytes(changed), DIGEST, (CERTIFICATE,)), at


def test_a_container_with_high_s_is_not_ours() -> None:
    template = cms.template((CERTIFICATE,))
    attributes = template.attributes(DIGEST)
    r, s = decode_dss_signature(signature_low_s(attributes))
    twin = encode_dss_signature(r, P256.order - s)
    assert not cms.is_ours(template.container(attributes, twin, None), DIGEST, (CERTIFICATE,))


def test_high_s_is_seen() -> None:
    r, s = decode_dss_signature(signature_low_s(b"x"))
    assert P256.is_canonical(encode_dss_signature(r, s))
    assert not P256.is_canonical(encode_dss_signature(r, P256.order - s))


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"\x30\x00",
        encode_dss_signature(0, 1),
        encode_dss_signature(1, 0),
        encode_dss_signature(P256.order, 1),
        encode_dss_signature(1, 1) + b"\0",
        b"\x30\x06\x02\x01\x01\x02\x01\xff",
        b"\x30\x07\x02\x02\x00\x01\x02\x01\x01",
        b"\x30\x81\x06\x02\x01\x01\x02\x01\x01",
        b"\x30\x09" + b"\x02\x01\x01" * 3,
    ],
    ids=["empty", "no-numbers", "r-0", "s-0", "r-large", "trailing", "negative", "padded", "long-length", "three"],
)
def test_a_signature_has_one_form(wrong: bytes) -> None:
    assert not P256.is_canonical(wrong)


def test_a_token_says_what_it_covers() -> None:
    assert cms.imprint(token(DIGEST)) == DIGEST


@pytest.mark.parametrize(
    "wrong",
    [b"", b"\x30\x00", container(), token(DIGEST) + b"\0", token(DIGEST)[:-1], token(bytes(20), "sha1")],
    ids=["empty", "hollow", "a-signature", "trailing", "cut", "sha1"],
)
def test_what_is_no_token_over_sha256_is_refused(wrong: bytes) -> None:
    with pytest.raises(Malformed):
        cms.imprint(wrong)


@given(st.binary(max_size=400))
def test_no_bytes_crash_the_readers(data: bytes) -> None:
    assert P256.is_canonical(data) in {True, False}
    for read in (cms.imprint, cms.issuer_and_serial):
        with suppress(Malformed):
            read(data)
    assert not cms.is_ours(data, DIGEST, (CERTIFICATE,))


@given(st.integers(0, len(CERTIFICATE) - 1), st.integers(1, 255))
def test_no_damaged_certificate_crashes_the_reader(at: int, flip: int) -> None:
    damaged = bytearray(CERTIFICATE)
    damaged[at] ^= flip
    with suppress(Malformed):
        cms.issuer_and_serial(bytes(damaged))
