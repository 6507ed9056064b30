"""Tokens in and out: what we sign, and what we believe of what others signed. The room's only door to joserfc."""

import base64
import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from hub import callers
from hub.house import House
from idp import principals, pseudonyms
from idp.model.client import Client
from idp.model.flow import acr
from idp.model.grant import Grant
from idp.model.mandate import MANDATE, PERSON, Mandate

ID_TOKEN_SECONDS = 300
LOGOUT_SECONDS = 120  # OpenID Connect Back-Channel Logout 2.4: at most two minutes
ASSERTION_SECONDS = 3600  # the longest life of a client assertion; its jti is remembered for as long
SKEW = 60  # seconds that a client's clock may run ahead; 8 s ahead must pass
LATE = 10  # seconds that an expired assertion is still taken; 5 minutes late must not pass
LONGEST = 8192  # characters of a token that somebody hands in
SIGNING = {"ES256": "tokens-1", "RS256": "tokens-1-rs"}  # one key signs per algorithm, never a random one
USERINFO = "/oidc/userinfo"

Claims = dict[str, Any]
_Key = ECKey | RSAKey | OKPKey


class NotAToken(Exception):
    """What was handed in is not a token that we believe; the reason is for the log, never for the sender."""


# -- what we sign


def access_token(
    house: House,
    client: Client,
    grant: Grant,
    *,
    scopes: Sequence[str],
    holder_keys: Sequence[str],
    now: datetime,
    details: Sequence[Claims] = (),
    mandates: Sequence[Mandate] = (),
) -> str:
    """An access token that a person granted (RFC 9068), for userinfo. That of our own sites is for our API and names him.

    `mandates` are those by which he acts, if he acts for somebody: the token does not outlive them.
    """
    claims = _access_claims(house, client, scopes, now) | about(house, client, grant, mandates)
    claims |= {
        "exp": min(claims["exp"], int(grant.ends.timestamp())),
        "aud": userinfo_audience(house),
        "gid": grant.id,
        "auth_time": int(grant.auth_time.timestamp()),
        "acr": acr(grant.level),
        "amr": list(grant.amr),
    }
    if details:  # for one address of our API beside userinfo, and for no other (RFC 9396 9.1)
        named = [*claims.get("authorization_details", ()), *details]
        claims |= {"aud": [claims["aud"], data_audience(house)], "authorization_details": named}
    if client.first_party:
        claims |= {
            "aud": callers.audience(house),
            "person": grant.person,
            "sid": grant.sid,
            "holder_keys": list(holder_keys),
        }
        if grant.acting_for:
            claims["acting_for"] = grant.acting_for
    return _signed(house, "ES256", "at+jwt", claims)


def client_token(house: House, client: Client, *, scopes: Sequence[str], now: datetime) -> str:
    """An access token for a client in its own name, for our API, bound to its agency and its place (RFC 9068 2.2)."""
    claims = _access_claims(house, client, scopes, now) | {
        "sub": client.id,
        "aud": callers.audience(house),
        "agency": client.agency,
        "place": client.place,
    }
    return _signed(house, "ES256", "at+jwt", claims)


def about(house: House, client: Client, grant: Grant, mandates: Sequence[Mandate]) -> Claims:
    """Whom a token is about, and, where somebody acts for him, who does (RFC 8693 4.1) and by what mandates (RFC 9396 2)."""
    claims: Claims = {"sub": pseudonyms.subject(house, client, principals.subject(grant.person, grant.acting_for))}
    if grant.acting_for:
        claims |= {
            "act": {"sub": pseudonyms.subject(house, client, grant.person)},
            "authorization_details": [_mandate(house, client, one) for one in mandates],
        }
    return claims


def id_token(
    house: House,
    client: Client,
    grant: Grant,
    *,
    nonce: str | None,
    access: str,
    now: datetime,
    mandates: Sequence[Mandate] = (),
) -> str:
    """An ID token (OpenID Connect Core 2). `auth_time` is the moment of the real authentication."""
    moment = int(now.timestamp())
    claims: Claims = about(house, client, grant, mandates) | {
        "iss": house.settings.issuer_url,
        "aud": client.id,
        "iat": moment,
        "exp": moment + ID_TOKEN_SECONDS,
        "auth_time": int(grant.auth_time.timestamp()),
        "acr": acr(grant.level),
        "amr": list(grant.amr),
        "sid": pseudonyms.sid(house, client, grant.sid),
        "at_hash": _b64(hashlib.sha256(access.encode()).digest()[:16]),
    }
    if nonce is not None:
        claims["nonce"] = nonce
    return _signed(house, client.id_token_algorithm, "JWT", claims)


