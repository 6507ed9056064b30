"""What a service may publish as a key of its own: public, of a kind that we take, and long enough (RFC 7517, RFC 7518)."""

from collections.abc import Mapping
from typing import Any, Protocol


class HasMembers(Protocol):
    """A JWK, as it was registered or as it was imported."""

    def get(self, name: str, default: Any = None, /) -> Any:
        """The value of a member."""


KINDS = ("EC", "RSA", "OKP")
PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})  # RFC 7518 6: private and symmetric members
MEMBERS = (
    "kty",
    "use",
    "alg",
    "kid",
    "crv",
    "x",
    "y",
    "n",
    "e",
    "x5c",
    "x5t#S256",
)  # of a public JWK; no other is kept
AGREES = {"RSA-OAEP-256": ("RSA",), "ECDH-ES": ("EC", "OKP"), "ECDH-ES+A256KW": ("EC", "OKP")}  # types of keys
CURVES = ("P-256", "P-384", "P-521", "X25519")  # an Ed25519 key signs and cannot agree on anything
ENCODINGS = ("A128CBC-HS256", "A256GCM")  # the first is that of a client that names none (Registration 2)
SIGNS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {  # type, curves, and what such a key may call itself
    "ES256": ("EC", ("P-256",), ("ES256",)),
    "RS256": ("RSA", (), ("RS256",)),
    "PS256": ("RSA", (), ("PS256",)),
    "EdDSA": ("OKP", ("Ed25519",), ("EdDSA", "Ed25519")),
}
RSA_CHARACTERS = 342  # of a modulus of 2048 bits in base64url (RFC 7518 3.3)


def refusal(jwk: object) -> str:
    """Why this is no public key that we take, or nothing. Whether its numbers make a key is not asked here."""
    if not isinstance(jwk, dict) or jwk.get("kty") not in KINDS:
        return "not a key of type EC, RSA or OKP"
    if PRIVATE & jwk.keys():
        return "a private or symmetric key"
    if not all(isinstance(jwk.get(name, ""), str) for name in ("kid", "use", "alg", "n")):
        return "kid, use and alg are text"
    if jwk["kty"] == "RSA" and len(jwk.get("n", "").lstrip("A")) < RSA_CHARACTERS:
        return "an RSA key of less than 2048 bits"
    return ""


def encrypts(jwk: Mapping[str, Any], alg: str) -> bool:
    """Whether one may encrypt to this key with this algorithm; what it says of its own use counts (RFC 7517 4.2, 4.4)."""
    fits = jwk.get("kty") in AGREES.get(alg, ()) and jwk.get("crv", "P-256") in CURVES
    return fits and jwk.get("use", "enc") == "enc" and jwk.get("alg", alg) == alg


def signs(jwk: HasMembers, alg: str) -> bool:
    """Whether this key can check this algorithm, and is not said to be for another (RFC 7517 4.2, 4.4; RFC 9864: Ed25519)."""
    kind, curves, names = SIGNS[alg]
    fits = jwk.get("kty") == kind and (not curves or jwk.get("crv") in curves)
    return fits and jwk.get("use", "sig") == "sig" and jwk.get("alg", alg) in names


def public_members(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a public key, and no others."""
    return {name: jwk[name] for name in MEMBERS if name in jwk and _is_plain(jwk[name])}


def _is_plain(value: object) -> bool:
    texts = value if isinstance(value, list) else [value]
    return all(isinstance(one, str) and one.isascii() for one in texts)
