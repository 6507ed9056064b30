"""Keys in a token, in the form in which `hub.keys.checked` takes a key: it has `sign`, and nothing else."""

import hashlib
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

if TYPE_CHECKING:
    from hub.token import Token

DIGEST_INFO = {  # what stands before a digest that is signed by PKCS #1 v1.5 (RFC 8017 9.2, note 1)
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}


class EllipticInToken:
    """An elliptic key."""

    def __init__(self, token: "Token", name: str) -> None:
        self._token, self._name = token, name

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """A DER signature (RFC 3279 2.2.3). Raises TokenGone, TokenBusy."""
        raw = self._token.sign_digest(self._name, _digest(data, signature_algorithm.algorithm)[1])
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))


class RsaInToken:
    """An RSA key."""

    def __init__(self, token: "Token", name: str) -> None:
        self._token, self._name = token, name

    def sign(self, data: Any, form: Any, algorithm: Any) -> bytes:
        """A signature by PKCS #1 v1.5 or PSS (RFC 8017 8). Raises TokenGone, TokenBusy."""
        name, digest = _digest(data, algorithm)
        if isinstance(form, padding.PSS):
            return self._token.sign_pss(self._name, name, digest)
        return self._token.sign_pkcs1(self._name, DIGEST_INFO[name] + digest)


def _digest(data: Any, algorithm: Any) -> tuple[str, bytes]:
    if isinstance(algorithm, Prehashed):
        return f"sha{algorithm.digest_size * 8}", bytes(data)
    return algorithm.name, hashlib.new(algorithm.name, data).digest()