def logout_token(house: House, client: Client, subject: str, login: str, now: datetime) -> str:
    """A logout token (OpenID Connect Back-Channel Logout 2.4): fresh jti each time, never a nonce.

    `subject` is whom the ID token was about: the person, or the one for whom he acted.
    """
    moment = int(now.timestamp())
    claims = {
        "iss": house.settings.issuer_url,
        "sub": pseudonyms.subject(house, client, subject),
        "aud": client.id,
        "iat": moment,
        "exp": moment + LOGOUT_SECONDS,
        "jti": secrets.token_urlsafe(16),
        "sid": pseudonyms.sid(house, client, login),
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }
    return _signed(house, client.id_token_algorithm, "logout+jwt", claims)


def event_token(house: House, client: Client, person: str, jti: str, at: datetime, events: dict[str, Claims]) -> str:
    """A Security Event Token (RFC 8417 2): what became of a person's account, for one client, who calls him by this subject."""
    issuer = house.settings.issuer_url
    claims = {
        "iss": issuer,
        "aud": client.id,
        "iat": int(at.timestamp()),
        "jti": jti,
        "sub_id": {"format": "iss_sub", "iss": issuer, "sub": pseudonyms.subject(house, client, person)},
        "events": events,
    }
    return _signed(house, client.id_token_algorithm, "secevent+jwt", claims)


def userinfo_audience(house: House) -> str:
    """The audience of access tokens that a person granted: the userinfo endpoint, nothing else."""
    return house.settings.issuer_url + USERINFO


def data_audience(house: House) -> str:
    """The audience of access tokens in which a person allowed the use of data."""
    return f"{callers.audience(house)}/sharing/data"


def jwks(house: House) -> bytes:
    """The public halves of all token keys as a JWK Set (RFC 7517 5)."""
    return json.dumps({"keys": [house.keys.jwk(name) for name in house.keys.named(callers.TOKEN_PURPOSE)]}).encode()


# -- what we believe


def read_access_token(house: House, token: str, now: datetime) -> Claims:
    """The claims of one of our own access tokens, whole and current; revoked or not is not asked here. Raises NotAToken."""
    claims = _ours(house, token, typ="at+jwt", algorithms=("ES256",))
    if _number(claims, "iat") > now.timestamp() + callers.LEEWAY or now.timestamp() >= _number(claims, "exp"):
        raise NotAToken("expired")
    return claims


def read_hint(house: House, hint: str) -> Claims:
    """The claims of an ID token of ours, of whatever age (OpenID Connect RP-Initiated Logout 2). Raises NotAToken."""
    claims = _ours(house, hint, typ="JWT", algorithms=("ES256", "RS256"))
    if not isinstance(claims.get("aud"), str) or not isinstance(claims.get("sub"), str):
        raise NotAToken("not an ID token")
    return claims


def claimed_client(assertion: str) -> str:
    """Which client an assertion says it is of; nothing is verified yet. Raises NotAToken."""
    if len(assertion) > LONGEST:
        raise NotAToken("too long")
    try:
        claims = json.loads(jws.extract_compact(assertion.encode()).payload)
    except (JoseError, ValueError, UnicodeError, RecursionError) as error:
        raise NotAToken("unreadable") from error
    if not isinstance(claims, dict) or not isinstance(claims.get("sub"), str):
        raise NotAToken("no sub")
    return str(claims["sub"])


def read_assertion(house: House, client: Client, assertion: str, audiences: Sequence[str], now: datetime) -> Claims:
    """The claims of a client's own assertion (RFC 7523 3), each of them checked. Whether its jti is fresh is not asked here.

    Raises NotAToken.
    """
    algorithms = client.policy.assertion_algorithms
    claims = _verified(assertion, _chosen(_client_keys(house, client), _header(assertion, algorithms)), algorithms)
    moment = now.timestamp()
    if claims.get("iss") != client.id or claims.get("sub") != client.id:
        raise NotAToken("iss and sub must be the client")
    given = claims.get("aud")
    named = given if isinstance(given, list) else [given]
    if not named or any(audience not in audiences for audience in named):  # beside ours a foreign one: replay elsewhere
        raise NotAToken("aud")
    if not moment - LATE < _number(claims, "exp") <= moment + ASSERTION_SECONDS + SKEW:
        raise NotAToken("exp")
    if any(_number(claims, name) > moment + SKEW for name in ("iat", "nbf") if name in claims):
        raise NotAToken("from the future")
    if not isinstance(claims.get("jti"), str) or not 1 <= len(claims["jti"]) <= 256:
        raise NotAToken("jti")
    return claims


