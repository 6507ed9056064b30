"""The signed status list (IETF Token Status List, 2 bits).

One file tells the state of every license, and nobody learns which one was looked up.
"""

import zlib
from base64 import urlsafe_b64encode
from datetime import datetime

from hub.house import House
from hub.problems import NotFound
from licenses import store
from licenses.model import Status

KEY = "status-list"
BITS = 2
VALUES = {Status.valid: 0, Status.revoked: 1, Status.suspended: 2}  # draft-ietf-oauth-status-list 7.1
TTL = 30  # seconds after which a verifier should ask again
LIFE = 24 * 3600  # seconds after which the list proves nothing any more


def url(house: House, number: int) -> str:
    """Where a list is served; it is the list's `sub`."""
    return f"{house.settings.verify_url}/status/{number}"


def current(house: House, number: int, now: datetime) -> str:
    """The list as a signed JWT, at most TTL seconds old and never older than the newest change. Raises NotFound.

    `ctr` grows with every change, so that a verifier notices an older list.
    """
    with house.database.read() as db:
        counter = store.counter(db, number)
        if counter is None:
            raise NotFound("There is no status list %(number)s", number=number)
        kept = house.cache.get(f"status-list-{number}")
        if kept and kept[0] == counter and 0 <= now.timestamp() - kept[1] < TTL:
            return str(kept[2])
        entries = store.not_valid(db, number)
    token = _signed(house, number, counter, packed(entries), now)
    house.cache[f"status-list-{number}"] = (counter, now.timestamp(), token)
    return token


def packed(entries: list[tuple[int, Status]]) -> bytes:
    """The entries as a deflated bit array, lowest bits first (section 4.1)."""
    bits = bytearray(store.LIST_SIZE * BITS // 8)
    for index, status in entries:
        byte, place = divmod(index * BITS, 8)
        bits[byte] |= VALUES[status] << place
    return zlib.compress(bytes(bits), 9)


def _signed(house: House, number: int, counter: int, lst: bytes, now: datetime) -> str:
    at = int(now.timestamp())
    claims = {
        "iss": house.settings.verify_url,
        "sub": url(house, number),
        "iat": at,
        "exp": at + LIFE,
        "ttl": TTL,
        "ctr": counter,
        "status_list": {"bits": BITS, "lst": urlsafe_b64encode(lst).rstrip(b"=").decode()},
    }
    return house.keys.sign_jws(KEY, "statuslist+jwt", claims)
