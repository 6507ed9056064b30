"""The kinds of keys: each signature is told by its name, and has one form."""

from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from certs import schemes
from certs.model import KeyWrong

KEYS: dict[str, Any] = {
    "P-256": ec.generate_private_key(ec.SECP256R1()),
    "P-384": ec.generate_private_key(ec.SECP384R1()),
    "RSA-3072": rsa.generate_private_key(65537, 3072),
}


def spki(key: Any) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[no-any-return]


def signed(name: str) -> bytes:
    key, hashing = KEYS[name], hashes.SHA384() if name == "P-384" else hashes.SHA256()
    if name.startswith("RSA"):
        return key.sign(b"data", padding.PKCS1v15(), hashing)  # type: ignore[no-any-return]
    return key.sign(b"data", ec.ECDSA(hashing))  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", schemes.SCHEMES)
def test_a_public_key_tells_its_scheme(name: str) -> None:
    assert schemes.of_public(spki(KEYS[name])) is schemes.of(name)


@pytest.mark.parametrize("name", schemes.SCHEMES)
def test_an_identifier_is_that_of_one_scheme(name: str) -> None:
    assert schemes.of_identifier(schemes.of(name).identifier) is schemes.of(name)
    assert schemes.of_identifier(schemes.of(name).digest_identifier) is None


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP521R1()),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["RSA-2048", "P-521", "Ed25519"],
)
def test_no_other_key_has_a_scheme(key: Any) -> None:
    with pytest.raises(KeyWrong):
        schemes.of_public(spki(key))


@pytest.mark.parametrize("name", ["RSA-2048", "Ed25519", "P-521", ""])
def test_no_other_name_has_a_scheme(name: str) -> None:
    with pytest.raises(KeyWrong):
        schemes.of(name)


@pytest.mark.parametrize("name", ["P-256", "P-384"])
def test_of_the_two_forms_on_a_curve_one_is_canonical(name: str) -> None:
    scheme = schemes.of(name)
    r, s = decode_dss_signature(signed(name))
    low, high = sorted((s, scheme.order - s))
    assert scheme.is_canonical(encode_dss_signature(r, low))
    assert not scheme.is_canonical(encode_dss_signature(r, high))
    assert not scheme.is_canonical(encode_dss_signature(r, low) + b"\0")
    assert not scheme.is_canonical(b"\x30\x81\x08" + encode_dss_signature(1, 1)[2:])
    assert len(encode_dss_signature(r, low)) <= scheme.longest


def test_an_rsa_signature_has_the_length_of_its_key() -> None:
    value = signed("RSA-3072")
    assert schemes.RSA3072.is_canonical(value)
    assert not schemes.RSA3072.is_canonical(value[1:])
    assert not schemes.RSA3072.is_canonical(value + b"\0")


@given(st.binary(max_size=120))
def test_whatever_is_no_key_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(KeyWrong):
        schemes.of_public(data)
    assert not schemes.P256.is_canonical(data) or data[:1] == b"\x30"
