"""What only one client may read: a token or an answer encrypted to a key that it published (RFC 7516).

What is signed is signed first and stands inside, so that the client still learns from whom it is (RFC 7519 11.2).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from hub.house import House
from idp.model.client import Client
from idp.model.client_key import ENCODINGS, encrypts
from idp.model.flow import Refused
from idp.provider import client_keys

_Key = ECKey | RSAKey | OKPKey
_WRAP: dict[str, type[_Key]] = {"EC": ECKey, "RSA": RSAKey, "OKP": OKPKey}


def id_token(house: House, client: Client, token: str, now: datetime) -> str:
    """An ID token as its client wants it: as it is, or encrypted (OpenID Connect Core 16.14). Raises Refused."""
    said = client.registered
    if not said.id_token_encrypted_response_alg:
        return token
    return encrypted(
        house,
        client,
        token,
        said.id_token_encrypted_response_alg,
        said.id_token_encrypted_response_enc,
        now=now,
    )


def encrypted(
    house: House, client: Client, content: str, alg: str, enc: str, *, now: datetime, nested: bool = True
) -> str:
    """A compact JWE for this client; `nested`: what is inside is a JWT. Raises Refused where it has no fitting key."""
    enc = enc or ENCODINGS[0]
    key = _key(house, client, alg, now)
    if key is None or enc not in ENCODINGS:
        raise Refused("invalid_request", NONE_FITS)
    kid = key.as_dict(private=False).get("kid")
    header = {"alg": alg, "enc": enc} | ({"kid": kid} if kid else {}) | ({"cty": "JWT"} if nested else {})
    try:
        return jwe.encrypt_compact(header, content, key, algorithms=[alg, enc])
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise Refused("invalid_request", NONE_FITS) from error


NONE_FITS = "No published key of this client fits its encryption algorithm"


def _key(house: House, client: Client, alg: str, now: datetime) -> _Key | None:
    """The first key that the client published for encryption with this algorithm; one said to be for it goes before others.

    Imported once per process, as long as the client publishes the same keys. Raises Refused for one that is damaged.
    """
    keys = client_keys.keys_of(house, client, now, use="enc")
    cache: dict[tuple[str, str], tuple[object, _Key | None]] = house.cache.setdefault("idp-encryption-keys", {})
    kept = cache.get((client.id, alg))
    if kept is None or kept[0] is not keys:
        kept = cache[client.id, alg] = (keys, _imported(keys, alg))
    return kept[1]


def _imported(keys: Sequence[dict[str, Any]], alg: str) -> _Key | None:
    fitting = [dict(key) for key in keys if encrypts(key, alg)]
    chosen = min(fitting, key=lambda key: "use" not in key, default=None)
    try:
        return _WRAP[chosen["kty"]].import_key(chosen) if chosen else None
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise Refused("invalid_request", NONE_FITS) from error
