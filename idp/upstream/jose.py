"""Tokens between us and a provider: what we sign (by keys in custody), and what he signed, checked."""

import base64
import hashlib
import json
import secrets
from datetime import datetime
from typing import Any

from joserfc import jws
from joserfc.jwk import import_key

from hub.house import House
from idp.model.upstream import ALGORITHMS, AnswerNotTrusted, Upstream
from idp.upstream import metadata

PURPOSE = "upstream"
CLIENT_KEY = "upstream-1"  # by which we prove to be the client
HOLDER_KEY = "upstream-2"  # to which our access tokens there are bound (RFC 9449)
ASSERTION_SECONDS = 60
LONGEST = 20_000  # characters of a token
LONG = "n" * 341  # base64url of 2048 bits: no shorter RSA key counts (RFC 7518 3.3)
KINDS = {"ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519"), "PS256": ("RSA", ""), "RS256": ("RSA", "")}

Claims = dict[str, Any]


def assertion(house: House, upstream: Upstream, now: datetime) -> str:
    """That we are the client, for this issuer alone (RFC 7523 3; FAPI 2.0 Security Profile 5.3.3.1: one audience, a string)."""
    moment = int(now.timestamp())
    claims = {
        "iss": upstream.client_id,
        "sub": upstream.client_id,
        "aud": upstream.issuer,
        "jti": secrets.token_urlsafe(16),
        "iat": moment,
        "exp": moment + ASSERTION_SECONDS,
    }
    return _signed(house, CLIENT_KEY, {"alg": "ES256", "kid": house.keys.kid(CLIENT_KEY)}, claims)


def dpop(house: House, method: str, url: str, now: datetime, *, nonce: str = "", token: str = "") -> str:
    """That we hold the key to which our tokens there are bound (RFC 9449 4.2)."""
    claims = {
        "jti": secrets.token_urlsafe(16),
        "htm": method,
        "htu": url.partition("?")[0],
        "iat": int(now.timestamp()),
    }
    claims |= {"nonce": nonce} if nonce else {}
    claims |= {"ath": _b64(hashlib.sha256(token.encode()).digest())} if token else {}
    jwk = {name: value for name, value in house.keys.jwk(HOLDER_KEY).items() if name in ("kty", "crv", "x", "y")}
    return _signed(house, HOLDER_KEY, {"alg": "ES256", "typ": "dpop+jwt", "jwk": jwk}, claims)


def jkt(house: House) -> str:
    """The thumbprint of that key (RFC 7638)."""
    return house.keys.kid(HOLDER_KEY)


def published(house: House) -> bytes:
    """Our public key as a JWK Set, for providers."""
    return json.dumps({"keys": [house.keys.jwk(CLIENT_KEY)]}).encode()


def verified(
    house: House, upstream: Upstream, token: str, now: datetime, *, algorithms: tuple[str, ...], typ: tuple[str, ...]
) -> tuple[Claims, str]:
    """The claims that a provider signed, and the algorithm. What they say is for the caller to judge.

    The key is one that the provider publishes, of the kind of the algorithm; the header may bring none (RFC 8725 3.1, 3.2, 3.11).
    Raises AnswerNotTrusted, UpstreamDown.
    """
    if len(token) > LONGEST or token.count(".") != 2:
        raise AnswerNotTrusted("It is not a signed token")
    header = _header(token)
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in algorithms or algorithm not in ALGORITHMS:
        raise AnswerNotTrusted("It is signed in a way that is not accepted")
    if {"jwk", "jku", "x5u", "x5c", "crit", "b64"} & set(header) or str(header.get("typ", "JWT")).lower() not in typ:
        raise AnswerNotTrusted("It is another kind of token")
    fitting = _fitting(metadata.keys(house, upstream, str(kid or ""), now), algorithm, kid)
    for key in fitting:
        claims = _claims(token, key, algorithm)
        if claims is not None:
            return claims, algorithm
    raise AnswerNotTrusted("It was not signed by a key of this provider")


def half_digest(value: str, algorithm: str) -> str:
    """The left half of a digest, as at_hash holds it (OpenID Connect Core 3.1.3.6)."""
    digest = (hashlib.sha512 if algorithm == "EdDSA" else hashlib.sha256)(value.encode()).digest()
    return _b64(digest[: len(digest) // 2])


def _header(token: str) -> dict[str, Any]:
    try:
        header = json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))
    except (ValueError, RecursionError) as error:
        raise AnswerNotTrusted("It is not a signed token") from error
    if not isinstance(header, dict):
        raise AnswerNotTrusted("It is not a signed token")
    return header


def _fitting(keys: list[dict[str, Any]], algorithm: str, kid: object) -> list[dict[str, Any]]:
    """The keys of the algorithm's kind; by kid where the token names one, else the only one there is."""
    kty, crv = KINDS[algorithm]
    right = [key for key in keys if key.get("kty") == kty and (not crv or key.get("crv") == crv)]
    right = [
        key for key in right if key.get("alg", algorithm) == algorithm and len(str(key.get("n", LONG))) >= len(LONG)
    ]
    if kid is not None:
        return [key for key in right if key.get("kid") == kid]
    return right if len(right) == 1 else []


def _claims(token: str, jwk: dict[str, Any], algorithm: str) -> Claims | None:
    try:
        key = import_key({name: value for name, value in jwk.items() if name in ("kty", "crv", "x", "y", "n", "e")})
        claims = json.loads(jws.deserialize_compact(token, key, algorithms=[algorithm]).payload)
    except Exception:  # noqa: BLE001  hostile bytes: a parser may fail in any way
        return None
    return claims if isinstance(claims, dict) else None


def _signed(house: House, key: str, header: dict[str, Any], claims: Claims) -> str:
    """A JWS, signed in custody (RFC 7515 7.1)."""
    body = ".".join(_b64(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return f"{body}.{_b64(house.keys.sign_raw(key, body.encode()))}"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
