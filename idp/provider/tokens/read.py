"""What we believe of a token that somebody hands in: ours, or one that a client signed with a key it registered."""

import json
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from hub import callers, token_keys
from hub.house import House
from idp.model.client import Client
from idp.model.client_key import signs
from idp.provider import client_keys

ASSERTION_SECONDS = 3600  # the longest life of a client assertion; its jti is remembered for as long
SKEW = 60  # seconds that a client's clock may run ahead; 8 s ahead must pass
LATE = 10  # seconds that an expired assertion is still taken; 5 minutes late must not pass
LONGEST = 8192  # characters of a token that somebody hands in
MOST_SEEN = 4096  # of our own tokens are remembered as signed by us, in each process

Claims = dict[str, Any]
_Key = ECKey | RSAKey | OKPKey


class NotAToken(Exception):
    """What was handed in is not a token that we believe; the reason is for the log, never for the sender."""


def access_token(house: House, token: str, now: datetime) -> Claims:
    """The claims of one of our own access tokens, whole and current; revoked or not is not asked here. Raises NotAToken."""
    claims = _ours(house, token, typ="at+jwt", algorithms=("ES256",), now=now)
    if _number(claims, "iat") > now.timestamp() + callers.LEEWAY or now.timestamp() >= _number(claims, "exp"):
        raise NotAToken("expired")
    return claims


def hint(house: House, token: str) -> Claims:
    """The claims of an ID token of ours, of whatever age (OpenID Connect RP-Initiated Logout 2). Raises NotAToken."""
    claims = _ours(house, token, typ="JWT", algorithms=tuple(token_keys.FIRST))
    if not isinstance(claims.get("aud"), str) or not isinstance(claims.get("sub"), str) or "exp" not in claims:
        raise NotAToken("not an ID token")  # signed userinfo has no end
    return claims


def claimed_client(token: str) -> str:
    """Which client an assertion says it is of; nothing is verified yet. Raises NotAToken."""
    if len(token) > LONGEST:
        raise NotAToken("too long")
    try:
        claims = json.loads(jws.extract_compact(token.encode()).payload)
    except (JoseError, ValueError, UnicodeError, RecursionError) as error:
        raise NotAToken("unreadable") from error
    if not isinstance(claims, dict) or not isinstance(claims.get("sub"), str):
        raise NotAToken("no sub")
    return str(claims["sub"])


def assertion(house: House, client: Client, token: str, audiences: Collection[str], now: datetime) -> Claims:
    """The claims of a client's own assertion (RFC 7523 3), each of them checked. Whether its jti is fresh is not asked here.

    Raises NotAToken.
    """
    said = client.registered.token_endpoint_auth_signing_alg
    algorithms = tuple(one for one in client.policy.assertion_algorithms if said in ("", one))
    claims = _by_client(house, client, token, _header(token, algorithms), algorithms, now)
    moment = now.timestamp()
    if claims.get("iss") != client.id or claims.get("sub") != client.id:
        raise NotAToken("iss and sub must be the client")
    given = claims.get("aud")
    strict = not client.policy.token_endpoint_as_audience  # one string: an array is replay elsewhere (FAPI 2.0 5.3.2.1)
    named = given if isinstance(given, list) and not strict else [given]
    # Beside ours a foreign one: replay elsewhere.
    if not named or any(not isinstance(one, str) or one not in audiences for one in named):
        raise NotAToken("aud")
    if not moment - LATE < _number(claims, "exp") <= moment + ASSERTION_SECONDS + SKEW:
        raise NotAToken("exp")
    if any(_number(claims, name) > moment + SKEW for name in ("iat", "nbf") if name in claims):
        raise NotAToken("from the future")
    if not isinstance(claims.get("jti"), str) or not 1 <= len(claims["jti"]) <= 256:
        raise NotAToken("jti")
    return claims


def answer(house: House, client: Client, token: str, now: datetime, *, typ: str) -> Claims:
    """The claims of a JWS of this type that the client signed with a registered key of its own.

    Raises NotAToken; what the claims say is for the caller to judge.
    """
    algorithms = client.policy.assertion_algorithms
    header = _header(token, algorithms)
    if header.get("typ") != typ:
        raise NotAToken("typ")
    return _by_client(house, client, token, header, algorithms, now)


def request_object(
    house: House, client: Client, token: str, algorithms: Sequence[str], now: datetime
) -> tuple[Claims, Claims]:
    """Header and claims of a request object that the client signed (RFC 9101 6.2).

    Raises NotAToken; what they say is for the caller to judge.
    """
    header = _header(token, algorithms)
    return header, _by_client(house, client, token, header, algorithms, now)


