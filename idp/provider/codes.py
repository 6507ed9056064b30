"""Authorization codes that carry what they stand for, sealed: nothing is kept until one is redeemed (decision 35).

A code is `base64url(salt ‖ AES-256-GCM(key, code))` with `key = HMAC-SHA256(secret, salt)`. Each key seals one text, so its nonce
may be constant. Whoever does not know the secret can neither make, read nor change one.
"""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import fields
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.house import House
from idp.model.grant import Code

SALT = 16  # bytes
NONCE = bytes(12)
LONGEST = 8192  # characters
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMES = ("auth_time", "made")
LISTS = ("scopes", "amr", "holder_keys", "data", "resources")
NAMES = [field.name for field in fields(Code)]  # a release that needs one more appends it, with a default


def seal(house: House, code: Code) -> str:
    """The code that a browser carries to its service."""
    salt = secrets.token_bytes(SALT)
    sealed = _cipher(house, salt).encrypt(NONCE, _dump(code), None)
    return base64.urlsafe_b64encode(salt + sealed).rstrip(b"=").decode()


def opened(house: House, value: str) -> Code | None:
    """What a code stands for, however old and whether it was redeemed or not; None if it is none of ours."""
    raw = _raw(value)
    try:
        return _load(_cipher(house, raw[:SALT]).decrypt(NONCE, raw[SALT:], None))
    except (InvalidTag, ValueError):
        return None


def digest(value: str) -> str:
    """By what a code is remembered once it was redeemed: the same for each way to write it down."""
    return hashlib.sha256(_raw(value)).hexdigest()


# -- inside


def _raw(value: str) -> bytes:
    """The bytes; of a text that no code can be, none."""
    try:
        return base64.b64decode(value.encode() + b"=" * (-len(value) % 4), b"-_", validate=True)
    except ValueError:
        return b""


def _cipher(house: House, salt: bytes) -> AESGCM:
    return AESGCM(hmac.digest(house.keys.secret("codes"), salt, "sha256"))


def _dump(code: Code) -> bytes:
    """The fields in their order, without the last ones that say nothing: a code stands in an address."""
    values = [getattr(code, name) for name in NAMES]
    for name in TIMES:
        at = NAMES.index(name)
        values[at] = (values[at] - EPOCH) // timedelta(microseconds=1)
    while not values[-1]:
        values.pop()
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def _load(kept: bytes) -> Code:
    found = dict(zip(NAMES, json.loads(kept), strict=False))
    found |= {name: EPOCH + timedelta(microseconds=found[name]) for name in TIMES}
    found |= {name: tuple(found[name]) for name in LISTS if name in found}
    return Code(**found)
