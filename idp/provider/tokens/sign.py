"""What we sign: access tokens, ID tokens, logout tokens and the tokens of events."""

import base64
import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from hub import callers, token_keys
from hub.house import House
from idp.acting import principals
from idp.model.client import Client
from idp.model.flow import acr
from idp.model.grant import Grant
from idp.model.mandate import MANDATE, PERSON, Mandate
from idp.provider import binding, pseudonyms

ID_TOKEN_SECONDS = 300
LOGOUT_SECONDS = 120  # OpenID Connect Back-Channel Logout 2.4: at most two minutes
SIGNING = tuple(token_keys.FIRST)  # the algorithms; one key signs with each, never a random one
USERINFO = "/oidc/userinfo"

Claims = dict[str, Any]
_Key = ECKey | RSAKey | OKPKey


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
    reader: Client | None = None,
) -> str:
    """An access token that a person granted (RFC 9068), for userinfo. That of our own sites is for our API and names him.

    With a `reader` it is for the API of that service, and speaks of the person as that service knows him (RFC 8707).

    `mandates` are those by which he acts, if he acts for somebody: the token does not outlive them.
    """
    claims = _access_claims(house, client, scopes, now) | about(house, reader or client, grant, mandates)
    claims |= {
        "exp": min(claims["exp"], int(grant.ends.timestamp())),
        "aud": reader.registered.resource if reader else userinfo_audience(house),
        "gid": grant.id,
        "auth_time": int(grant.auth_time.timestamp()),
        "acr": acr(grant.level),
        "amr": list(grant.amr),
    }
    claims |= binding.claim(grant.cnf)
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
    return _signed(house, "ES256", "at+jwt", claims, now)


def client_token(
    house: House,
    client: Client,
    *,
    scopes: Sequence[str],
    now: datetime,
    cnf: str = "",
    reader: Client | None = None,
) -> str:
    """An access token for a client in its own name, for our API or a reader's, bound to its agency and place (RFC 9068 2.2)."""
    claims = _access_claims(house, client, scopes, now) | {
        "sub": client.id,
        "aud": reader.registered.resource if reader else callers.audience(house),
        "agency": client.agency,
        "place": client.place,
    }
    return _signed(house, "ES256", "at+jwt", claims | binding.claim(cnf), now)


def about(house: House, client: Client, grant: Grant, mandates: Sequence[Mandate]) -> Claims:
    """Whom a token is about, and, where somebody acts for him, who does (RFC 8693 4.1) and by what mandates (RFC 9396 2)."""
    claims: Claims = {"sub": pseudonyms.subject(house, client, principals.subject(grant.person, grant.acting_for))}
    if (
        grant.authority
    ):  # the provider that vouched for the login; without the claim it was us (docs/identity/provinces.md)
        claims["idp"] = grant.authority
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
    now: datetime,
    access: str = "",
    code: str = "",
    mandates: Sequence[Mandate] = (),
    more: Claims | None = None,
) -> str:
    """An ID token (OpenID Connect Core 2). `auth_time` is the moment of the real authentication.

    `access` and `code`: what comes with it, so that neither can be exchanged (3.3.2.11). `more`: claims asked for by name.
    """
    moment = int(now.timestamp())
    claims: Claims = (
        (more or {})
        | about(house, client, grant, mandates)
        | {
            "iss": house.settings.issuer_url,
            "aud": client.id,
            "iat": moment,
            "exp": moment + ID_TOKEN_SECONDS,
            "auth_time": int(grant.auth_time.timestamp()),
            "acr": acr(grant.level),
            "amr": list(grant.amr),
        }
    )
    if client.told_of_logout:  # Front-Channel Logout 1.0 3, Back-Channel Logout 1.0 2.1; nobody else needs it
        claims["sid"] = pseudonyms.sid(house, client, grant.sid)
    for name, beside in (("at_hash", access), ("c_hash", code)):
        if beside:
            claims[name] = _half(client.id_token_algorithm, beside)
    if nonce is not None:
        claims["nonce"] = nonce
    return _signed(house, client.id_token_algorithm, "JWT", claims, now)


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
    return _signed(house, client.id_token_algorithm, "logout+jwt", claims, now)


def event_token(
    house: House, client: Client, person: str, *, jti: str, at: datetime, events: dict[str, Claims], now: datetime
) -> str:
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
    return _signed(house, client.id_token_algorithm, "secevent+jwt", claims, now)


def plain(house: House, client: Client, now: datetime) -> Claims:
    """What every access token says (RFC 9068 2.2), without whom it is about, for whom it is, and what it allows."""
    return _access_claims(house, client, (), now)


def access(house: House, claims: Claims, now: datetime) -> str:
    """An access token that says this."""
    return _signed(house, "ES256", "at+jwt", claims, now)


def answer(house: House, client: Client, algorithm: str, typ: str, claims: Claims, now: datetime) -> str:
    """An answer of ours to a client, signed for it alone (OpenID Connect Core 5.3.2, RFC 9701 5)."""
    ours = {"iss": house.settings.issuer_url, "aud": client.id, "iat": int(now.timestamp())}
    return _signed(house, algorithm, typ, claims | ours, now)


def userinfo_audience(house: House) -> str:
    """The audience of access tokens that a person granted: the userinfo endpoint, nothing else."""
    return house.settings.issuer_url + USERINFO


def data_audience(house: House) -> str:
    """The audience of access tokens in which a person allowed the use of data."""
    return f"{callers.audience(house)}/sharing/data"


def longest(house: House) -> timedelta:
    """The life of the longest token that a key signs: so long after its retirement a key is still shown."""
    return timedelta(seconds=max(house.settings.access_seconds, ID_TOKEN_SECONDS, LOGOUT_SECONDS))


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


def _signed(house: House, algorithm: str, typ: str, claims: Claims, now: datetime) -> str:
    """A JWS in its compact form (RFC 7515 7.1). The signature is joserfc's; its way there takes longer than the signature."""
    key = _signer(house, algorithm, now)
    said = f"{_head(algorithm, typ, key.kid)}.{_b64(_ENCODER.encode(claims).encode())}"
    return f"{said}.{_b64(_algorithm(algorithm).sign(said.encode(), key))}"


@lru_cache(64)
def _head(algorithm: str, typ: str, kid: str) -> str:
    return _b64(_ENCODER.encode({"alg": algorithm, "typ": typ, "kid": kid}).encode())


@cache
def _algorithm(name: str) -> Any:
    return JWSRegistry(algorithms=[name]).get_alg(name)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))  # made once: dumps makes one each time


def _signer(house: House, algorithm: str, now: datetime) -> _Key:
    """The one key that signs with an algorithm now, wrapped once per process. It stays in its custody: only `sign` reaches it."""
    found = token_keys.signer(house, algorithm, now)
    kept: dict[str, _Key] = house.cache.setdefault("idp-signers", {})
    if found.kid not in kept:
        wrap: Any = _KINDS[found.jwk["kty"]]
        kept[found.kid] = wrap(token_keys.private(house, found), dict(found.jwk))
    return kept[found.kid]


_KINDS = {"EC": ECKey, "RSA": RSAKey, "OKP": OKPKey}


def _half(algorithm: str, beside: str) -> str:
    """The left half of a digest, of the kind that the signature uses (OpenID Connect Core 3.1.3.6); Ed25519 uses SHA-512."""
    digest = hashlib.sha512 if algorithm == "EdDSA" else hashlib.sha256
    whole = digest(beside.encode()).digest()
    return _b64(whole[: len(whole) // 2])


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
