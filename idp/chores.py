"""This room's periodic work, and the sender of its deliveries. The front door calls `register`."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hub import outbox, ticks
from idp import announce, companies_watch, expiry, logout, recheck, retention
from idp.store import grants

if TYPE_CHECKING:
    from hub.house import House

KEPT = timedelta(days=2)  # an ended grant still tells who took part in a login, and no login runs longer than a day


def register() -> None:
    """Name everything to the modules that run it. Once per process."""
    outbox.sends(logout.KIND, logout.send)
    outbox.sends(announce.KIND, announce.send)
    ticks.every(3600, "grants", forget_ended)
    ticks.every(3600, "old traces", retention.forget)
    ticks.every(5, "expired logins", _expire)
    ticks.every(60, "companies", companies_watch.look_again)
    ticks.every(600, "mandates that end", companies_watch.warn)


def forget_ended(house: "House", now: datetime) -> None:
    """Delete grants, and their refresh tokens, that can matter to nobody any more."""
    with house.database.write() as db:
        grants.forget_ended(db, now - KEPT)


def _expire(house: "House", now: datetime) -> None:
    expiry.expire(house, now)
