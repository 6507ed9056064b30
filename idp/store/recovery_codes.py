"""The table of codes that stand for a second factor."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from hub.db import Instant, metadata

code_table = sa.Table(
    "idp_recovery_code",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("made", Instant, nullable=False),
    sa.Column("used", Instant),
)
_c = code_table.c


def replace(db: sa.Connection, person: str, digests: Iterable[str], at: datetime) -> None:
    """A new set in place of the one before, which is void from now on."""
    db.execute(code_table.delete().where(_c.person == person))
    rows = [{"digest": one, "person": person, "made": at, "used": None} for one in digests]
    if rows:
        db.execute(code_table.insert(), rows)


def use(db: sa.Connection, person: str, digest: str, at: datetime) -> bool:
    """Use a code up; tells whether it was there and fresh: of two at once, one gets it."""
    fresh = sa.and_(_c.digest == digest, _c.person == person, _c.used.is_(None))
    return db.execute(code_table.update().where(fresh).values(used=at)).rowcount == 1


def left(db: sa.Connection, person: str) -> int:
    """How many codes of a person are fresh."""
    query = sa.select(sa.func.count()).where(_c.person == person, _c.used.is_(None))
    return db.execute(query).scalar_one()
