"""Nonces for proofs of possession (RFC 9449 8): nothing is kept, every node knows those of every other.

A nonce is the keyed digest of a slot of time. It is taken in its own slot and the two after it, so that the change of slots
fails nobody; and one slot early, for a node whose clock is behind.
"""

import base64
import hashlib
import hmac

from hub.house import House

SECRET = "dpop-nonce"
SLOT = 60  # seconds
TAKEN = (0, -1, -2, 1)  # slots from now


def current(house: House, now: float) -> str:
    """The nonce to hand out now."""
    return _of(house, int(now) // SLOT)


def fits(house: House, nonce: str, now: float) -> bool:
    """Whether a nonce was handed out lately, by whichever node."""
    slot = int(now) // SLOT
    return any(
        hmac.compare_digest(_of(house, slot + step).encode(), nonce.encode("utf-8", "replace")) for step in TAKEN
    )


def _of(house: House, slot: int) -> str:
    secret = house.keys.secret(SECRET)
    return base64.urlsafe_b64encode(hmac.digest(secret, str(slot).encode(), hashlib.sha256)[:18]).decode()
