"""The tables of what a person does before he goes: copies of his data, accounts about to close; and how he likes to read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.db import Instant, metadata, unless_there

copy_table = sa.Table(
    "idp_copy",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),  # one at a time
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("asked", Instant, nullable=False),
    sa.Column("ends", Instant, nullable=False, index=True),
    sa.Column("sealed", sa.LargeBinary),  # by the vault, for the person; empty while it is being made
)
closing_table = sa.Table(
    "idp_closing",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("asked", Instant, nullable=False),
    sa.Column("ends", Instant, nullable=False, index=True),
    sa.Column("reminded", Instant),
)
taste_table = sa.Table(
    "idp_taste",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("large_text", sa.Boolean, nullable=False),
)
_copy, _closing, _t = copy_table.c, closing_table.c, taste_table.c


@dataclass(frozen=True)
class Copy:
    """A copy of a person's data: asked for, then there, then gone."""

    person: str
    id: str
    asked: datetime
    ends: datetime
    ready: bool


@dataclass(frozen=True)
class Closing:
    """An account that will be closed unless its owner thinks better of it."""

    person: str
    asked: datetime
    ends: datetime
    reminded: datetime | None = None


def ask_copy(db: sa.Connection, person: str, id: str, asked: datetime, ends: datetime) -> None:
    """Begin a copy; an older one is thrown away."""
    db.execute(copy_table.delete().where(_copy.person == person))
    db.execute(copy_table.insert().values(person=person, id=id, asked=asked, ends=ends))


def keep_copy(db: sa.Connection, person: str, id: str, sealed: bytes, ends: datetime) -> bool:
    """Keep what was made, if it is still wanted; False if not."""
    change = copy_table.update().where(_copy.person == person, _copy.id == id)
    return db.execute(change.values(sealed=sealed, ends=ends)).rowcount == 1


def copy(db: sa.Connection, person: str, now: datetime) -> Copy | None:
    """The copy of a person, unless its time is over."""
    row = db.execute(sa.select(copy_table).where(_copy.person == person, _copy.ends > now)).one_or_none()
    return None if row is None else Copy(row.person, row.id, row.asked, row.ends, row.sealed is not None)


def sealed_copy(db: sa.Connection, person: str, now: datetime) -> bytes | None:
    """The sealed bytes of a copy that is ready."""
    query = sa.select(_copy.sealed).where(_copy.person == person, _copy.ends > now)
    return db.execute(query).scalar_one_or_none()


def forget_copies(db: sa.Connection, now: datetime) -> int:
    """Delete copies whose time is over; say how many."""
    return db.execute(copy_table.delete().where(_copy.ends <= now)).rowcount


def forget_copy(db: sa.Connection, person: str) -> None:
    """Delete the copy of a person."""
    db.execute(copy_table.delete().where(_copy.person == person))


def begin_closing(db: sa.Connection, closing: Closing) -> bool:
    """Note that an account is to be closed; False if that was noted before."""
    values = {"person": closing.person, "asked": closing.asked, "ends": closing.ends}
    # Not every database counts the rows of an insert.
    made = unless_there(db, closing_table).values(values).returning(_closing.person)
    return db.execute(made).scalar_one_or_none() is not None


def closing(db: sa.Connection, person: str) -> Closing | None:
    """Whether, and when, an account closes."""
    row = db.execute(sa.select(closing_table).where(_closing.person == person)).one_or_none()
    return None if row is None else _as_closing(row)


def end_closing(db: sa.Connection, person: str) -> bool:
    """Take the note away, because it is done or taken back. Of two who try, one succeeds."""
    return db.execute(closing_table.delete().where(_closing.person == person)).rowcount == 1


def closings_due(db: sa.Connection, now: datetime, limit: int = 100) -> list[Closing]:
    """Accounts whose waiting time is over, oldest first."""
    query = sa.select(closing_table).where(_closing.ends <= now).order_by(_closing.ends).limit(limit)
    return [_as_closing(row) for row in db.execute(query)]


def closings_to_remind(db: sa.Connection, before: datetime, limit: int = 100) -> list[Closing]:
    """Accounts that close before a moment and whose owners were not reminded yet."""
    query = sa.select(closing_table).where(_closing.ends <= before, _closing.reminded.is_(None))
    return [_as_closing(row) for row in db.execute(query.order_by(_closing.ends).limit(limit))]


def reminded(db: sa.Connection, person: str, at: datetime) -> bool:
    """Note the reminder; False if it was noted before."""
    change = closing_table.update().where(_closing.person == person, _closing.reminded.is_(None))
    return db.execute(change.values(reminded=at)).rowcount == 1


def large_text(db: sa.Connection, person: str) -> bool:
    """Whether a person wants everything in large letters."""
    return bool(db.execute(sa.select(_t.large_text).where(_t.person == person)).scalar_one_or_none())


def keep_large_text(db: sa.Connection, person: str, *, wanted: bool) -> None:
    """Remember how a person likes to read."""
    if db.execute(taste_table.update().where(_t.person == person).values(large_text=wanted)).rowcount == 0:
        db.execute(unless_there(db, taste_table).values(person=person, large_text=wanted))


def forget_taste(db: sa.Connection, person: str) -> None:
    """Forget how a person likes to read."""
    db.execute(taste_table.delete().where(_t.person == person))


def _as_closing(row: Any) -> Closing:
    return Closing(row.person, row.asked, row.ends, row.reminded)
