"""Proof that whoever sends a request holds a private key (RFC 9449 4). Pure: `yinxin.rs` hands it to departments as it is.

Whether a proof comes for the first time is for the caller to ask, under `Proof.once`: here nothing is kept.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

ALGORITHMS = ("ES256", "EdDSA", "PS256")  # FAPI 2.0 Security Profile 5.4.1
BACK = 60  # seconds that a proof without a nonce of ours may be old
AHEAD = 30  # seconds that a client's clock may run ahead of ours
NONCE_LIFE = (
    240  # seconds: longer than any nonce of ours is good for (hub.nonces), so a proof by it is remembered as long
)
LONGEST = 4096  # characters of a proof; one with an RSA key of 4096 bits has 2000
SMALLEST_RSA, LARGEST_RSA = (
    342,
    684,
)  # characters of a modulus: 2048 bits (RFC 7518 3.5) to 4096, which costs enough to check
KEYS: dict[str, tuple[type[ECKey | RSAKey | OKPKey], str, tuple[str, ...]]] = {
    "ES256": (ECKey, "P-256", ("crv", "kty", "x", "y")),
    "EdDSA": (OKPKey, "Ed25519", ("crv", "kty", "x")),
    "PS256": (RSAKey, "", ("e", "kty", "n")),
}
OTHER_NAMES = {"Ed25519": "EdDSA"}  # RFC 9864 2.2: the same signature under its newer name
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
PORTS = {"http": 80, "https": 443}


class ProofWrong(Exception):
    """The proof proves nothing; the text says why, in plain ASCII."""


class NonceNeeded(ProofWrong):
    """The proof lacks a nonce that the server gave lately (RFC 9449 8)."""


@dataclass(frozen=True)
class Proof:
    """A proof that holds: whose key, and under which name its repetition must be looked for, for how long."""

    jkt: str  # the RFC 7638 thumbprint of the key
    once: str
    seconds: int


def check(
    given: Sequence[str],
    *,
    method: str,
    urls: Sequence[str],
    now: float,
    algorithms: Sequence[str] = ALGORITHMS,
    token: str | None = None,
    nonce_fits: Callable[[str], bool] | None = None,
    nonce_needed: bool = False,
) -> Proof:
    """The proof among the DPoP headers of a request, by the list of RFC 9449 4.3. Raises ProofWrong, NonceNeeded.

    `urls` are the names of the address that was asked, `token` the access token that is shown with it. A fitting nonce of ours
    makes the proof young whatever the client's clock says (RFC 9449 11.1).
    """
    if len(given) != 1 or "," in given[0]:  # servers join headers of one name by commas; a JWT has none
        raise ProofWrong("One DPoP header is needed")
    claims, jkt = _verified(given[0], algorithms)
    if claims.get("htm") != method:
        raise ProofWrong("htm is another method")
    if not _same_address(claims.get("htu"), urls):
        raise ProofWrong("htu is another address")
    if token is not None and claims.get("ath") != digest(token.encode()):
        raise ProofWrong("ath is not of this token")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= 256:
        raise ProofWrong("jti is missing or too long")
    iat, nonce = claims.get("iat"), claims.get("nonce")
    if isinstance(iat, bool) or not isinstance(iat, int | float):
        raise ProofWrong("iat is missing")
    fits = nonce_fits is not None and isinstance(nonce, str) and nonce_fits(nonce)
    if nonce_fits is not None and not fits and (nonce_needed or nonce is not None):
        raise NonceNeeded("Use the nonce of the DPoP-Nonce header")
    if not fits and not now - BACK <= iat <= now + AHEAD:
        raise ProofWrong("iat is too old or in the future")
    seconds = NONCE_LIFE if fits else int(iat + BACK - now) + 1
    return Proof(jkt, "dpop:" + digest(f"{jkt} {jti}".encode()), seconds)


def digest(data: bytes) -> str:
    """SHA-256 in base64url without padding: of a token (`ath`), of a certificate (`x5t#S256`)."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def base64_of(data: bytes) -> str:
    """Base64 with padding, as `x5c` has it (RFC 7517 4.7)."""
    return base64.b64encode(data).decode()


