"""Traces of persons are not kept for ever. The periods stand in docs/retention.md, with their reasons."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from idp.model.logout import RECEIPT_DAYS
from idp.store import logouts
from idp.store import retention as store

if TYPE_CHECKING:
    from hub.house import House

INVITATIONS = timedelta(days=30)  # after their end: who was invited by whom stands in the ledger
PERMISSIONS = timedelta(days=3 * 365)  # records of processing (Personal Information Protection Law 56)
RELEASES = timedelta(days=3 * 365)
RECEIPTS = timedelta(days=3 * 365)
OFFERS = timedelta(days=365)  # what came of them stands in the mandates
LOGOUTS = timedelta(days=RECEIPT_DAYS)
WAITS = timedelta(days=365)  # of recoveries; after 30 days a stopped one hinders nothing any more


def forget(house: "House", now: datetime) -> int:
    """Delete what has been kept long enough, each kind in a step of its own; gives how many."""
    done = 0
    for verb, kept in (
        (store.forget_invitations, INVITATIONS),
        (store.forget_permissions, PERMISSIONS),
        (store.forget_releases, RELEASES),
        (store.forget_receipts, RECEIPTS),
        (store.forget_offers, OFFERS),
        (store.forget_waits, WAITS),
        (logouts.forget, LOGOUTS),
    ):
        with house.database.write() as db:
            done += verb(db, now - kept)
    return done
