from contextlib import suppress

import pytest
from asn1crypto import ocsp as asn1_ocsp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import OCSPRequestBuilder
from hypothesis import given
from hypothesis import strategies as st

from certs import der, ocsp

GOOD = (
    OCSPRequestBuilder()
    .add_certificate_by_hash(b"n" * 20, b"k" * 20, 7, hashes.SHA1())
    .build()
    .public_bytes(Encoding.DER)
)


def with_nonce(nonce: bytes, *, critical: bool = False) -> bytes:
    """A request with a nonce extension around these octets."""
    request = asn1_ocsp.OCSPRequest.load(GOOD)
    extension = {"extn_id": "nonce", "critical": critical, "extn_value": nonce}
    request["tbs_request"]["request_extensions"] = [extension]
    return bytes(request.dump(force=True))


def many(count: int) -> bytes:
    request = asn1_ocsp.OCSPRequest.load(GOOD)
    one = request["tbs_request"]["request_list"][0]
    request["tbs_request"]["request_list"] = [one.copy() for _ in range(count)]
    return bytes(request.dump(force=True))


def with_unknown_extension(*, critical: bool) -> bytes:
    body = der.sequence(
        der.oid("1.3.6.1.4.1.32473.1"), der.tlv(der.BOOLEAN, b"\xff") if critical else b"", der.octets(b"")
    )
    tbs = der.Reader(GOOD).into(der.SEQUENCE).into(der.SEQUENCE)
    return der.sequence(der.sequence(tbs.raw(der.SEQUENCE), der.explicit(2, der.sequence(body))))


def test_a_plain_request_is_read() -> None:
    asked = ocsp.read(GOOD)
    assert asked.nonce is None
    assert [(each.issuer, each.serial) for each in asked.ids] == [((ocsp.SHA1, b"n" * 20, b"k" * 20), 7)]


@pytest.mark.parametrize("size", [1, 16, 32, 128])
def test_a_nonce_of_any_allowed_length_is_kept_whole(size: int) -> None:
    asked = ocsp.read(with_nonce(b"x" * size))
    assert asked.nonce is not None
    assert b"x" * size in asked.nonce


def test_some_certificates_may_be_asked_about_at_once() -> None:
    assert len(ocsp.read(many(ocsp.MOST_IDS)).ids) == ocsp.MOST_IDS


def test_an_unknown_extension_that_is_not_critical_is_passed_over() -> None:
    assert ocsp.read(with_unknown_extension(critical=False)).nonce is None


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"\x30\x00",
        GOOD[:-1],
        GOOD + b"\x00",
        with_nonce(b""),
        with_nonce(b"x" * 129),
        with_unknown_extension(critical=True),
        many(ocsp.MOST_IDS + 1),
        der.sequence(der.sequence(der.sequence())),
        der.sequence(der.sequence(der.explicit(0, der.integer(1)), der.Reader(GOOD).into(48).into(48).raw(48))),
    ],
    ids=[
        "empty",
        "empty-sequence",
        "cut-off",
        "octets-after-it",
        "empty-nonce",
        "long-nonce",
        "critical-extension",
        "too-many",
        "about-nothing",
        "version-2",
    ],
)
def test_what_is_malformed_is_refused(wrong: bytes) -> None:
    with pytest.raises(der.Malformed):
        ocsp.read(wrong)


@given(st.binary(max_size=400))
def test_random_octets_are_read_or_refused(data: bytes) -> None:
    with suppress(der.Malformed):
        ocsp.read(data)


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=4))
def test_a_damaged_request_is_read_or_refused(at: int, damage: bytes) -> None:
    with suppress(der.Malformed):
        ocsp.read(GOOD[:at] + damage + GOOD[at + len(damage) :])


@given(st.integers(1, (1 << 160) - 1))
def test_a_certificate_is_named_as_others_name_it(serial: int) -> None:
    issuer = next(each for each in ocsp.issuer_hashes(b"name", b"key") if each[0] == ocsp.SHA1)
    own = asn1_ocsp.CertId.load(ocsp.cert_id(issuer, serial).raw)
    assert own["serial_number"].native == serial
    assert own["hash_algorithm"]["algorithm"].native == "sha1"