def header_of(token: str, *, longest: int) -> dict[str, Any]:
    """The header of a compact JWS, nothing verified (RFC 7515 7.1). Raises ValueError."""
    if len(token) > longest or not token.isascii():
        raise ValueError("too long")
    first = token.partition(".")[0]
    try:  # by hand: joserfc reads headers of 512 bytes at most, and an RSA key needs more
        header = json.loads(base64.b64decode(first + "=" * (-len(first) % 4), altchars=b"-_", validate=True))
    except RecursionError as error:
        raise ValueError("unreadable") from error
    if not isinstance(header, dict) or "crit" in header or "b64" in header:  # CVE-2025-59420
        raise ValueError("header")
    return header


def claims_of(token: str, key: ECKey | RSAKey | OKPKey, algorithms: Sequence[str]) -> dict[str, Any]:
    """The claims under a good signature of this very key. Raises ValueError."""
    try:
        claims = json.loads(jws.deserialize_compact(token, key, registry=_registry(tuple(algorithms))).payload)
    except (JoseError, KeyError, TypeError, RecursionError) as error:
        raise ValueError("damaged or forged") from error
    if not isinstance(claims, dict):
        raise ValueError("no claims")  # noqa: TRY004  of what somebody sent, not of our types
    return claims


# -- inside


def _verified(proof: str, algorithms: Sequence[str]) -> tuple[dict[str, Any], str]:
    """The claims of a proof under a good signature of the key that it brings, and the thumbprint of that key."""
    try:
        header = header_of(proof, longest=LONGEST)
        key, jkt = _key(header, algorithms)
        return claims_of(proof, key, (header["alg"],)), jkt
    except ValueError as error:
        raise ProofWrong("The proof is not a signed DPoP proof") from error


def _key(header: dict[str, Any], algorithms: Sequence[str]) -> tuple[ECKey | RSAKey | OKPKey, str]:
    named = header.get("alg")
    algorithm = OTHER_NAMES.get(named, named) if isinstance(named, str) else ""
    if header.get("typ") != "dpop+jwt" or algorithm not in algorithms:
        raise ValueError("typ or alg")
    kind, curve, members = KEYS[algorithm]
    jwk = header.get("jwk")
    if not isinstance(jwk, dict) or PRIVATE & jwk.keys() or not all(isinstance(jwk.get(name), str) for name in members):
        raise ValueError("jwk")
    if jwk["kty"] != kind.key_type or (curve and jwk["crv"] != curve):
        raise ValueError("jwk")
    if kind is RSAKey and (not SMALLEST_RSA <= len(jwk["n"]) <= LARGEST_RSA or len(jwk["e"]) > 4):
        raise ValueError("jwk")
    return _imported(kind, tuple((name, jwk[name]) for name in members))


@lru_cache(maxsize=2048)
def _imported(kind: type[ECKey | RSAKey | OKPKey], members: tuple[tuple[str, str], ...]) -> tuple[Any, str]:
    """A key and its thumbprint (RFC 7638). Clients come again with theirs; an import costs as much as a check."""
    try:
        key = kind.import_key(dict(members))
        key.public_key  # noqa: B018  a point that is not on the curve shows here
    except (JoseError, KeyError, TypeError) as error:
        raise ValueError("jwk") from error
    text = json.dumps(dict(members), sort_keys=True, separators=(",", ":"))
    return key, digest(text.encode())


@lru_cache(maxsize=16)
def _registry(algorithms: tuple[str, ...]) -> jws.JWSRegistry:
    """Only these algorithms; header members that nobody asked for are passed over (RFC 7515 4)."""
    registry = jws.JWSRegistry(algorithms=list(algorithms), strict_check_header=False)
    registry.max_header_length = LONGEST
    return registry


def _same_address(htu: Any, urls: Sequence[str]) -> bool:
    """Whether two addresses are one, leaving out query and fragment (RFC 9449 4.3, RFC 3986 6.2)."""
    if not isinstance(htu, str) or len(htu) > 2048:
        return False
    try:
        named = _normal(urlsplit(htu))
        return any(named == _normal(urlsplit(url)) for url in urls)
    except ValueError:
        return False


def _normal(parts: SplitResult) -> tuple[str, str, int, str]:
    if parts.username is not None or parts.password is not None:
        raise ValueError("user")
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or PORTS.get(scheme, 0), parts.path or "/"
