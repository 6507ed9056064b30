"""What may be lost: short-lived values in Redis or Valkey, behind one door.

Nothing that matters may have its only copy here. Every failure is one Problem (SharedDown) after half a second at most:
redis-py's own retries once turned one GET into 8.7 s. Each call touches one key, so it works on a cluster too; whoever needs
two keys in one slot names them with `tagged`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from hub.problems import Unavailable

SECONDS = 0.5  # one local round trip takes 0.0001 s; whoever waits longer waits for nothing
PREFIX = "yx:"  # ours, when the server is used by others too

# The life of a counter starts with its first count, in the same atomic step: no counter can stay for ever.
COUNT = "local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end return n"
ADD = """
for i = 2, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
return redis.call('EXPIRE', KEYS[1], ARGV[1])
"""
TAKE_ALL = "local all = redis.call('HGETALL', KEYS[1]) redis.call('DEL', KEYS[1]) return all"
PUSH = """
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], -tonumber(ARGV[2]), -1)
return redis.call('EXPIRE', KEYS[1], ARGV[3])
"""


class SharedDown(Unavailable):
    """The short-term memory cannot be reached. Whoever needs it to be safe must refuse."""

    title = "The short-term memory cannot be reached"


def client(url: str, *, seconds: float = SECONDS) -> redis.Redis:
    """A connection pool with short time-outs and without retries. `hub.jobs` is its only other user."""
    return redis.Redis.from_url(
        url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=Retry(NoBackoff(), 0), retry_on_error=[]
    )


def tagged(kind: str, owner: str) -> str:
    """Name a key whose slot depends on its owner alone, so that several of his can meet in one script."""
    return f"{kind}:{{{owner}}}"


class Shared:
    """Short-lived values by name. Safe to share between threads; connects when first used."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._redis = client(url)
        self._count = self._redis.register_script(COUNT)
        self._push = self._redis.register_script(PUSH)
        self._add = self._redis.register_script(ADD)
        self._take_all = self._redis.register_script(TAKE_ALL)

    def put(self, key: str, value: bytes | str, seconds: int) -> None:
        """Keep a value for so many seconds, in place of what was there."""
        with _door():
            self._redis.set(PREFIX + key, value, ex=seconds)

    def first(self, key: str, seconds: int) -> bool:
        """Say whether nobody named this key within the last seconds (a replay check); from now on somebody has."""
        with _door():
            return bool(self._redis.set(PREFIX + key, b"1", ex=seconds, nx=True))

    def take(self, key: str) -> bytes | None:
        """Give the value to exactly one caller: it is gone in the same step."""
        with _door():
            return cast("bytes | None", self._redis.getdel(PREFIX + key))

    def peek(self, key: str) -> bytes | None:
        """Give the value and leave it there."""
        with _door():
            return cast("bytes | None", self._redis.get(PREFIX + key))

    def count(self, key: str, seconds: int) -> int:
        """Count one more; the counter starts again `seconds` after its first count."""
        with _door():
            return cast("int", self._count(keys=[PREFIX + key], args=[seconds]))

    def push(self, key: str, value: bytes | str, seconds: int, *, most: int = 1000) -> None:
        """Append to a list of which the newest `most` are kept, for so many seconds after the last one."""
        with _door():
            self._push(keys=[PREFIX + key], args=[value, most, seconds])

    def items(self, key: str) -> list[bytes]:
        """Give what was pushed, oldest first."""
        with _door():
            return cast("list[bytes]", self._redis.lrange(PREFIX + key, 0, -1))

    def add(self, key: str, counts: Mapping[str, int], seconds: int) -> None:
        """Add to the counters under one key, all in one step; they go together, so many seconds after the last time."""
        with _door():
            self._add(keys=[PREFIX + key], args=[seconds, *(part for pair in counts.items() for part in pair)])

    def peek_all(self, key: str) -> dict[str, int]:
        """Give the counters under one key and leave them there."""
        with _door():
            found = cast("dict[bytes, bytes]", self._redis.hgetall(PREFIX + key))
        return {name.decode(): int(number) for name, number in found.items()}

    def take_all(self, key: str) -> dict[str, int]:
        """Give the counters under one key to exactly one caller: they are gone in the same step."""
        with _door():
            found = cast("list[bytes]", self._take_all(keys=[PREFIX + key]))
        return {name.decode(): int(number) for name, number in zip(found[::2], found[1::2], strict=True)}

    def forget(self, *keys: str) -> None:
        """Drop values before their time. One command per key: they may live in different slots."""
        with _door():
            for key in keys:
                self._redis.delete(PREFIX + key)

    def check(self) -> None:
        """Raise SharedDown unless the server answers and takes writes."""
        self.put("check", b"1", 10)

    def close(self) -> None:
        """Give the connections back."""
        self._redis.close()


@contextmanager
def _door() -> Iterator[None]:
    try:
        yield
    except (redis.RedisError, OSError) as error:
        raise SharedDown(_cause(error)) from error


def _cause(error: Any) -> str:
    """Name the failure without its text, which may hold an address or a password."""
    return type(error).__name__
