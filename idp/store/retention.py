"""Deleting what is old enough to be forgotten."""

from datetime import datetime

import sqlalchemy as sa

from idp.store import consents, data, invitations, offers, receipts, recoveries, releases

_i, _c, _r = invitations.invitation_table.c, data.consent_table.c, releases.release_table.c
BATCH = 1000
_receipt, _consent = receipts.receipt_table.c, consents.consent_table.c


def forget_invitations(db: sa.Connection, before: datetime) -> int:
    """Delete invitations that ended before a moment, taken or not."""
    return db.execute(invitations.invitation_table.delete().where(_i.ends < before)).rowcount


def forget_permissions(db: sa.Connection, before: datetime) -> int:
    """Delete what a person allowed, and took back before a moment."""
    return db.execute(data.consent_table.delete().where(_c.ended < before)).rowcount


def forget_releases(db: sa.Connection, before: datetime) -> int:
    """Delete the index of who was told what about whom; the ledger keeps its events, which name no person."""
    done = 0
    while True:  # oldest first, in their own order: an index of the moments would cost each sign-in a page
        first = db.scalar(sa.select(sa.func.min(_r.event))) or 0
        some = sa.and_(_r.event.between(first, first + BATCH), _r.at < before)
        gone = db.execute(releases.release_table.delete().where(some)).rowcount
        if not gone:
            return done
        done += gone


def forget_receipts(db: sa.Connection, before: datetime) -> int:
    """Delete receipts of consents older than a moment, but for those of consents that stand."""
    standing = sa.select(_consent.person).where(_consent.person == _receipt.person, _consent.client == _receipt.client)
    old = sa.and_(_receipt.at < before, sa.not_(standing.exists()))
    return db.execute(receipts.receipt_table.delete().where(old)).rowcount


def forget_offers(db: sa.Connection, before: datetime) -> int:
    """Delete offers of mandates, answered or not, that were made before a moment."""
    return offers.forget_before(db, before)


def forget_waits(db: sa.Connection, before: datetime) -> int:
    """Delete waiting times of recoveries that began before a moment: stopped, or never used."""
    return db.execute(recoveries.wait_table.delete().where(recoveries.wait_table.c.begun < before)).rowcount
