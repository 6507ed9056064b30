"""Reading a trust list without a server or a database: its signature must lead to a root that the reader has already."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from certs.model import TRUST_LIST_SIGNING, TrustListWrong

_SIGNATURE_OCTETS = 64  # r and s of ES256 (RFC 7518 3.4)
TYPE = "trust-list+jwt"
MOST_BYTES = 5_000_000


@dataclass(frozen=True)
class TrustList:
    """What a trust list tells. It is the caller who judges its age (`expires`) and that `number` never falls."""

    number: int
    issued: datetime
    expires: datetime
    content: dict[str, Any]

    def keys(self, use: str) -> dict[str, dict[str, Any]]:
        """The entries of all keys of one use by their `kid`: `jwk`, `since`, `until`, `agency`."""
        return {key["kid"]: key for key in self.content["keys"] if key["use"] == use}

    def certificates(self, section: str) -> list[x509.Certificate]:
        """The certificates of `roots`, `authorities` or `timestamp_units` that were not revoked."""
        entries = (entry for entry in self.content[section] if entry["revoked"] is None)
        return [x509.load_der_x509_certificate(base64.b64decode(entry["certificate"])) for entry in entries]


def read(text: str, roots: list[x509.Certificate]) -> TrustList:
    """Check a trust list against roots that are trusted already. Raises TrustListWrong for everything that is not whole."""
    try:
        return _read(text, roots)
    except TrustListWrong:
        raise
    except Exception as error:  # a file from anywhere: base64, JSON, X.509 and types may each be wrong in their own way
        raise TrustListWrong("It cannot be read") from error


def _read(text: str, roots: list[x509.Certificate]) -> TrustList:
    if len(text) > MOST_BYTES:
        raise TrustListWrong("It is too large")
    head, body, signature = text.strip().split(".")
    header, content = json.loads(_decoded(head)), json.loads(_decoded(body))
    if header["typ"] != TYPE or header["alg"] != "ES256" or set(header) - {"alg", "typ", "kid", "x5c"}:
        raise TrustListWrong("It is no trust list")
    issued = datetime.fromtimestamp(content["iat"], UTC)
    signer = x509.load_der_x509_certificate(base64.b64decode(header["x5c"][0], validate=True))
    _check_signer(signer, roots, issued)
    _check_signature(signer, f"{head}.{body}".encode(), _decoded(signature))
    return TrustList(content["seq"], issued, datetime.fromtimestamp(content["exp"], UTC), content)


def _check_signer(signer: x509.Certificate, roots: list[x509.Certificate], issued: datetime) -> None:
    """The signer's certificate comes from one of the roots, for this one purpose, and was valid when it signed."""
    purposes = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    if [purpose.dotted_string for purpose in purposes] != [TRUST_LIST_SIGNING]:
        raise TrustListWrong("Its signer may not sign trust lists")
    if not signer.not_valid_before_utc <= issued <= signer.not_valid_after_utc:
        raise TrustListWrong("Its signer's certificate was not valid when it was signed")
    if not any(_issued_by(signer, root) for root in roots):
        raise TrustListWrong("Its signer does not come from a root that is trusted here")


def _issued_by(certificate: x509.Certificate, root: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(root)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _check_signature(signer: x509.Certificate, text: bytes, signature: bytes) -> None:
    key = signer.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or len(signature) != _SIGNATURE_OCTETS:
        raise TrustListWrong("Its signature is not ES256")
    half = _SIGNATURE_OCTETS // 2
    r, s = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
    try:
        key.verify(encode_dss_signature(r, s), text, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise TrustListWrong("It was changed after it was signed") from error


def _decoded(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
