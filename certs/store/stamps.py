"""The log of the time-stamp authority: each token has its line before it is signed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.db import Id, Instant, Ready, metadata

CHANCE_BITS = 64  # of a token's serial number, beside its place in the log: nobody guesses the next one

stamp_table = sa.Table(
    "certs_stamp",
    metadata,
    sa.Column("number", Id, primary_key=True, autoincrement=True),  # the order of the log
    sa.Column("at", Instant, nullable=False, index=True),
    sa.Column("unit", sa.Text, nullable=False),  # serial number of the unit's certificate
    sa.Column("imprint", sa.LargeBinary, nullable=False),  # MessageImprint: which hash of what
    sa.Column("chance", sa.Text, nullable=False),
)
_s = stamp_table.c
_ADD = Ready(stamp_table.insert().returning(_s.number))
_LAST = sa.select(_s.at).order_by(_s.number.desc()).limit(1)


@dataclass(frozen=True)
class Stamp:
    """One line of the log. `serial` is the number in the token: the place in the log, then 64 bits of chance."""

    number: int
    at: datetime
    unit: str
    imprint: bytes
    serial: int


def log_stamp(db: sa.Connection, at: datetime, unit: str, imprint: bytes, chance: int) -> int:
    """Write a line; give the serial number of its token."""
    number = _ADD(db, at=at, unit=unit, imprint=imprint, chance=f"{chance:016x}")[0][0]
    return serial_number(number, chance)


def last_stamp(db: sa.Connection) -> datetime | None:
    """When the last line was written."""
    return db.scalar(_LAST)


def stamps(db: sa.Connection, *, since: datetime | None = None, after: int = 0, limit: int = 100) -> list[Stamp]:
    """Lines of the log in their order."""
    query = sa.select(stamp_table).where(_s.number > after)
    if since:
        query = query.where(_s.at >= since)
    return [_stamp(row) for row in db.execute(query.order_by(_s.number).limit(limit))]


def stamp(db: sa.Connection, serial: int) -> Stamp | None:
    """The line of the token with this serial number; None: we never gave it out."""
    if not 0 < serial < 1 << 63 + CHANCE_BITS:
        return None
    row = db.execute(sa.select(stamp_table).where(_s.number == serial >> CHANCE_BITS)).one_or_none()
    found = None if row is None else _stamp(row)
    return found if found and found.serial == serial else None


def count_stamps(db: sa.Connection, unit: str) -> tuple[int, datetime | None]:
    """How many tokens a unit signed, and when the last one."""
    row = db.execute(sa.select(sa.func.count(), sa.func.max(_s.at)).where(_s.unit == unit)).one()
    return row[0], row[1]


def serial_number(number: int, chance: int) -> int:
    """The number in the token: it rises with the log, and is at most 128 bits long (RFC 3161 2.4.2 allows 160)."""
    return number << CHANCE_BITS | chance


def _stamp(row: Any) -> Stamp:
    return Stamp(row.number, row.at, row.unit, bytes(row.imprint), serial_number(row.number, int(row.chance, 16)))
