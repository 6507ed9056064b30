"""Keys that signed wrongly: who must know is told, and an operator lets them sign again."""

from datetime import datetime
from threading import Thread
from typing import TYPE_CHECKING

import structlog

from hub import clock, ledger
from hub.db import alone
from hub.problems import NotFound

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.house import House

log = structlog.get_logger("keys")
QUARANTINED, RELEASED = "key.quarantined", "key.released"


class NotInQuarantine(NotFound):
    """There is nothing to release."""

    title = "This key is not in quarantine"
    advice = "Run `yinxin keys quarantined` on the machine whose log names the key."


def watch(house: "House") -> None:
    """Tell of a key in the moment in which it signs wrongly, without holding up whoever wanted the signature."""

    def tell_now() -> None:
        try:
            tell(house, clock.now())
        except Exception:
            log.exception("key.not-told")  # the periodic work tells it

    house.keys.quarantine.alarm = lambda name: Thread(target=tell_now, name=f"alarm-{name}", daemon=True).start()


def tell(house: "House", now: datetime) -> None:
    """Write an event for each key in quarantine of which there is none yet."""
    for name, custody in house.keys.quarantine.names().items():
        with house.database.read() as db:
            if _is_told(db, name):
                continue
        with house.database.write() as db:
            alone(db, f"key:{name}")
            if not _is_told(db, name):
                ledger.wrote(db, QUARANTINED, name, by="keys", at=now, facts={"custody": custody})


def release(house: "House", name: str, *, by: str, because: str, now: datetime) -> None:
    """Let a key sign again, if it now signs rightly. Raises NotInQuarantine, WrongSignature and what opening it raises."""
    if name not in house.keys.quarantine.names():
        raise NotInQuarantine("The key %(name)s", name=name)
    tell(house, now)
    house.keys.release(name)
    with house.database.write() as db:
        ledger.wrote(db, RELEASED, name, by=by, at=now, facts={"because": because})


def _is_told(db: "Connection", name: str) -> bool:
    counts = [len(ledger.events(db, subject=name, kind=kind, limit=1000)) for kind in (QUARANTINED, RELEASED)]
    return counts[0] > counts[1]
