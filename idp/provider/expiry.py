"""Logins that are over by themselves: nobody came, or the day is over. They end as if somebody had signed out."""

from datetime import datetime

from hub import callers
from hub.house import House
from idp.provider import logout


def expire(house: House, now: datetime) -> int:
    """End what has expired: every service that took part is told, and what was granted falls (ASVS 7.4.2).

    Gives how many logins ended. Each in a step of its own: a login that expired never runs again, so nothing can come between.
    """
    with house.database.read() as db:
        over = callers.expired(db, now)
    for sid in over:
        with house.database.write() as db:
            logout.end(db, now, sid=sid, why="expired")
    return len(over)
