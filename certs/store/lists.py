"""Numbered lists: revocation lists by their authority, and the trust list."""

from datetime import datetime

import sqlalchemy as sa

from certs.model import SignedList
from hub.db import Instant, metadata

list_table = sa.Table(  # CRLs by authority, and the trust list under the name `trust-list`
    "certs_list",
    metadata,
    sa.Column("issuer", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("state", sa.Text),  # what it tells, as a digest: another state needs another list
    sa.Column("body", sa.LargeBinary),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False),
)


def current_list(db: sa.Connection, issuer: str) -> SignedList | None:
    """The list with the highest number that was signed."""
    table = list_table
    query = sa.select(table).where(table.c.issuer == issuer, table.c.body.is_not(None))
    row = db.execute(query.order_by(table.c.number.desc()).limit(1)).one_or_none()
    return None if row is None else SignedList(row.number, row.state, bytes(row.body), row.since, row.until)


def reserve_list(db: sa.Connection, issuer: str, since: datetime, until: datetime) -> int:
    """Take the next number. Read what the list will tell after this, in the same transaction: then a higher number never
    tells less. Two at once: the second one waits for the first and takes the number after it.
    """
    table = list_table
    while True:
        number = (db.scalar(sa.select(sa.func.max(table.c.number)).where(table.c.issuer == issuer)) or 0) + 1
        try:
            with db.begin_nested():
                db.execute(table.insert().values(issuer=issuer, number=number, since=since, until=until))
        except sa.exc.IntegrityError:
            continue  # someone else has just taken it
        return number


def keep_list(db: sa.Connection, issuer: str, number: int, state: str, body: bytes) -> None:
    """Keep the signed list of a reserved number, and in short what it tells."""
    table = list_table
    row = sa.and_(table.c.issuer == issuer, table.c.number == number)
    db.execute(table.update().where(row).values(state=state, body=body))
