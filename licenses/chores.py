"""Periodic work of this room. The front door calls `register` once per process."""

from datetime import datetime, timedelta

from hub import ticks
from hub.held import tells
from hub.house import House
from licenses import compromised, held, store
from licenses.issue import resume

KEYS_KEPT = timedelta(days=30)  # an idempotency key means the same application for so long
WRITTEN = timedelta(hours=1)  # a file is written in milliseconds


def register() -> None:
    """Finish what crashed workers left, suspend what a lost key sealed, tidy files, let old idempotency keys go."""
    tells(held.TITLE, held.licenses)
    ticks.every(5, "licenses-resume", resume)
    ticks.every(5, "licenses-fallen", compromised.suspend_fallen)
    ticks.every(3600, "licenses-files", tidy)
    ticks.every(3600, "licenses-keys", forget_keys)


def tidy(house: House, now: datetime) -> int:
    """Throw away files of which only a part was written."""
    return house.blobs.tidy(now - WRITTEN)


def forget_keys(house: House, now: datetime) -> int:
    """Let the idempotency keys of old applications be used again."""
    with house.database.write() as db:
        return store.forget_keys(db, now - KEYS_KEPT)
