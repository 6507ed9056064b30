"""What is wrong with the trust service at this time, so that each occasion is told once."""

from datetime import datetime

import sqlalchemy as sa

from certs.store.certificates import certificate_table
from hub.db import Instant, metadata, unless_there

alarm_table = sa.Table(
    "certs_alarm",
    metadata,
    sa.Column("what", sa.Text, primary_key=True),  # a kind, and about which list, key or number
    sa.Column("since", Instant, nullable=False),
)
_a = alarm_table.c


def alarms(db: sa.Connection) -> dict[str, datetime]:
    """What is wrong, and since when."""
    return {row.what: row.since for row in db.execute(sa.select(alarm_table))}


def begin_alarm(db: sa.Connection, what: str, since: datetime) -> bool:
    """Write down that something is wrong; False: it was known."""
    added = unless_there(db, alarm_table).values(what=what, since=since).returning(_a.what)
    return db.execute(added).first() is not None


def end_alarm(db: sa.Connection, what: str) -> None:
    """It is right again; the next time is another occasion."""
    db.execute(alarm_table.delete().where(_a.what == what))


def unsigned_since(db: sa.Connection, before: datetime) -> list[str]:
    """Numbers that wait for their signature since before a moment."""
    table = certificate_table.c
    query = sa.select(table.serial).where(table.der.is_(None), table.waiting.is_not(None), table.prepared < before)
    return list(db.scalars(query.order_by(table.prepared, table.serial)))
