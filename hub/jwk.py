"""Public keys as JSON Web Keys (RFC 7517), and the key pair of a client that keeps its own."""

import base64
import hashlib
import json

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey
JWS = {"secp256r1": ("ES256", "P-256"), "secp384r1": ("ES384", "P-384")}  # curve -> `alg`, `crv`


def algorithm_of(key: PublicKey) -> str:
    """The `alg` of a key, unless another is said where it is used (RFC 7518 3.1, RFC 8037 3.1)."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return JWS[key.curve.name][0]
    return "RS256" if isinstance(key, rsa.RSAPublicKey) else "EdDSA"


def jwk_of(key: PublicKey) -> dict[str, str]:
    """The bare JSON Web Key of a public key (RFC 7518 6)."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        numbers, size = key.public_numbers(), (key.key_size + 7) // 8
        return {"kty": "EC", "crv": JWS[key.curve.name][1], "x": _b64(numbers.x, size), "y": _b64(numbers.y, size)}
    if isinstance(key, ed25519.Ed25519PublicKey):  # RFC 8037 2
        return {"kty": "OKP", "crv": "Ed25519", "x": unpadded(key.public_bytes_raw())}
    numbers_rsa = key.public_numbers()
    size = (key.key_size + 7) // 8
    return {"kty": "RSA", "e": _b64(numbers_rsa.e, 3), "n": _b64(numbers_rsa.n, size)}


def thumbprint(jwk: dict[str, str]) -> str:
    """RFC 7638 over the members that define the key."""
    members = {name: jwk[name] for name in ("crv", "e", "kty", "n", "x", "y") if name in jwk}
    text = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=").decode()


def _b64(number: int, size: int) -> str:
    return unpadded(number.to_bytes(size, "big"))


def unpadded(data: bytes) -> str:
    """base64url without padding (RFC 7515 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def fresh_jwk() -> dict[str, str]:
    """A new P-256 key pair as private JWK with `kid`: for a client that keeps its key itself, never for our custody."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = jwk_of(key.public_key())
    return public | {"d": _b64(key.private_numbers().private_value, 32), "kid": thumbprint(public)}
