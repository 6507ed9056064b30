"""Codes of an authenticator app: RFC 6238 with SHA-1, six digits, thirty seconds, as every app knows it."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

STEP = 30  # seconds
DIGITS = 6
WINDOW = 1  # steps before and after: clocks of phones differ, and people type slowly


def fresh_key() -> bytes:
    """160 random bits, as long as the hash (RFC 4226 4 R6)."""
    return secrets.token_bytes(20)


def code(key: bytes, step: int) -> str:
    """The code of one time step (RFC 4226 5.3)."""
    digest = hmac.digest(key, step.to_bytes(8, "big"), hashlib.sha1)
    at = digest[-1] & 15
    return str((int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF) % 10**DIGITS).zfill(DIGITS)


def matching_step(key: bytes, typed: str, now: datetime) -> int | None:
    """The time step whose code this is, or None. Every step is compared, in constant time."""
    digits = "".join(typed.split()).encode("utf-8", "replace")
    current = int(now.timestamp()) // STEP
    found = None
    for step in range(current - WINDOW, current + WINDOW + 1):
        if hmac.compare_digest(code(key, step).encode(), digits):
            found = step
    return found


def shown(key: bytes) -> str:
    """The key for typing into an app, in groups of four."""
    text = base64.b32encode(key).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def link(key: bytes, issuer: str, account: str) -> str:
    """The address that opens an app on the same phone (otpauth key URI format)."""
    query = urlencode({"secret": base64.b32encode(key).decode(), "issuer": issuer, "digits": DIGITS, "period": STEP})
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?{query}"
