"""Texts that somebody carries for us and nobody else can read, make or change: authorization codes, refresh tokens (decision 35).

`base64url(salt ‖ AES-256-GCM(key, text, purpose))` with `key = HMAC-SHA256(secret, salt)`. Each key seals one text, so its nonce
may be constant.
"""

import base64
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.house import House
from idp.provider import sealed_secrets

SALT = 16  # bytes
NONCE = bytes(12)


def seal(house: House, purpose: bytes, text: bytes) -> str:
    """The text, to be opened for the same purpose only."""
    salt, name = secrets.token_bytes(SALT), sealed_secrets.names(house)[0]
    return (
        base64.urlsafe_b64encode(salt + _cipher(house, name, salt).encrypt(NONCE, text, purpose)).rstrip(b"=").decode()
    )


def opened(house: House, purpose: bytes, value: str) -> bytes | None:
    """The text; None if it is none of ours."""
    raw = _raw(value)
    for name in sealed_secrets.names(house):  # that of now first; after a rotation those before it
        try:
            return _cipher(house, name, raw[:SALT]).decrypt(NONCE, raw[SALT:], purpose)
        except (InvalidTag, ValueError):
            continue
    return None


def digest(value: str) -> str:
    """By what such a text is remembered: the same for each way to write it down."""
    return hashlib.sha256(_raw(value)).hexdigest()


def identity(value: str) -> str:
    """By what that is known which is made of such a text: 128 bits of its digest, base64url."""
    return base64.urlsafe_b64encode(hashlib.sha256(_raw(value)).digest()[:16]).rstrip(b"=").decode()


# -- inside


def _raw(value: str) -> bytes:
    """The bytes; of a text that is none of ours, perhaps none."""
    try:
        return base64.b64decode(value.encode() + b"=" * (-len(value) % 4), b"-_", validate=True)
    except ValueError:
        return b""


def _cipher(house: House, name: str, salt: bytes) -> AESGCM:
    secret = house.keys.secret(name, make=name == sealed_secrets.FIRST)
    return AESGCM(hmac.digest(secret, salt, "sha256"))