def read_answer(house: House, client: Client, token: str, *, typ: str) -> Claims:
    """The claims of a JWS of this type that the client signed with a registered key of its own.

    Raises NotAToken; what the claims say is for the caller to judge.
    """
    algorithms = client.policy.assertion_algorithms
    header = _header(token, algorithms)
    if header.get("typ") != typ:
        raise NotAToken("typ")
    return _verified(token, _chosen(_client_keys(house, client), header), algorithms)


# -- inside


def _access_claims(house: House, client: Client, scopes: Sequence[str], now: datetime) -> Claims:
    moment = int(now.timestamp())
    return {
        "iss": house.settings.issuer_url,
        "iat": moment,
        "exp": moment + house.settings.access_seconds,
        "jti": secrets.token_urlsafe(16),
        "client_id": client.id,
        "scope": " ".join(scopes),
    }


def _mandate(house: House, client: Client, mandate: Mandate) -> Claims:
    """A mandate as a client is told of it, under an id that only its sector knows."""
    detail: Claims = {
        "type": MANDATE,
        "principal_type": "person" if mandate.principal.startswith(PERSON) else "organization",
        "role": mandate.role.value,
        "matters": list(mandate.matters),
        "mandate": pseudonyms.mandate(house, client, mandate.id),
    }
    return detail | ({"until": mandate.until.astimezone(UTC).isoformat(timespec="seconds")} if mandate.until else {})


def _signed(house: House, algorithm: str, typ: str, claims: Claims) -> str:
    key = _signer(house, algorithm)
    header = {"alg": algorithm, "typ": typ, "kid": key.kid}
    payload = json.dumps(claims, ensure_ascii=False, separators=(",", ":"))
    return jws.serialize_compact(header, payload, key, algorithms=[algorithm])


def _signer(house: House, algorithm: str) -> _Key:
    """The one signing key of an algorithm, wrapped once per process. It stays in its custody: only `sign` reaches it."""
    kept: dict[str, _Key] = house.cache.setdefault("idp-signers", {})
    if algorithm not in kept:
        name = SIGNING[algorithm]
        wrap: Any = ECKey if algorithm == "ES256" else RSAKey
        kept[algorithm] = wrap(house.keys.signer(name), dict(house.keys.jwk(name)))
    return kept[algorithm]


def _ours(house: House, token: str, *, typ: str, algorithms: Sequence[str]) -> Claims:
    header = _header(token, algorithms)
    if header.get("typ") != typ or set(header) - {"alg", "typ", "kid"}:
        raise NotAToken("typ")
    claims = _verified(token, _own_key(house, header.get("kid")), algorithms)
    if claims.get("iss") != house.settings.issuer_url:
        raise NotAToken("iss")
    return claims


def _own_key(house: House, kid: object) -> _Key:
    """The public half of the token key of this kid; our folder is read again when an unknown one comes (a key was added)."""
    kept: dict[str, _Key] = house.cache.setdefault("idp-own-keys", {})
    if kid not in kept:
        jwks = [house.keys.jwk(name) for name in house.keys.named(callers.TOKEN_PURPOSE)]
        kept.update({jwk["kid"]: (ECKey if jwk["kty"] == "EC" else RSAKey).import_key(dict(jwk)) for jwk in jwks})
    if not isinstance(kid, str) or kid not in kept:
        raise NotAToken("no such key")
    return kept[kid]


def _client_keys(house: House, client: Client) -> Sequence[_Key]:
    """A client's public keys, imported once per process and change (an import per request costs more than the check)."""
    cache: dict[str, tuple[Any, Sequence[_Key]]] = house.cache.setdefault("idp-client-keys", {})
    kept = cache.get(client.id)
    if kept is None or kept[0] != client.keys:
        kept = cache[client.id] = (client.keys, imported(client.keys))
    return kept[1]


def imported(keys: Sequence[Claims]) -> Sequence[_Key]:
    """A client's JWKs as keys. Raises NotAToken if one is no public key of a kind that we take."""
    kinds: dict[Any, type[_Key]] = {"EC": ECKey, "RSA": RSAKey, "OKP": OKPKey}
    try:
        return [kinds[key["kty"]].import_key(dict(key)) for key in keys]
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise NotAToken("a registered key is not a public JWK") from error


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
    """The key that the header names by kid; without kid the only one of its type."""
    fitting = [key for key in keys if _FITS[str(header["alg"])] == key.key_type]
    named = [key for key in fitting if key.kid == header["kid"]] if "kid" in header else fitting
    if len(named) != 1:
        raise NotAToken("no such key")
    return named[0]


_FITS = {"ES256": "EC", "RS256": "RSA", "PS256": "RSA", "EdDSA": "OKP"}


def _number(claims: Claims, name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotAToken(name)
    return value


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
