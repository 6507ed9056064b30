"""What is wrong with the trust service at this time, so that each occasion is told once."""

from datetime import datetime

import sqlalchemy as sa

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
    return db.execute(unless_there(db, alarm_table).values(what=what, since=since)).rowcount == 1


def end_alarm(db: sa.Connection, what: str) -> None:
    """It is right again; the next time is another occasion."""
    db.execute(alarm_table.delete().where(_a.what == what))