def public_keys(keys: Sequence[Claims]) -> Sequence[_Key]:
    """A client's JWKs as keys. Raises NotAToken if one is no public key of a kind that we take."""
    kinds: dict[Any, type[_Key]] = {"EC": ECKey, "RSA": RSAKey, "OKP": OKPKey}
    try:
        return [kinds[key["kty"]].import_key(dict(key)) for key in keys]
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise NotAToken("a registered key is not a public JWK") from error


# -- inside


def _ours(house: House, token: str, *, typ: str, algorithms: Sequence[str], now: datetime | None = None) -> Claims:
    seen: dict[str, tuple[Claims, Claims]] = house.cache.setdefault("idp-seen", {})
    header, claims = seen.get(token) or (_header(token, algorithms), None)
    if header.get("typ") != typ or header.get("alg") not in algorithms or set(header) - {"alg", "typ", "kid"}:
        raise NotAToken("typ")
    key = _own_key(house, header.get("kid"), now)  # asked each time: a key may have been withdrawn
    if claims is None:  # an API asks about the same token at each call, and a signature is good once and for all
        claims = _verified(token, key, algorithms)
        while len(seen) >= MOST_SEEN:
            with suppress(RuntimeError):  # another thread came between: the oldest one is another
                seen.pop(next(iter(seen)), None)
        seen[token] = header, claims
    if claims.get("iss") != house.settings.issuer_url:
        raise NotAToken("iss")
    return dict(claims)


def _own_key(house: House, kid: object, now: datetime | None) -> _Key:
    """The public half of the token key of this kid, imported once per process. A new one is found at once.

    With `now` only a key that still stands in our JWK Set: what another one signed can be no more than a hint.
    """
    if not isinstance(kid, str):
        raise NotAToken("no such key")
    found = token_keys.ring(house).by_kid.get(kid) or token_keys.ring(house, anew=True).by_kid.get(kid)
    if found is None or (now is not None and not found.is_shown(now)):
        raise NotAToken("no such key")
    kept: dict[str, _Key] = house.cache.setdefault("idp-own-keys", {})
    if kid not in kept:
        (kept[kid],) = public_keys([dict(found.jwk)])
    return kept[kid]


def _by_client(
    house: House, client: Client, token: str, header: Claims, algorithms: Sequence[str], now: datetime
) -> Claims:
    """The claims under the client's own signature. Keys that do not fit are read once more where it publishes them."""
    kid = header.get("kid")
    keys = client_keys.keys_of(house, client, now, kid=kid)
    try:
        return _verified(token, _chosen(_imported(house, client, keys), header), algorithms)
    except NotAToken:
        newer = client_keys.keys_of(house, client, now, kid=kid, again=True)
        if newer is keys:
            raise
        return _verified(token, _chosen(_imported(house, client, newer), header), algorithms)


def _imported(house: House, client: Client, keys: client_keys.Jwks) -> Sequence[_Key]:
    """A client's public keys, imported once per process and change (an import per request costs more than the check)."""
    cache: dict[str, tuple[Any, Sequence[_Key]]] = house.cache.setdefault("idp-client-keys", {})
    kept = cache.get(client.id)
    if kept is None or (kept[0] is not keys and kept[0] != keys):
        kept = cache[client.id] = (keys, usable_keys(keys))
    return kept[1]


def usable_keys(keys: Sequence[Claims]) -> Sequence[_Key]:
    """Those of a published set that are keys of a kind that we take (RFC 7517 5: others are passed over)."""
    found: list[_Key] = []
    for key in keys:
        with suppress(NotAToken):
            found += public_keys([key])
    return found


def _header(token: str, algorithms: Sequence[str]) -> Claims:
    """The header of a token, nothing verified. One that brings its own key, or demands understanding, is refused.

    CVE-2026-27962 (jwk), CVE-2025-59420 (crit); RFC 8725 3.10.
    """
    if len(token) > LONGEST:
        raise NotAToken("too long")
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotAToken("unreadable") from error
    if set(header) - HARMLESS or header.get("alg") not in algorithms:
        raise NotAToken("header")
    return header


HARMLESS = {"alg", "typ", "kid", "x5t", "x5t#S256"}  # the last two only name a certificate; they are not followed


def _verified(token: str, key: _Key, algorithms: Sequence[str]) -> Claims:
    """The claims under a good signature of this very key."""
    try:
        claims = json.loads(jws.deserialize_compact(token, key, algorithms=list(algorithms)).payload)
    except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotAToken("damaged or forged") from error
    if not isinstance(claims, dict):
        raise NotAToken("no claims")
    return claims


def _chosen(keys: Sequence[_Key], header: Claims) -> _Key:
    """The key that the header names by kid; without kid the only one that fits. What a key is said to be for counts."""
    fitting = [key for key in keys if signs(key, str(header["alg"]))]
    named = [key for key in fitting if key.kid == header["kid"]] if "kid" in header else fitting
    if len(named) != 1:
        raise NotAToken("no such key")
    return named[0]


def _number(claims: Claims, name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotAToken(name)
    return value
