"""The kinds of keys that may sign certificates and documents, and how a signature of each is named and written (TS 119 312).

Time-stamps, tokens and trust lists stay P-256; a seal's key is one of these three.
"""

from dataclasses import dataclass

from certs import der
from certs.der import Malformed, Reader
from certs.model import KeyWrong

SHA256 = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"))
SHA384 = der.sequence(der.oid("2.16.840.1.101.3.4.2.2"))
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P384_ORDER = int("f" * 48 + "c7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16)


@dataclass(frozen=True)
class Scheme:
    """One kind of key with its one hash. `identifier` and `digest_identifier` are the AlgorithmIdentifiers as DER."""

    algorithm: str  # as `hub.keys` names it
    hash: str
    identifier: bytes
    digest_identifier: bytes
    longest: int  # octets of a signature
    order: int = 0  # of the curve; none: the signature is one number of fixed length

    def is_canonical(self, signature: bytes) -> bool:
        """Whether a signature has the one form that we give out: on a curve strict DER with s in the lower half."""
        if not self.order:
            return len(signature) == self.longest
        try:
            outer = Reader(signature)
            numbers = outer.into(der.SEQUENCE)
            outer.end()
            r, s = numbers.whole(), numbers.whole()
            numbers.end()
        except Malformed:
            return False
        return 0 < r < self.order and 0 < s <= self.order // 2


P256 = Scheme("P-256", "sha256", der.sequence(der.oid("1.2.840.10045.4.3.2")), SHA256, 72, P256_ORDER)
P384 = Scheme("P-384", "sha384", der.sequence(der.oid("1.2.840.10045.4.3.3")), SHA384, 104, P384_ORDER)
# PKCS #1 v1.5: the parameters are NULL, not absent (RFC 4055 5). It is deterministic, so one document has one signature.
RSA3072 = Scheme(
    "RSA-3072", "sha256", der.sequence(der.oid("1.2.840.113549.1.1.11"), der.tlv(der.NULL)), SHA256, 384
)  # fmt: skip
SCHEMES = {scheme.algorithm: scheme for scheme in (P256, P384, RSA3072)}

_EC_KEY, _RSA_KEY = der.oid("1.2.840.10045.2.1"), der.oid("1.2.840.113549.1.1.1")
_CURVES = {der.oid("1.2.840.10045.3.1.7"): P256, der.oid("1.3.132.0.34"): P384}


def of(algorithm: str) -> Scheme:
    """The scheme of a key by the name of its algorithm. Raises KeyWrong."""
    try:
        return SCHEMES[algorithm]
    except KeyError:
        raise KeyWrong("The key is of the kind %(kind)s", kind=algorithm) from None


def of_public(spki: bytes) -> Scheme:
    """The scheme of a public key, given as DER SubjectPublicKeyInfo (RFC 5280 4.1.2.7). Raises KeyWrong."""
    try:
        whole = Reader(spki)
        info = whole.into(der.SEQUENCE)
        whole.end()
        kind = info.into(der.SEQUENCE)
        name = kind.raw(der.OID)
        curve = kind.raw(der.OID) if kind.peek() == der.OID else b""
        key = info.take(der.BIT_STRING)
        bits = Reader(key[1:]).into(der.SEQUENCE).whole().bit_length() if name == _RSA_KEY else 0
    except Malformed as error:
        raise KeyWrong("The key is of the kind %(kind)s", kind="?") from error
    found = _CURVES.get(curve) if name == _EC_KEY else RSA3072 if bits == 8 * RSA3072.longest else None
    if found is None:
        raise KeyWrong("The key is of the kind %(kind)s", kind=f"RSA-{bits}" if bits else "?")
    return found


def of_identifier(identifier: bytes) -> Scheme | None:
    """The scheme that signs under this AlgorithmIdentifier (DER); None for a stranger's."""
    return next((scheme for scheme in SCHEMES.values() if scheme.identifier == identifier), None)
