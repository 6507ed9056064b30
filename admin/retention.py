"""What persons wrote in their matters is not kept for ever. The periods stand in docs/retention.md, with their reasons."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from admin.store import retention as store

if TYPE_CHECKING:
    from hub.house import House

CASES = timedelta(
    days=5 * 365
)  # as long as what a signature or a seal on it must be provable (Electronic Signature Law 24)
TICKETS = timedelta(days=3 * 365)
OPINIONS = timedelta(days=3 * 365)
VISITS = timedelta(days=3 * 365)
CALLS = timedelta(days=3 * 365)  # records of processing (Personal Information Protection Law 56)
KEPT = (
    (store.forget_cases, CASES),
    (store.forget_tickets, TICKETS),
    (store.forget_opinions, OPINIONS),
    (store.forget_visits, VISITS),
    (store.forget_calls, CALLS),
)


def forget(house: "House", now: datetime) -> int:
    """Throw away what has been kept long enough, some of each kind in a step of its own; gives how many."""
    done = 0
    for verb, kept in KEPT:
        with house.database.write() as db:
            done += verb(db, house.vault, now - kept)
    return done
