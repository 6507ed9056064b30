"""The tables of codes that stand in for a second factor, and of those that a counter hands out to begin a reset."""

from collections.abc import Iterable
from dataclasses import dataclass
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
reset_table = sa.Table(
    "idp_reset",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),  # of the code, which the counter hands over and nobody keeps
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("made", Instant, nullable=False),
    sa.Column("ends", Instant, nullable=False),
    sa.Column("used", Instant),
)
_c, _r = code_table.c, reset_table.c


@dataclass(frozen=True)
class Reset:
    """A reset that a counter began: for whom, by whom, until when."""

    digest: str
    person: str
    by: str
    made: datetime
    ends: datetime
    used: datetime | None = None


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


def keep_reset(db: sa.Connection, reset: Reset) -> None:
    """Keep a reset that a counter begins; those begun before for the same person are void."""
    db.execute(reset_table.delete().where(_r.person == reset.person, _r.used.is_(None)))
    db.execute(
        reset_table.insert().values(
            digest=reset.digest, person=reset.person, by=reset.by, made=reset.made, ends=reset.ends
        )
    )


def reset_of(db: sa.Connection, digest: str) -> Reset | None:
    """A reset by the digest of its code."""
    row = db.execute(sa.select(reset_table).where(_r.digest == digest)).mappings().one_or_none()
    return None if row is None else Reset(**row)


def use_reset(db: sa.Connection, digest: str, at: datetime) -> bool:
    """Use a reset up; tells whether it was still open."""
    fresh = sa.and_(_r.digest == digest, _r.used.is_(None), _r.ends > at)
    return db.execute(reset_table.update().where(fresh).values(used=at)).rowcount == 1
