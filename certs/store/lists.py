"""Numbered lists: revocation lists by their authority, and the trust list."""

from datetime import datetime

import sqlalchemy as sa

from certs.model import FILES, Certificate, SignedList
from certs.store.certificates import _certificate, _issued, certificate_table
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


def every_list(db: sa.Connection, issuer: str) -> list[SignedList]:
    """Every list of a name that was signed, oldest first: its history."""
    table = list_table
    query = sa.select(table).where(table.c.issuer == issuer, table.c.body.is_not(None)).order_by(table.c.number)
    return [SignedList(row.number, row.state, bytes(row.body), row.since, row.until) for row in db.execute(query)]


def list_times(db: sa.Connection, issuer: str) -> list[tuple[int, datetime, datetime]]:
    """Number, begin and end of every list of a name that was signed, oldest first."""
    table = list_table.c
    query = sa.select(table.number, table.since, table.until).where(table.issuer == issuer, table.body.is_not(None))
    return [(row.number, row.since, row.until) for row in db.execute(query.order_by(table.number))]


def list_of(db: sa.Connection, issuer: str, number: int) -> SignedList | None:
    """The list of that number; None if none was signed under it."""
    table = list_table
    query = sa.select(table).where(table.c.issuer == issuer, table.c.number == number, table.c.body.is_not(None))
    row = db.execute(query).one_or_none()
    return None if row is None else SignedList(row.number, row.state, bytes(row.body), row.since, row.until)


def list_lives(db: sa.Connection) -> dict[str, tuple[datetime, datetime]]:
    """From when to when the newest list of each name holds."""
    table = list_table.c
    rows = sa.select(table.issuer, table.since, table.until).where(table.body.is_not(None)).order_by(table.number)
    return {row.issuer: (row.since, row.until) for row in db.execute(rows.where(~_replaced()))}


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


_c = certificate_table.c


def forget_parts(db: sa.Connection, before: datetime) -> int:
    """Delete parts of lists that ended before a moment, but the newest of each: its number must not be taken again."""
    table = list_table
    return db.execute(table.delete().where(table.c.issuer.like("%/%"), table.c.until < before, _replaced())).rowcount


def _replaced() -> sa.ColumnElement[bool]:
    """Whether a list has a successor that was signed."""
    newer = list_table.alias()
    later = sa.and_(newer.c.issuer == list_table.c.issuer, newer.c.number > list_table.c.number)
    return sa.exists().where(later, newer.c.body.is_not(None))


def authorities(db: sa.Connection) -> list[Certificate]:
    """Every authority in every generation, oldest first."""
    return [_certificate(row) for row in db.execute(_issued().where(_c.file != "").order_by(_c.prepared, _c.serial))]


def last_shard(db: sa.Connection, above: Certificate) -> int:
    """Into how many parts an authority's list has been split so far."""
    return db.scalar(sa.select(sa.func.max(_c.shard)).where(_c.above == above.serial, _c.der.is_not(None))) or 0


def revoked(db: sa.Connection, above: Certificate, shard: int = 0) -> list[Certificate]:
    """What an authority revoked, all or of one part, oldest first. Expired certificates stay: papers live longer."""
    query = _issued().where(_ended(above, shard)).order_by(_c.revoked, _c.serial)
    return [_certificate(row) for row in db.execute(query)]


def revoked_by(db: sa.Connection, above: Certificate, shard: int = 0) -> str:
    """What a list would tell, in short: revocations are never taken back, so their count says it."""
    return str(db.scalar(sa.select(sa.func.count()).where(_ended(above, shard))))


def _ended(above: Certificate, shard: int) -> sa.ColumnElement[bool]:
    part = [_c.shard == shard] if shard else []
    return sa.and_(_under(above), _c.revoked.is_not(None), *part)


def _under(above: Certificate) -> sa.ColumnElement[bool]:
    """Which certificates it signed. Those that name none were written by a release that knew one generation: the first."""
    if above.file != FILES[above.profile]:
        return _c.above == above.serial
    return sa.or_(_c.above == above.serial, sa.and_(_c.above == "", _c.issuer == above.profile))
