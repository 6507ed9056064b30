"""Whether the key of a certificate signed some octets."""

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certs import schemes
from certs.model import KeyWrong


def is_signed(certificate: bytes, signature: bytes, data: bytes) -> bool:
    """Whether it is that key's signature (P-256 with SHA-256, in its one form). Whose certificate it is, is another question."""
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        scheme = schemes.of_public(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
        if scheme is not schemes.P256 or not scheme.is_canonical(signature):
            return False
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, UnsupportedAlgorithm, x509.InvalidVersion, KeyWrong, ValueError):
        return False
    return True
