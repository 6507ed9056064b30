"""How often somebody may do something: counted in the short-term memory, by a key that is hashed first.

When that memory is down, an ordinary limit goes on with a count of this process alone; a limit against guessing is closed.
"""

import hashlib
import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from time import monotonic

from hub.problems import TooMany
from hub.shared import Shared, SharedDown

MOST_KEYS = 10_000  # of the local count: a flood of keys must not fill the memory


@dataclass(frozen=True)
class Limit:
    """So many times in so many seconds. `guessing`: what is limited could be found by trying (codes, passwords)."""

    name: str
    times: int
    seconds: int
    guessing: bool = False


@lru_cache(4096)
def network(address: str) -> str:
    """The network of an address: what one household or office usually has (/24, /56)."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 56), strict=False))


def check(shared: Shared, limit: Limit, key: str) -> None:
    """Count one attempt. Raises TooMany past the limit, and SharedDown where guessing cannot be counted."""
    try:
        count = shared.count(_name(limit, key), limit.seconds)
    except SharedDown:
        if limit.guessing:
            raise
        count = _local.count(_name(limit, key), limit.seconds)
    if count > limit.times:
        raise TooMany(
            "More than %(times)s attempts in %(seconds)s seconds",
            extras={"retry_after": limit.seconds},
            times=limit.times,
            seconds=limit.seconds,
        )


def forgive(shared: Shared, limit: Limit, key: str) -> None:
    """Start the count again, after a success."""
    shared.forget(_name(limit, key))


def _name(limit: Limit, key: str) -> str:
    """Hash the key: it is an address or a name, and the short-term memory keeps no personal data."""
    return f"limit:{limit.name}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"


class _Local:
    """A count of this process alone: less strict by the number of processes, and better than none."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[float, int]] = {}
        self._lock = Lock()

    def count(self, name: str, seconds: int) -> int:
        now = monotonic()
        with self._lock:
            until, count = self._counts.get(name, (0.0, 0))
            if until <= now:
                until, count = now + seconds, 0
            if len(self._counts) >= MOST_KEYS:
                self._counts.clear()
            self._counts[name] = (until, count + 1)
            return count + 1


_local = _Local()
